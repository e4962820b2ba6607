"""Show what applying manifests would do."""

from __future__ import annotations

from proxmox_mpc.actions import _quiet
from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._planning import DesiredState
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import PlanView


@action(permission="resources:read", route="POST /plans", scope="namespace")
async def plan(session: Session, request: DesiredState) -> PlanView:
    """Show what applying these manifests would do, and at what cost; changes nothing."""
    # What was remembered was seen by somebody: who may not see everything looks for himself.
    everything = session.who.access.is_unlimited
    if everything and (nothing := await _quiet.recall(session, request)) is not None:
        return nothing
    from proxmox_mpc.actions import _planning
    from proxmox_mpc.actions._plans import keep
    from proxmox_mpc.actions._views import plan_view

    with (await session.cluster()).witnessed() as witness:
        prepared = await _planning.prepare(session, request)
    session.prepared = prepared
    shown = plan_view(prepared.plan, (await session.context()).endpoints[0])
    if shown.empty:
        await _quiet.remember(session, request, shown, witness)
    else:
        await keep(session, shown)
    return shown
