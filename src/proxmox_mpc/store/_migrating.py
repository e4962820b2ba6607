"""Migrations: tables are brought up to date by one process at a time."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.errors import StoreTooNew, StoreUnavailable
from proxmox_mpc.store.migrations import HEAD

# Any number that no other program uses for its own locks in the same PostgreSQL database.
_MIGRATION_LOCK = 0x50564D50


async def bring_up_to_date(database: Database) -> None:
    """Run the missing migrations. Raises StoreUnavailable, StoreTooNew."""
    try:
        if await version(database) == HEAD:
            return
        async with database.write() as connection:
            if not database.is_sqlite:  # SQLite's write lock is held already
                await connection.execute(text("SET LOCAL statement_timeout = 0"))  # of a big table they take long
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            await connection.run_sync(upgrade)
    except (DBAPIError, OSError) as error:
        shown = database.url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise StoreUnavailable(
            f"the store {shown} cannot be opened: {reason}",
            hint="Check DATABASE_URL, and that the file and its folder can be written.",
        ) from None


async def version(database: Database) -> str | None:
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


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the missing migrations within the connection's transaction; none where another process was faster.

    Raises StoreTooNew where this version does not know one.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "proxmox_mpc.store:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise StoreTooNew(f"the store was made by a newer version of Proxmox-MPC ({error})") from None
