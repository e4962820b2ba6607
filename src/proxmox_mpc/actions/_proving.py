"""Whether a name and password prove somebody: with limits, in equal time, by this server or a provider."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

from proxmox_mpc import telemetry
from proxmox_mpc.actions._providers import answering, find_provider, user_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.people import limits
from proxmox_mpc.people.errors import LoginFailed, TooManyAttempts
from proxmox_mpc.people.passwords import verified
from proxmox_mpc.store.people_records import LOCAL

if TYPE_CHECKING:
    from proxmox_mpc.store import LoginProvider, Store, User
    from proxmox_mpc.store.limit import Limit

_log = telemetry.Logger("people")


async def prove(session: Session, name: str, password: str, provider: str = LOCAL) -> User:
    """The user whom a name and password prove. Raises LoginFailed, TooManyAttempts, ProviderUnknown."""
    store, address = await session.store(), session.who.address
    typed, name = name, name.casefold()
    asked = None if provider == LOCAL else await find_provider(store, provider, browser=False)
    user = await store.users.find(name)
    is_theirs = user is not None and user.provider == provider
    known_address = address if user and is_theirs and await store.logins.came_from(user.id, address) else ""
    by_name = limits.of_name(name if provider == LOCAL else f"{name} at {provider}", known_address)
    counted = {by_name: limits.BY_NAME, limits.of_address(address): limits.BY_ADDRESS}
    attempt = await begin_attempt(session, counted, name)
    proved = await (_local(store, user, password) if asked is None else _by(session, typed, password, asked))
    if proved is None or proved.disabled:
        raise LoginFailed()
    await store.attempts.succeeded(attempt, by_name)
    return proved


async def begin_attempt(session: Session, counted: Mapping[str, Limit], name: str = "") -> tuple[int, ...]:
    """Count an attempt to log in, until it succeeded; its numbers. Raises TooManyAttempts."""
    wait_s, attempt = await (await session.store()).attempts.begin(counted)
    if wait_s:
        _log.warning("too many failed logins", name=name, address=session.who.address, wait_s=round(wait_s))
        raise TooManyAttempts(
            f"too many logins failed; the next may come in {_in_words(wait_s)}",
            seconds=wait_s,
            hint="wait, or ask an admin: proxmox-cli user unlock NAME",
        )
    return attempt


def _in_words(seconds: float) -> str:
    return f"{ceil(seconds / 60)} minutes" if seconds > 90 else f"{max(1, ceil(seconds))} seconds"


async def _local(store: Store, user: User | None, password: str) -> User | None:
    kept = user.password_hash if user is not None and user.provider == LOCAL else None
    fits, better = await verified(password, kept)
    if not fits or user is None or kept is None:
        return None
    if better is not None:
        await store.users.rehash(user.id, kept, better)
    return user


async def _by(session: Session, name: str, password: str, provider: LoginProvider) -> User | None:
    if not password:  # a directory takes a bind without one for anonymous, and says yes
        return None
    with answering(provider):
        proved = await (await session.open_provider(provider)).prove(name, password)
    return None if proved is None else await user_of(session, provider, proved)
