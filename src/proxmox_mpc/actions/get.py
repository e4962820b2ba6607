"""List objects of a kind, or show some of them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import ResourceView, resource_view
from proxmox_mpc.actions._visibility import visible
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Kind, Live
from proxmox_mpc.kinds._selectors import matches_fields, matches_labels


class NoSuchObject(NotFoundError):
    """There is no object of this name."""

    code = "object.unknown"


class GetRequest(Request):
    """Which objects."""

    kind: str = Field(description="Kind, by any of its names.")
    names: list[str] = Field([], description="Names, or VMIDs of guests; all when empty.")
    namespace: str = Field("", description="Only this namespace; all when empty.")
    selector: str = Field("", description="Labels that must match: prod-web, env=prod, env!=dev, several with commas.")
    field_selector: str = Field("", description="Facts that must match: status=running, node=pve1.")
    full: bool = Field(False, description="Read every object's configuration, not only the bulk rows.")


class ColumnView(Result):
    """One column of the table."""

    title: str
    wide: bool
    right: bool


class GetResult(Result):
    """The objects found, by name, with the columns of their table."""

    kind: str
    plural: str
    namespaced: bool
    columns: list[ColumnView]
    items: list[ResourceView]


@action(permission="resources:read", route="GET /resources/{kind}", scope="namespace")
async def get(session: Session, request: GetRequest) -> GetResult:
    """List objects of a kind, or show some of them."""
    kind = find_kind(request.kind)
    view = await session.view()
    lives = select(await visible(session, await kind.driver.rows(view)), request)
    require_named(lives, kind, request)
    if request.full:
        lives = await kind.driver.detail(view, lives)
    ordered = sorted(lives, key=lambda live: (live.key.namespace, live.key.name, str(live.identity)))
    return result_of(kind, ordered, full=request.full)


def result_of(kind: Kind, lives: Sequence[Live], *, full: bool) -> GetResult:
    return GetResult(
        kind=kind.name,
        plural=kind.plural,
        namespaced=kind.namespaced,
        columns=[ColumnView(title=c.title, wide=c.wide, right=c.right) for c in kind.columns],
        items=[resource_view(kind, live, full=full) for live in lives],
    )


def select(lives: Sequence[Live], request: GetRequest) -> list[Live]:
    """Those that the request's names, namespace and selectors leave. Raises UsageError for what is no selector."""
    matches_labels((), request.selector)
    matches_fields({}, request.field_selector)
    return [
        live
        for live in lives
        if (not request.names or any(is_named(live, name) for name in request.names))
        and (not request.namespace or not live.key.namespace or live.key.namespace == request.namespace)
        and matches_labels(str(live.facts.get("tags", "")).split(";"), request.selector)
        and matches_fields({**live.facts, **live.identity, "name": live.key.name}, request.field_selector)
    ]


def require_named(lives: Sequence[Live], kind: Kind, request: GetRequest) -> None:
    """Raises NoSuchObject for a name that none of these has."""
    if missing := [name for name in request.names if not any(is_named(live, name) for live in lives)]:
        where = f" in namespace {request.namespace}" if request.namespace else ""
        also = f"; or: proxmox-cli get {kind.see_also} -A" if kind.see_also else ""
        hint = f"proxmox-cli get {kind.plural} -A lists them all{also}"
        raise NoSuchObject(f"there is no {kind.name} {missing[0]!r}{where}", hint=hint)


def is_named(live: Live, name: str) -> bool:
    """Whether a person means this object: by its name, its namespace/name, or its VMID."""
    return name in (live.key.name, live.key.label, str(live.identity.get("vmid", live.key.name)))
