"""Make a plan that can be reviewed, kept, and applied exactly."""

from __future__ import annotations

import json

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._planning import DesiredState, prepare
from proxmox_mpc.actions._plans import keep
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import PlanView, plan_view

FORMAT = "proxmox-mpc/plan/1"


class PlanSaveRequest(DesiredState):
    """What should exist."""


class PlanSaveResult(Result):
    """The plan, and the content of its file: versioned JSON with the manifests sealed, so that it holds no secret."""

    plan: PlanView
    content: str


@action(permission="resources:read", route="POST /plans/save", scope="namespace")
async def plan_save(session: Session, request: PlanSaveRequest) -> PlanSaveResult:
    """Make a plan file: what would be done, sealed together with the manifests that it comes from."""
    prepared = await prepare(session, request)
    shown = plan_view(prepared.plan, (await session.context()).endpoints[0])
    saved = await keep(session, shown)
    content = {
        "format": FORMAT,
        "context": prepared.plan.context,
        "application": prepared.plan.application,
        "hash": prepared.plan.hash,
        "createdAt": saved.created_at.isoformat(timespec="seconds"),
        "expiresAt": saved.expires_at.isoformat(timespec="seconds"),
        "plan": saved.content,
        "request": session.seal(request.model_dump_json()),
    }
    return PlanSaveResult(plan=shown, content=json.dumps(content, indent=2, ensure_ascii=False) + "\n")
