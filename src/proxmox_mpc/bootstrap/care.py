"""The care of this machine's own store, for whoever runs it: on the database itself, without a session or an actor."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from proxmox_mpc.errors import UsageError
from proxmox_mpc.settings import Settings

if TYPE_CHECKING:
    from proxmox_mpc.store._database import Database
    from proxmox_mpc.store.condition import Condition

STANDARD = "-"
"""Standard output, or input, in a file's place."""


@dataclass(frozen=True)
class Look:
    """A store's condition, and which of the keys that its secrets need are missing here."""

    condition: Condition
    missing_keys: tuple[str, ...]


async def back_up(file: str) -> dict[str, int]:
    """Write a backup of the store; the number of rows by table. A file appears when it is whole, and not before."""
    from proxmox_mpc.store import backing_up

    async with _opened() as database:
        with _new(file) as out:
            return await backing_up.back_up(database, out)


async def restore(file: str, *, replace: bool) -> dict[str, int]:
    """Put a backup into the store; the number of rows by table."""
    from proxmox_mpc.store import SecretKey, restoring

    key = SecretKey.of(Settings.load())
    with nullcontext(sys.stdin.buffer) if file == STANDARD else _read(file) as given:
        async with _opened() as database:
            return await restoring.restore(database, given, key_ids=key.ids, replace=replace)


async def look() -> Look:
    """The store's condition; nothing is changed, also where it is of an older version."""
    from proxmox_mpc.store import SecretKey
    from proxmox_mpc.store.condition import condition

    settings = Settings.load()
    async with _opened(migrates=False) as database:
        found = await condition(database)
    held = SecretKey.of(settings).ids if found.keys else ()
    return Look(found, tuple(sorted(set(found.keys) - set(held))))


async def migrate() -> tuple[str, str]:
    """Bring the tables up to date; which version they were at, and are."""
    from proxmox_mpc.store._migrating import bring_up_to_date, version

    async with _opened(migrates=False) as database:
        before = await version(database) or ""
        await bring_up_to_date(database)
        return before, await version(database) or ""


async def compact() -> tuple[int, int]:
    """Give unused space back; bytes before and after."""
    from proxmox_mpc.store.condition import compact, condition

    async with _opened() as database:
        before = (await condition(database)).size_bytes
        await compact(database)
        return before, (await condition(database)).size_bytes


@asynccontextmanager
async def _opened(*, migrates: bool = True) -> AsyncIterator[Database]:
    """The store's database. Raises StoreUnavailable, also where it fails on the way."""
    from sqlalchemy.exc import DBAPIError

    from proxmox_mpc.store._opening import opened
    from proxmox_mpc.store.errors import StoreUnavailable
    from proxmox_mpc.store.store import utc_now

    settings = Settings.load()
    patient = replace(settings.database, statement_timeout_s=0)  # what reads or writes everything takes its time
    async with opened(settings.database_url, utc_now, patient, migrates=migrates) as database:
        try:
            yield database
        except DBAPIError as error:
            reason = str(error.orig or error).strip().splitlines()[0]
            raise StoreUnavailable(f"the store failed: {reason}") from None


def _read(name: str) -> IO[bytes]:
    return Path(name).open("rb")


@contextmanager
def _new(name: str) -> Iterator[IO[bytes]]:
    """A new file that only its owner reads: it holds the hashes of passwords, and all that is not sealed."""
    if name == STANDARD:
        if sys.stdout.isatty():
            raise UsageError(
                "a backup is no text for a terminal", hint="name a file, or send it on: … store backup - > FILE"
            )
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    file = Path(name)
    if file.exists():
        raise UsageError(f"{file} is there already", hint="backups are not overwritten: choose another name")
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, file)  # unlike a rename it overwrites nothing
    except FileExistsError:
        raise UsageError(f"{file} is there already", hint="backups are not overwritten: choose another name") from None
    finally:
        draft.unlink(missing_ok=True)
