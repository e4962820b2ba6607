"""Login providers: finding them, who may manage them, and what comes of the people whom they prove."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from proxmox_mpc import telemetry
from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._people import must_hold_roles
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import MpcError, NotFoundError
from proxmox_mpc.people.errors import LoginFailed
from proxmox_mpc.people.provider_settings import BY_BROWSER, ProviderSettings, read_settings
from proxmox_mpc.people.providers import ProviderUnreachable
from proxmox_mpc.store.people_records import LOCAL, CreateUsers

if TYPE_CHECKING:
    from proxmox_mpc.people.providers import Proved
    from proxmox_mpc.store import LoginProvider, Store, User

_log = telemetry.Logger("people")
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_LONGEST_ID = 1000
EVERYBODY = "*"
"""Instead of a group of theirs: whoever they are."""


class ProviderUnknown(NotFoundError):
    """There is no such way to log in."""

    code = "auth.provider-unknown"


class ProviderView(Result):
    """A provider, without its secret."""

    name: str
    enabled: bool
    settings: ProviderSettings
    has_secret: bool
    groups: dict[str, list[str]]
    create_users: CreateUsers

    @classmethod
    def of(cls, provider: LoginProvider) -> ProviderView:
        return cls(
            name=provider.name,
            enabled=provider.enabled,
            settings=read_settings(provider.settings),
            has_secret=bool(provider.secret),
            groups={ours: list(theirs) for ours, theirs in provider.groups.items()},
            create_users=provider.create_users,
        )


async def find_provider(store: Store, name: str, *, browser: bool) -> LoginProvider:
    """A provider that is enabled, of the kind that is meant. Raises ProviderUnknown."""
    known = [one for one in await store.login_providers.list() if one.enabled]
    found = next((one for one in known if one.name == name and (one.type in BY_BROWSER) == browser), None)
    if found is None:
        fitting = [one.name for one in known if (one.type in BY_BROWSER) == browser]
        how = "by a browser" if browser else "with a password"
        raise ProviderUnknown(
            f"there is no way to log in {how} called {name!r}",
            hint=f"known: {', '.join(fitting if browser else [LOCAL, *fitting]) or 'none'}",
        )
    return found


@contextmanager
def answering(provider: LoginProvider) -> Iterator[None]:
    """While a provider is asked for somebody who is not logged in: why it does not answer is for the log.

    It would tell anybody where the provider is, and what else is in its network.
    """
    try:
        yield
    except LoginFailed:
        raise
    except MpcError as error:
        _log.warning("a login provider does not answer", provider=provider.name, why=error.message)
        raise ProviderUnreachable(
            f"{provider.name} does not answer as it should",
            hint=f"an admin learns more: proxmox-cli provider test {provider.name}",
        ) from None


async def must_answer_for(session: Session, name: str, groups: Collection[str]) -> None:
    """Raises NotYours where the actor may not all that those may who come in by the provider.

    Whoever decides how people prove who they are could come in as any of them.
    """
    must_hold_roles(session, await (await session.store()).login_providers.held(name, groups))


async def must_answer_for_logins(session: Session, context: str) -> None:
    """Raises NotYours where people log in by the realms of a context, and the actor may not all that they may."""
    for provider in await (await session.store()).login_providers.list():
        if provider.settings.get("context") == context:
            await must_answer_for(session, provider.name, provider.groups)


async def user_of(session: Session, provider: LoginProvider, proved: Proved) -> User:
    """The user of somebody whom a provider proved: made at the first login where it may be, renewed at each.

    Users are known by the provider's id for them: a name that is taken by another user is no way into that account.
    Raises LoginFailed.
    """
    store = await session.store()
    display_name, email = _line(proved.display_name), _line(proved.email)
    groups, named = _groups(provider, proved.groups)
    if not proved.external_id.isprintable() or len(proved.external_id) > _LONGEST_ID:
        raise LoginFailed("the id that the provider tells cannot be kept")
    user = await store.users.find_external(provider.name, proved.external_id)
    if user is None:
        if provider.create_users == "none" or (provider.create_users == "grouped" and not named):
            _log.warning("somebody new may not become a user", name=proved.name, provider=provider.name)
            raise LoginFailed(
                "that is not yet a user here", hint="an admin lets people in: proxmox-cli provider set --create-users"
            )
        user = await _new(session, provider, replace(proved, display_name=display_name, email=email))
    if user.disabled:
        raise LoginFailed()
    if (user.display_name, user.email) != (display_name, email):
        user = await store.users.set(user.id, {"display_name": display_name, "email": email})
    await store.groups.renew(user.id, provider.name, groups)
    return user


async def _new(session: Session, provider: LoginProvider, proved: Proved) -> User:
    from proxmox_mpc.store import NameTaken, User

    store, name = await session.store(), proved.name.strip().casefold()
    if not _NAME.fullmatch(name):
        _log.warning("the name of somebody new cannot be one here", name=name[:64], provider=provider.name)
        raise LoginFailed("the name that the provider tells cannot be one here")
    user = User(
        secrets.token_hex(6),
        name,
        session.now(),
        provider=provider.name,
        external_id=proved.external_id,
        display_name=proved.display_name,
        email=proved.email,
    )
    try:
        await store.users.create(user)
    except NameTaken:
        # Two first logins at once are one person.
        if (found := await store.users.find_external(provider.name, proved.external_id)) is not None:
            return found
        _log.warning("the name of somebody new is taken", name=name, provider=provider.name)
        raise LoginFailed("the name is taken by another user here") from None
    return user


def _groups(provider: LoginProvider, told: Collection[str]) -> tuple[list[str], bool]:
    """Our groups of somebody, and whether one of theirs was named for any of them."""
    theirs = {group.casefold() for group in told}
    named = [ours for ours, wanted in provider.groups.items() if theirs & {one.casefold() for one in wanted}]
    everybodys = [ours for ours, wanted in provider.groups.items() if EVERYBODY in wanted]
    return [*dict.fromkeys([*named, *everybodys])], bool(named)


def _line(text: str) -> str:
    """What a provider tells, as a line of ours."""
    return "".join(letter for letter in text if letter.isprintable())[:200]
