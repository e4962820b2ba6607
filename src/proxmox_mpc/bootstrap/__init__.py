"""Builds the Session: settings, store, contexts, cluster, actor. The only part that knows every concrete part."""

from __future__ import annotations

import getpass
import json
import os
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc import telemetry
from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions._auditing import keep
from proxmox_mpc.actions._catalogue import all_actions as all_actions
from proxmox_mpc.actions._catalogue import find_action as find_action
from proxmox_mpc.actions._gate import AuditEntry
from proxmox_mpc.actions._session import FoundContext, Session, Twin
from proxmox_mpc.bootstrap import clusters, contexts
from proxmox_mpc.bootstrap.fetching import fetch
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.settings import Settings

if TYPE_CHECKING:
    from proxmox_mpc.actions._action import Action
    from proxmox_mpc.bootstrap.servers import Known
    from proxmox_mpc.store import Context, LoginProvider, Store
    from proxmox_mpc.store.secrets import SecretKey


def open_session(
    context: str = "", *, report: Callable[[Progress], None] = lambda progress: None, log_level: str = "WARNING"
) -> Session:
    """A session of this machine's user, on the embedded store; `context` names one, or leaves the choice open.

    `log_level` holds where the environment names none. Use it with `async with`. Nothing is opened before it is asked
    for. Raises SettingInvalid.
    """
    settings = Settings.load()
    telemetry.configure(settings.log_level or log_level, json=settings.log_json)
    keys: list[SecretKey] = []

    def key() -> SecretKey:
        from proxmox_mpc.store import SecretKey

        if not keys:
            keys.append(SecretKey.of(settings))
        return keys[0]

    async def open_store(parts: AsyncExitStack) -> Store:
        from proxmox_mpc.store import Store

        return await parts.enter_async_context(Store.open(settings.database_url, key=key(), settings=settings.database))

    return make_session(Who(_user(), Access.everything()), context, open_store, key, report)


def make_session(
    who: Who,
    context: str,
    open_store: Callable[[AsyncExitStack], Awaitable[Store]],
    key: Callable[[], SecretKey],
    report: Callable[[Progress], None],
) -> Session:
    """A session of somebody on a store, with all that it needs; an empty context leaves the choice open."""

    async def choose(session: Session) -> Context:
        return await contexts.choose(session, context)

    async def listed(session: Session) -> list[FoundContext]:
        return await contexts.list_contexts(session, context)

    async def open_twin(parts: AsyncExitStack, session: Session, seed: dict[str, Any]) -> Twin:
        from proxmox_mpc.bootstrap import twins

        return await twins.open_twin(parts, session, seed, key())

    async def record(entry: AuditEntry) -> None:
        await keep(await session.store(), entry)

    async def answering(provider: LoginProvider) -> Any:
        from proxmox_mpc.bootstrap.providers import Opening

        return await Opening(await session.store(), session.now).open(provider)

    session = Session(
        who=who,
        open_store=open_store,
        choose_context=choose,
        list_contexts=listed,
        check_context=clusters.check,
        open_cluster=clusters.open_cluster,
        open_twin=open_twin,
        fingerprint=lambda secret: key().fingerprint(secret),
        seal=lambda text: key().seal(text),
        unseal=lambda text: key().unseal(text),
        now=lambda: datetime.now(UTC),
        new_uid=lambda: uuid.uuid4().hex[:12],
        find_action=find_action,
        fetch=fetch,
        report=report,
        record=record,
        open_provider=answering,
    )
    return session


def open_place(
    context: str = "",
    server: str = "",
    *,
    here: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
    log_level: str = "WARNING",
) -> Session:
    """A session where the user means it: on the server that is named or was chosen, else on this machine.

    `here` is for what belongs to this machine unless a server is named. Raises UnknownServer, SettingInvalid.
    """
    from proxmox_mpc.bootstrap import servers as known

    settings = Settings.load()
    servers = known.Servers.of(settings)
    wanted = server or os.environ.get("PROXMOX_MPC_SERVER", "")
    place = known.place_of(servers, wanted, context, here=here, workspace_rules=contexts.is_ruled_by_workspace())
    session = open_session(context if place is None else "", report=report, log_level=log_level)
    if place is None:
        return session
    opened: list[Any] = []

    async def carry_out(session: Session, action: Action[Any, Any], request: Any) -> Any:
        if not opened:
            login = known.logged_in(servers, place, session.seal, session.unseal, lambda: session.now().timestamp())
            opened.append(await session._parts.enter_async_context(login))
        result = await opened[0].carry_out(session, action, request)
        if action.name == "password_change":  # it ended the login that is kept, and brings the one that goes on
            tokens = known.login_of(result.model_dump(by_alias=True), session.now().timestamp())
            servers.save(replace(place.server, login=session.seal(json.dumps(tokens))))
        return result

    session.carry_out = carry_out
    return session


def keep_login(server: Known, user: str, login: dict[str, Any]) -> None:
    """Keep a login on a server, encrypted, and make the server the current context. Raises SettingInvalid."""
    from proxmox_mpc.bootstrap.servers import Servers
    from proxmox_mpc.store import SecretKey

    settings = Settings.load()
    sealed = SecretKey.of(settings).seal(json.dumps(login))
    Servers.of(settings).save(replace(server, user=user, login=sealed), choose=True)


def _user() -> str:
    """Who is at work; in containers the user id may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
