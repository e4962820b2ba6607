"""Opening a database, and what is made of it: a store with all its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from proxmox_mpc.settings import DatabaseSettings
from proxmox_mpc.store._database import Database
from proxmox_mpc.store._migrating import bring_up_to_date
from proxmox_mpc.store.api_tokens import ApiTokens
from proxmox_mpc.store.applications import Applications
from proxmox_mpc.store.attempts import Attempts
from proxmox_mpc.store.audit import Audit
from proxmox_mpc.store.baselines import Baselines
from proxmox_mpc.store.chart_repositories import ChartRepositories
from proxmox_mpc.store.claims import Claims
from proxmox_mpc.store.contexts import Contexts
from proxmox_mpc.store.errors import StoreUnavailable
from proxmox_mpc.store.events import Events
from proxmox_mpc.store.grants import Grants
from proxmox_mpc.store.groups import Groups
from proxmox_mpc.store.idempotency import Idempotency
from proxmox_mpc.store.jobs import Jobs
from proxmox_mpc.store.kept_secrets import KeptSecrets
from proxmox_mpc.store.leases import Leases
from proxmox_mpc.store.login_providers import LoginProviders
from proxmox_mpc.store.logins import Logins
from proxmox_mpc.store.messages import Messages
from proxmox_mpc.store.pending_logins import PendingLogins
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
from proxmox_mpc.store.webhooks import Webhooks


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
        webhooks=Webhooks(database, key),
        groups=Groups(database),
        roles=Roles(database),
        grants=Grants(database),
        logins=Logins(database),
        login_providers=LoginProviders(database, key),
        pending_logins=PendingLogins(database, key),
        api_tokens=ApiTokens(database),
        attempts=Attempts(database),
        audit=Audit(database, key),
        retention=Retention(database),
    )


@asynccontextmanager
async def opened(
    url: str, now: Callable[[], datetime], settings: DatabaseSettings | None = None, *, migrates: bool = True
) -> AsyncIterator[Database]:
    """A database whose tables are up to date, or are left as they are."""
    try:
        database = Database(url, now, settings)
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(f"the store cannot be opened: {error}") from None
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"the database's driver is not installed ({error.name})",
            hint="PostgreSQL needs an extra: pip install 'proxmox-mpc[postgres]'",
        ) from None
    try:
        if migrates:
            await bring_up_to_date(database)
        yield database
    finally:
        await database.close()
