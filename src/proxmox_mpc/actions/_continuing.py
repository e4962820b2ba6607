"""A job that is begun again: its worker died, or what it needs was away. It goes on, and does nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from proxmox_mpc.actions._action import Action, Request, Result
from proxmox_mpc.actions._deploying import Deploying, awaited
from proxmox_mpc.actions._gate import admit
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView, StepView
from proxmox_mpc.actions._ways_back import ReleaseFailed, or_back
from proxmox_mpc.actions.apply_resume import ApplyResumeRequest, apply_resume
from proxmox_mpc.applications import unfinished
from proxmox_mpc.applications.errands import GUESTS, REPEATABLE
from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._field import Impact

if TYPE_CHECKING:
    from proxmox_mpc.store import Revision, Run

UNPLANNED = ("uninstall", "adopt", "release_test", "snapshot_rotate")
"""Actions that are begun anew rather than continued: what is done already is seen, and left alone."""

_REST = {"create": ("update",), "replace": ("create", "update"), "delete": ("forget",)}
"""What may be left of an action that was done in part: what was made is ours, and half made."""


class NotRepeatable(RefusedError):
    """What was begun may not simply be done again."""

    code = "job.not-repeatable"


class Overtaken(RefusedError):
    """Somebody else has worked on the application meanwhile."""

    code = "job.overtaken"
    default_hint = "plan again: proxmox-cli plan shows what is left"


async def continued(session: Session, action: Action[Any, Any], request: Request, *, agrees: bool = False) -> Result:
    """Carry out an action for the session's job: anew, or from where an earlier attempt of the job left off.

    `agrees` says that what is shown before is agreed to by now.
    """
    store = await session.store()
    before = await store.runs.of_job(session.job)
    if not before and agrees and not getattr(request, "agreed", True):
        return await _agreed(session, action, request)
    if not before:
        result: Result = await action(session, request)
        return result
    await admit(session, action, request)
    context = await session.context()
    lines = await unfinished.settle(store, context.name, await session.cluster(), session.report, dead_job=session.job)
    before = await store.runs.of_job(session.job)
    await _refuse_repetition(session, before, lines)
    name = str(getattr(request, action.turn, "") or "") if action.turn else ""
    mine = [
        run for run in before if not run.application.startswith(GUESTS) and run.application == (name or run.application)
    ]
    if not mine or action.name in UNPLANNED:
        return await _anew(session, action, request)
    last = mine[-1]
    went_back = action.name != "rollback" and last.verb.startswith("rollback") and len(mine) > 1
    if went_back or (action.name in ("install", "upgrade") and last.verb == "delete"):
        if last.status != "succeeded":
            await _resume(session, last)
        raise ReleaseFailed(f"release {last.application!r} failed and was taken back, by a second worker at the end")
    if isinstance(request, Deploying):
        await _deploy(session, request, mine)
    elif last.status != "succeeded":
        await _resume(session, last)
    return await _answer(session, action, request, last)


async def _deploy(session: Session, request: Deploying, mine: Sequence[Run]) -> None:
    """The rest of a release: what is not made yet, then `--wait`, and `--atomic` where one of them fails."""
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, request.name)
    before = [revision for revision in history if revision.created_at < mine[0].started_at]
    async with or_back(session, request, before):
        if mine[-1].status != "succeeded":
            await _resume(session, mine[-1])
        if request.wait:
            await awaited(session, request)


async def _refuse_repetition(session: Session, before: Sequence[Run], lines: Sequence[str]) -> None:
    """Raises NotRepeatable where guests were worked on in a way that may not be done twice."""
    store = await session.store()
    for run in before:
        if not run.application.startswith(GUESTS) or run.verb in REPEATABLE:
            continue
        if entries := await store.runs.journal(run.id):
            told = next((line for line in lines if line.startswith(f"{run.verb} by ")), "")
            what = ", ".join(dict.fromkeys(entry.resource for entry in entries))
            raise NotRepeatable(
                told or f"{run.verb} was at work ({what}) when its worker died, and is not simply done again",
                hint="look what is there (proxmox-cli tasks), and ask anew for what is missing",
            )


async def _anew(session: Session, action: Action[Any, Any], request: Request) -> Result:
    """The same once more. What was agreed to has been done in part: so the rest of the very same is agreed to."""
    fields = type(request).model_fields
    selects = any(getattr(request, name, None) for name in ("selector", "field_selector", "everything", "texts"))
    if not getattr(request, "agreed", "") or (selects and "guests" in fields):
        result: Result = await action(session, request)
        return result
    return await _agreed(session, action, request)


async def _agreed(session: Session, action: Action[Any, Any], request: Request) -> Result:
    """Look what it would do, and do just that."""
    shown: Result = await action(session, request.model_copy(update={"agreed": ""}))
    plan = getattr(shown, "plan", None)
    rest = getattr(shown, "hash", "") if getattr(shown, "asks", False) else plan.hash if plan is not None else ""
    if not rest or (plan is not None and plan.empty and action.name != "uninstall"):
        return shown
    result: Result = await action(session, request.model_copy(update={"agreed": rest}))
    return result


async def _resume(session: Session, last: Run) -> None:
    """Go on with what was asked for and allowed then, where nothing else is left of it than what was agreed to."""
    context, store = await session.context(), await session.store()
    waiting = {run.application: run.id for run in await store.runs.resumable(context.name)}
    if waiting.get(last.application) != last.id:
        raise Overtaken(f"somebody else has worked on application {last.application!r} since the job's worker died")
    wanted = ApplyResumeRequest(application=last.application)
    shown = (await apply_resume(session, wanted)).plan
    if begun := await _begun(session, last):
        must_be_within(PlanView.model_validate(begun[0].plan), shown)
    elif shown.hash != last.plan_hash and not await store.runs.journal(last.id):
        raise Overtaken("somebody else changed the cluster since the job's worker died, before it did anything")
    await apply_resume(session, wanted.model_copy(update={"agreed": shown.hash}))


def must_be_within(agreed: PlanView, rest: PlanView) -> None:
    """Raises Overtaken where the rest of a plan does what was not agreed to: other objects, or a higher impact."""
    known = {(step.kind, step.namespace, step.name): step for step in agreed.steps}
    for step in rest.steps:
        before = known.get((step.kind, step.namespace, step.name))
        if before is None or not _covers(before, step):
            what = f"{step.action} {step.kind} {step.name}" + (f" ({step.impact})" if step.impact != "none" else "")
            raise Overtaken(f"somebody else changed the cluster since the job's worker died: now it would {what}")


def _covers(agreed: StepView, rest: StepView) -> bool:
    if rest.action in _REST.get(agreed.action, ()):
        return True
    same = rest.action == agreed.action or (agreed.action, rest.action) == ("adopt", "update")
    return same and Impact.labelled(rest.impact) <= Impact.labelled(agreed.impact)


async def _begun(session: Session, run: Run) -> list[Revision]:
    """The revisions that a run made, the first one first."""
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, run.application)
    return [revision for revision in history if revision.created_at >= run.started_at]


async def _answer(session: Session, action: Action[Any, Any], request: Request, last: Run) -> Result:
    """What the action would have answered, from what is kept of its revisions."""
    begun = await _begun(session, last)
    if not begun:
        return await _anew(session, action, request)
    planned, ended = begun[0], begun[-1]
    outcomes = {view.kind + view.namespace + "/" + view.name: view for one in begun for view in _outcomes(one)}
    facts = {
        "plan": PlanView.model_validate(planned.plan),
        "revision": ended.number,
        "outcomes": list(outcomes.values()),
        "name": last.application,
        "event": last.verb,
        "resumed": [f"continued after its first worker died: revision {ended.number}"],
        "remarks": ["continued after its first worker died"],
    }
    try:
        result: Result = action.result.model_validate(
            {name: value for name, value in facts.items() if name in action.result.model_fields}
        )
    except ValidationError:
        return await _anew(session, action, request)
    return result


def _outcomes(revision: Revision) -> list[OutcomeView]:
    views = []
    for outcome in revision.result.get("outcomes", []):
        kind, _, label = str(outcome["resource"]).partition(" ")
        namespace, _, name = label.rpartition("/")
        facts = {key: outcome[key] for key in ("action", "status", "error")}
        views.append(OutcomeView(kind=kind, namespace=namespace, name=name, **facts))
    return views
