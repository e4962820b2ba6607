"""Take the acceptance of drift back."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._drifts import AcceptedView, accepted_view, named
from proxmox_mpc.actions._session import Session
from proxmox_mpc.applications.ownership import of_application, owned_by_key
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._kind import Key


class DriftRevokeRequest(Request):
    """Which acceptance."""

    application: str = Field(description="The application that owns it.")
    resources: list[str] = Field([], description="Names, VMIDs or KIND/NAME; all when empty.")
    fields: list[str] = Field([], description="Paths of fields; all when empty.")


class DriftRevokeResult(Result):
    """What is accepted no more."""

    items: list[AcceptedView]


@action(
    permission="resources:write",
    route="POST /applications/{application}/drift/revoke",
    writes=True,
    scope="namespace",
    turn="application",
)
async def drift_revoke(session: Session, request: DriftRevokeRequest) -> DriftRevokeResult:
    """Take the acceptance of drift back: it is reported again."""
    context, store = await session.context(), await session.store()
    mine = [one for one in await store.baselines.list(context.name) if one.application == request.application]
    if request.resources:
        owned = of_application(await owned_by_key(store, context.name), request.application)
        keys = named(owned, request.resources)
        mine = [one for one in mine if Key(one.kind, one.namespace, one.name) in keys]
    if request.fields:
        mine = [one for one in mine if one.path in request.fields]
    if not mine:
        raise NotFoundError("no such drift was accepted", hint="proxmox-cli drift list-accepted")
    await store.baselines.delete(mine)
    return DriftRevokeResult(items=[accepted_view(one) for one in mine])
