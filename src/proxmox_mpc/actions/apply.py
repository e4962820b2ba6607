"""Make the cluster as manifests say."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from proxmox_mpc.actions._action import INTERNAL, Request, Result, action
from proxmox_mpc.actions._applying import applier
from proxmox_mpc.actions._authors import author_of
from proxmox_mpc.actions._moved import refuse_moved
from proxmox_mpc.actions._planning import DesiredState, prepare, taken_over
from proxmox_mpc.actions._release_records import refuse_release
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView, outcome_views, plan_view
from proxmox_mpc.actions.settle import SettleRequest, settle
from proxmox_mpc.applications import resumable, snapshots
from proxmox_mpc.applications.apply import Around
from proxmox_mpc.charts.manifests import Hook
from proxmox_mpc.engine.execute import PATIENCE_S

APPLY = "apply"
"""What a revision is called that a person's manifests make; releases and what belongs to them say what they do."""


class HookText(Request):
    """A hook of a release, as its chart was rendered to it."""

    file: str
    kind: str
    name: str
    events: list[str]
    weight: int = 0
    policies: list[str] = []
    text: str

    @property
    def hook(self) -> Hook:
        return Hook(self.file, self.kind, self.name, tuple(self.events), self.weight, tuple(self.policies), self.text)


class ReleaseText(Request):
    """The release that manifests are: which chart, as which values made it, with what belongs to it."""

    chart: dict[str, str] = Field(description="Name, version and appVersion of the chart.")
    archive: str = Field("", description="The chart itself: a .tgz in base64.", repr=False)
    values: dict[str, Any] = Field({}, description="Values that the user gave.", repr=False)
    hooks: list[HookText] = []
    notes: str = ""
    event: str = Field("install", description="What happens to it: install, upgrade, rollback.")
    with_hooks: bool = Field(True, description="Whether hooks are carried out.")
    author: dict[str, list[str]] = Field({}, description="Who brought the hooks, and within which limits.")


class ApplyRequest(DesiredState):
    """What should exist, and which plan was agreed to."""

    agreed: str = Field(
        "", description="Hash of the plan that was reviewed, or its first digits; another plan is refused."
    )
    verb: Annotated[str, INTERNAL] = Field(APPLY, description="What the revision is called in the history.")
    patience_s: float = Field(
        PATIENCE_S, ge=0, description="How long locks and a lost quorum are waited out, in seconds."
    )
    note: str = Field("", description="A line for the history; else the verb.")
    source: str = Field("", description="Where the manifests come from, for the history.")
    release: Annotated[ReleaseText | None, INTERNAL] = Field(
        None, description="The release that these manifests are, if a chart made them."
    )
    continues: Annotated[bool, INTERNAL] = Field(
        False, description="Go on where a run left off: what that kept is still as it was before."
    )


class ApplyResult(Result):
    """The plan that was carried out, the revision that it made, and how each resource ended."""

    plan: PlanView
    revision: int | None
    outcomes: list[OutcomeView]
    resumed: list[str] = []


@action(
    permission="resources:write",
    route="POST /applications/apply",
    writes=True,
    scope="namespace",
    long=True,
    turn="application",
)
async def apply(session: Session, request: ApplyRequest) -> ApplyResult:
    """Make the cluster as these manifests say, as a new revision of the application."""
    resumed = (await settle(session, SettleRequest())).settled
    if request.release is not None and not request.release.author:
        # Kept from here on: whoever continues it, goes back to it or takes it away runs these hooks for their author.
        release = request.release.model_copy(update={"author": author_of(session.who)})
        request = request.model_copy(update={"release": release})
    if request.verb == APPLY and request.release is None:
        await refuse_release(session, request.application)
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
        note=request.note,
        planned_at=prepared.planned_at,
        sealed_request=session.seal(_continuing(request)),
        stop=session.stop,
        patience_s=request.patience_s,
        continues=request.continues,
        around=_around(session, request),
    )
    rows = await (await session.view()).resources()
    await snapshots.record(await session.store(), plan.context, rows)
    return ApplyResult(plan=shown, revision=revision, outcomes=outcome_views(outcomes), resumed=resumed)


def _around(session: Session, request: ApplyRequest) -> Around | None:
    """A release's record and its hooks before and after the plan."""
    if (made := request.release) is None:
        return None
    from proxmox_mpc.actions._hooks import HookView, run_hooks
    from proxmox_mpc.store.records import Release

    told: list[HookView] = []
    hooks = [each.hook for each in made.hooks] if made.with_hooks else []

    async def run(event: str) -> None:
        await run_hooks(session, request.application, request.namespace, hooks, event, told, made.author)

    content = {**made.model_dump(mode="json"), "namespace": request.namespace}
    return Around(
        release=Release(request.application, 0, made.chart, content),
        before=lambda: run(f"pre-{made.event}"),
        after=lambda: run(f"post-{made.event}"),
        told=lambda: [view.model_dump(mode="json") for view in told],
    )


def _continuing(request: ApplyRequest) -> str:
    """What an apply is continued from: the same, but the plan that was agreed to has been carried out in part."""
    return resumable.written(resumable.APPLY, request.model_dump(mode="json", exclude={"agreed", "continues"}))
