"""Make a plan that can be reviewed, kept, and applied exactly."""

from __future__ import annotations

import json
from datetime import timedelta

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._planning import DesiredState, prepare
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import PlanView, plan_view
from proxmox_mpc.store import SavedPlan

FORMAT = "proxmox-mpc/plan/1"
LIFETIME = timedelta(days=7)
"""A plan older than a working week was reviewed against a cluster that nobody remembers."""


class PlanSaveRequest(DesiredState):
    """What should exist."""


class PlanSaveResult(Result):
    """The plan, and the content of its file: versioned JSON with the manifests sealed, so that it holds no secret."""

    plan: PlanView
    content: str


@action(permission="resources:read", route="POST /plans/save")
async def plan_save(session: Session, request: PlanSaveRequest) -> PlanSaveResult:
    """Make a plan file: what would be done, sealed together with the manifests that it comes from."""
    prepared = await prepare(session, request)
    shown = plan_view(prepared.plan, (await session.context()).endpoints[0])
    now = session.now()
    page = shown.model_dump(mode="json", by_alias=True)
    plan = prepared.plan
    saved = SavedPlan(plan.hash, plan.context, plan.application, session.actor, page, now, now + LIFETIME)
    await (await session.store()).plans.save(saved)
    content = {
        "format": FORMAT,
        "context": prepared.plan.context,
        "application": prepared.plan.application,
        "hash": prepared.plan.hash,
        "createdAt": now.isoformat(timespec="seconds"),
        "expiresAt": (now + LIFETIME).isoformat(timespec="seconds"),
        "plan": page,
        "request": session.seal(request.model_dump_json()),
    }
    return PlanSaveResult(plan=shown, content=json.dumps(content, indent=2, ensure_ascii=False) + "\n")
