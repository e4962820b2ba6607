"""Opening a database: its tables are brought up to date, by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.api_tokens import ApiTokens
from proxmox_mpc.store.applications import Applications
from proxmox_mpc.store.attempts import Attempts
from proxmox_mpc.store.audit import Audit
from proxmox_mpc.store.baselines import Baselines
from proxmox_mpc.store.chart_repositories import ChartRepositories
from proxmox_mpc.store.claims import Claims
from proxmox_mpc.store.contexts import Contexts
from proxmox_mpc.store.errors import StoreTooNew, StoreUnavailable
from proxmox_mpc.store.events import Events
from proxmox_mpc.store.grants import Grants
from proxmox_mpc.store.groups import Groups
from proxmox_mpc.store.idempotency import Idempotency
from proxmox_mpc.store.jobs import Jobs
from proxmox_mpc.store.kept_secrets import KeptSecrets
from proxmox_mpc.store.leases import Leases
from proxmox_mpc.store.logins import Logins
from proxmox_mpc.store.messages import Messages
from proxmox_mpc.store.migrations import HEAD
from proxmox_mpc.store.plans import Plans
from proxmox_mpc.store.quiet import QuietPlans
from proxmox_mpc.store.releases import Releases
from proxmox_mpc.store.reservations import Reservations
from proxmox_mpc.store.resources import Resources
from proxmox_mpc.store.retention import Retention
from proxmox_mpc.store.roles import Roles
from proxmox_mpc.store.runs import Runs
from proxmox_mpc.store.schedules import Schedules
from proxmox_mpc.store.secrets import SecretKey
from proxmox_mpc.store.snapshots import Snapshots
from proxmox_mpc.store.store import Store
from proxmox_mpc.store.users import Users

# Any number that no other program uses for its own locks in the same PostgreSQL database.
_MIGRATION_LOCK = 0x50564D50


def assemble(database: Database, key: SecretKey) -> Store:
    """A store with all its parts."""
    return Store(
        contexts=Contexts(database, key),
        applications=Applications(database, key),
        resources=Resources(database),
        plans=Plans(database),
        runs=Runs(database),
        events=Events(database),
        snapshots=Snapshots(database),
        reservations=Reservations(database),
        baselines=Baselines(database),
        kept_secrets=KeptSecrets(database, key),
        quiet=QuietPlans(database),
        releases=Releases(database, key),
        chart_repositories=ChartRepositories(database, key),
        jobs=Jobs(database, key),
        idempotency=Idempotency(database, key),
        claims=Claims(database, key),
        schedules=Schedules(database, key),
        messages=Messages(database),
        leases=Leases(database),
        users=Users(database),
        groups=Groups(database),
        roles=Roles(database),
        grants=Grants(database),
        logins=Logins(database),
        api_tokens=ApiTokens(database),
        attempts=Attempts(database),
        audit=Audit(database, key),
        retention=Retention(database),
    )


@asynccontextmanager
async def opened(url: str, now: Callable[[], datetime]) -> AsyncIterator[Database]:
    """A database whose tables are up to date."""
    try:
        database = Database(url, now)
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(f"the store cannot be opened: {error}") from None
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"the database's driver is not installed ({error.name})",
            hint="PostgreSQL needs an extra: pip install 'proxmox-mpc[postgres]'",
        ) from None
    try:
        await _bring_up_to_date(database)
        yield database
    finally:
        await database.close()


async def _bring_up_to_date(database: Database) -> None:
    try:
        if await _version(database) == HEAD:
            return
        async with database.write() as connection:
            if not database.is_sqlite:  # SQLite's write lock is held already
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            await connection.run_sync(_upgrade)
    except (DBAPIError, OSError) as error:
        shown = database.url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise StoreUnavailable(
            f"the store {shown} cannot be opened: {reason}",
            hint="Check DATABASE_URL, and that the file and its folder can be written.",
        ) from None


async def _version(database: Database) -> str | None:
    """Which migration the tables are at; None for an empty database."""
    async with database.read() as connection:
        return await _read_version(connection)


async def _read_version(connection: AsyncConnection) -> str | None:
    try:
        return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    except (OperationalError, ProgrammingError) as error:
        if "alembic_version" in str(error.orig):
            return None
        raise


def _upgrade(connection: Connection) -> None:
    """Run the missing migrations within the connection's transaction; none where another process was faster."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "proxmox_mpc.store:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreTooNew(f"the store was made by a newer version of Proxmox-MPC ({error})") from None
