"""Whether a name and password prove somebody: with limits, in equal time, by this server or a provider."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from proxmox_mpc import telemetry
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.people import limits
from proxmox_mpc.people.errors import LoginFailed, TooManyAttempts
from proxmox_mpc.people.passwords import verified
from proxmox_mpc.store import NameTaken, Store, User
from proxmox_mpc.store.people_records import LOCAL

if TYPE_CHECKING:
    from proxmox_mpc.people.providers import Proved

_log = telemetry.Logger("people")


class ProviderUnknown(NotFoundError):
    """There is no such way to log in."""

    code = "auth.provider-unknown"


async def prove(session: Session, name: str, password: str, provider: str = LOCAL) -> User:
    """The user whom a name and password prove. Raises LoginFailed, TooManyAttempts, ProviderUnknown."""
    if provider != LOCAL and provider not in session.providers:
        known = ", ".join([LOCAL, *sorted(session.providers)])
        raise ProviderUnknown(f"there is no way to log in called {provider!r}", hint=f"known: {known}")
    store, address = await session.store(), session.who.address
    user = await store.users.find(name) if provider == LOCAL else None
    known_address = address if user is not None and await store.logins.came_from(user.id, address) else ""
    by_name = limits.of_name(name if provider == LOCAL else f"{name} at {provider}", known_address)
    counted = {by_name: limits.BY_NAME, limits.of_address(address): limits.BY_ADDRESS}
    wait_s, attempt = await store.attempts.begin(counted)
    if wait_s:
        _log.warning("too many failed logins", name=name, address=address, wait_s=round(wait_s))
        raise TooManyAttempts(
            "too many logins failed", seconds=wait_s, hint="wait, or ask an admin: proxmox-cli user unlock NAME"
        )
    proved = await (_local(store, user, password) if provider == LOCAL else _by(session, name, password, provider))
    if proved is None or proved.disabled:
        raise LoginFailed()
    await store.attempts.succeeded(attempt, by_name)
    return proved


async def _local(store: Store, user: User | None, password: str) -> User | None:
    kept = user.password_hash if user is not None and user.provider == LOCAL else None
    fits, better = await verified(password, kept)
    if not fits or user is None or kept is None:
        return None
    if better is not None:
        await store.users.rehash(user.id, kept, better)
    return user


async def _by(session: Session, name: str, password: str, provider: str) -> User | None:
    proved = await session.providers[provider].prove(name, password) if password else None
    return None if proved is None else await user_of(await session.store(), provider, proved, session)


async def user_of(store: Store, provider: str, proved: Proved, session: Session) -> User:
    """The user of somebody whom a provider proved: made at the first login, renewed at each.

    Users are known by the provider's id for them: a name that is taken by another user is no way into that account.
    """
    user = await store.users.find_external(provider, proved.external_id)
    if user is None:
        user = User(
            secrets.token_hex(6),
            proved.name,
            session.now(),
            provider=provider,
            external_id=proved.external_id,
            display_name=proved.display_name,
            email=proved.email,
        )
        try:
            await store.users.create(user)
        except NameTaken:
            _log.warning("the name of somebody new is taken", name=proved.name, provider=provider)
            raise LoginFailed("the name is taken by another user here") from None
    elif (user.display_name, user.email) != (proved.display_name, proved.email):
        user = await store.users.set(user.id, {"display_name": proved.display_name, "email": proved.email})
    await store.groups.renew(user.id, provider, proved.groups)
    return user
