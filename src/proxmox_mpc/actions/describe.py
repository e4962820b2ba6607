"""Show all that is known of some objects."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import manifest
from proxmox_mpc.actions._visibility import visible
from proxmox_mpc.actions.get import GetRequest, is_named, select
from proxmox_mpc.applications.ownership import owned_by_key
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import UNKNOWN_KEYS, Kind, Live, Owned
from proxmox_mpc.kinds._view import View


class DescribeRequest(Request):
    """Which objects."""

    kind: str = Field(description="Kind, by any of its names.")
    names: list[str] = Field([], description="Names, or VMIDs of guests; all when empty.")
    namespace: str = Field("", description="Only this namespace.")
    selector: str = Field("", description="Labels that must match.")


class DescriptionView(Result):
    """One object: what it is, whose it is, what waits for a reboot, what nobody knows of it, and its last events."""

    name: str
    namespace: str
    kind: str
    identity: dict[str, Any]
    application: str
    facts: dict[str, Any]
    manifest: dict[str, Any]
    pending: list[str]
    unknown: str = ""
    events: list[str]


class DescribeResult(Result):
    """The objects, by name."""

    items: list[DescriptionView]


@action(permission="resources:read", route="GET /resources/{kind}/describe", scope="namespace")
async def describe(session: Session, request: DescribeRequest) -> DescribeResult:
    """Show all that is known of some objects: configuration, state, owner, pending changes, events."""
    kind = find_kind(request.kind)
    view = await session.view()
    context = await session.context()
    store = await session.store()
    wanted = GetRequest(kind=request.kind, names=request.names, namespace=request.namespace, selector=request.selector)
    lives = select(await visible(session, await kind.driver.rows(view)), wanted)
    for name in request.names:
        if not any(is_named(live, name) for live in lives):
            raise NotFoundError(
                f"there is no {kind.name} {name!r}", hint=f"proxmox-cli get {kind.plural} -A lists them"
            )
    lives = await kind.driver.detail(view, lives)
    owned = {str(item.identity): item for item in (await owned_by_key(store, context.name)).values()}
    events = await store.events.list(context.name)
    items = await asyncio.gather(*(_describe(view, kind, live, owned.get(str(dict(live.identity)))) for live in lives))

    def lines(item: DescriptionView) -> list[str]:
        mine = [e for e in events if (e.kind, e.namespace, e.name) == (item.kind, item.namespace, item.name)]
        return [f"{e.at:%Y-%m-%d %H:%M}  {e.reason}  {e.message}" for e in mine[-5:]]

    return DescribeResult(items=[item.model_copy(update={"events": lines(item)}) for item in items])


async def _describe(view: View, kind: Kind, live: Live, owned: Owned | None) -> DescriptionView:
    application = live.mark.application if live.mark else owned.application if owned else ""
    facts = {name: value for name, value in live.facts.items() if isinstance(value, str | int | float | bool)}
    return DescriptionView(
        name=live.key.name,
        namespace=live.key.namespace,
        kind=kind.name,
        identity=dict(live.identity),
        application=application,
        facts=facts,
        manifest=manifest(kind, live),
        pending=sorted({key for change in kind.driver.waiting(live) for key in change.waits}),
        unknown=str(facts.pop(UNKNOWN_KEYS, "")),
        events=[],
    )
