"""Make the cluster as manifests say."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._applying import applier
from proxmox_mpc.actions._moved import refuse_moved
from proxmox_mpc.actions._planning import DesiredState, prepare, taken_over
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView, outcome_views, plan_view
from proxmox_mpc.actions.settle import SettleRequest, settle
from proxmox_mpc.applications import resumable, snapshots
from proxmox_mpc.engine.execute import PATIENCE_S


class ApplyRequest(DesiredState):
    """What should exist, and which plan was agreed to."""

    agreed: str = Field(
        "", description="Hash of the plan that was reviewed, or its first digits; another plan is refused."
    )
    verb: str = Field("apply", description="What the revision is called in the history.")
    patience_s: float = Field(
        PATIENCE_S, ge=0, description="How long locks and a lost quorum are waited out, in seconds."
    )
    source: str = Field("", description="Where the manifests come from, for the history.")
    continues: bool = Field(False, description="Go on where a run left off: what that kept is still as it was before.")


class ApplyResult(Result):
    """The plan that was carried out, the revision that it made, and how each resource ended."""

    plan: PlanView
    revision: int | None
    outcomes: list[OutcomeView]
    resumed: list[str] = []


@action(permission="resources:write", route="POST /applications/apply", writes=True)
async def apply(session: Session, request: ApplyRequest) -> ApplyResult:
    """Make the cluster as these manifests say, as a new revision of the application."""
    resumed = (await settle(session, SettleRequest())).settled
    prepared = taken_over(session, request) or await prepare(session, request)
    plan = prepared.plan
    shown = plan_view(plan, (await session.context()).endpoints[0])
    await refuse_moved(session, request.agreed, shown)
    revision, outcomes = await (await applier(session)).apply(
        plan,
        prepared.view,
        verb=request.verb,
        manifests=prepared.documents,
        shown=shown.model_dump(mode="json", by_alias=True),
        source=request.source,
        planned_at=prepared.planned_at,
        sealed_request=session.seal(_continuing(request)),
        stop=session.stop,
        patience_s=request.patience_s,
        continues=request.continues,
    )
    rows = await (await session.view()).resources()
    await snapshots.record(await session.store(), plan.context, rows)
    return ApplyResult(plan=shown, revision=revision, outcomes=outcome_views(outcomes), resumed=resumed)


def _continuing(request: ApplyRequest) -> str:
    """What an apply is continued from: the same, but the plan that was agreed to has been carried out in part."""
    return resumable.written(resumable.APPLY, request.model_dump(mode="json", exclude={"agreed", "continues"}))
