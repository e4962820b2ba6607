"""Take ownership of what exists, without changing it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._applying import applier
from proxmox_mpc.actions._moved import refuse_moved
from proxmox_mpc.actions._planning import DesiredState, ManifestText, named, prepare, written
from proxmox_mpc.actions._plans import keep
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView, outcome_views, plan_view
from proxmox_mpc.actions._writing_down import write_down
from proxmox_mpc.engine.plan import Action, Blocked, Step
from proxmox_mpc.errors import UsageError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE


class AdoptRequest(Request):
    """What to own: manifests' objects, or objects of kinds as they are."""

    application: str = Field(description="The application that shall own them.")
    texts: list[ManifestText] = Field([], description="Manifests of objects that exist just so.")
    kinds: list[str] = Field([], description="Kinds of the objects, by any of their names.")
    names: list[str] = Field([], description="Names, or VMIDs of guests; all that a person made when empty.")
    namespace: str = Field("", description="Only this namespace.")
    selector: str = Field("", description="Labels that must match.")
    everything: bool = Field(False, description="All kinds.")
    agreed: str = Field("", description="Hash of the plan that was confirmed; without it only the plan is answered.")


class AdoptResult(Result):
    """What would be owned, and once it was agreed to, how it ended; `left_out` could not be written down."""

    plan: PlanView
    revision: int | None = None
    outcomes: list[OutcomeView] = []
    left_out: list[str] = []


class AdoptionDiffers(Blocked):
    """What a manifest says is not what exists, and adopting changes nothing."""

    code = "adopt.differs"
    default_hint = "make the manifests say what is there (export manifests), or change it: apply -f … --adopt"


@action(permission="resources:write", route="POST /applications/adopt", writes=True, long=True, turn="application")
async def adopt(session: Session, request: AdoptRequest) -> AdoptResult:
    """Take ownership of what exists, without changing it; without an agreed plan's hash only show what it would be."""
    texts, left_out = await _texts(session, request)
    desired = DesiredState(
        texts=texts,
        application=request.application,
        namespace=request.namespace or DEFAULT_NAMESPACE,
        adopt=True,
    )
    prepared = await prepare(session, desired)
    # What only the store holds is there as soon as it is owned.
    differing = [step for step in prepared.plan.work if step.action is not Action.ADOPT]
    if different := [step for step in differing if not find_kind(step.key.kind).kept]:
        raise AdoptionDiffers("adopting changes nothing, and this differs:\n" + "\n".join(map(_difference, different)))
    # What the application owns already stays as it was declared: what lives is not taken for what was wanted.
    others = [s for s in prepared.plan.steps if s.owned is None or s.owned.application != request.application]
    if not request.texts:
        # Nobody has declared anything of it yet: a manifest that comes later and says less resets nothing.
        others = [replace(step, undeclared=True) for step in others]
    plan = replace(prepared.plan, steps=tuple(others))
    context = await session.context()
    shown = plan_view(plan, context.endpoints[0])
    if not request.agreed or plan.is_empty:
        await keep(session, shown)
        return AdoptResult(plan=shown, left_out=left_out)
    await refuse_moved(session, request.agreed, shown)
    history = await (await session.store()).applications.history(context.name, request.application)
    before = history[-1].manifests if history and history[-1].status != "uninstalled" else []
    adopted = {step.key for step in plan.work}
    resources = zip(written(prepared.resources), prepared.documents, strict=True)
    revision, outcomes = await (await applier(session)).apply(
        plan,
        prepared.view,
        verb="adopt",
        manifests=_together(before, [document for resource, document in resources if resource.key in adopted]),
        shown=shown.model_dump(mode="json", by_alias=True),
        planned_at=prepared.planned_at,
    )
    return AdoptResult(plan=shown, revision=revision, outcomes=outcome_views(outcomes), left_out=left_out)


async def _texts(session: Session, request: AdoptRequest) -> tuple[list[ManifestText], list[str]]:
    """The manifests that are meant, and what could not be written down. Raises UsageError; NotFoundError for a name."""
    if request.texts:
        return request.texts, []
    if not request.kinds and not request.everything:
        hint = "proxmox-cli adopt KIND NAME, adopt KIND -n NAMESPACE, adopt -f FILE, or adopt --all"
        raise UsageError("nothing says what to adopt", hint=hint)
    view = await session.view()
    files, left_out = await write_down(
        view, request.kinds, request.names, request.namespace, request.selector, with_identity=True
    )
    return [ManifestText(name=file.path, content=file.content) for file in files], left_out


def _difference(step: Step) -> str:
    if step.action is Action.CREATE:
        return f"  {step.key}: is not there"
    why = step.refusal.why if step.refusal else ", ".join(change.path for change in step.changes)
    return f"  {step.key}: {why}"


def _together(before: list[dict[str, Any]], adopted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The application's manifests with the new ones, which take the place of those of the same objects."""
    return list({named(document): document for document in [*before, *adopted]}.values())
