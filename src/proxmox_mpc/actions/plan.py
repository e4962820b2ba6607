"""Show what applying manifests would do."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._planning import DesiredState, prepare
from proxmox_mpc.actions._plans import keep
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import PlanView, plan_view


@action(permission="resources:read", route="POST /plans")
async def plan(session: Session, request: DesiredState) -> PlanView:
    """Show what applying these manifests would do, and at what cost; changes nothing."""
    prepared = await prepare(session, request)
    shown = plan_view(prepared.plan, (await session.context()).endpoints[0])
    if not shown.empty:
        await keep(session, shown)
    return shown
