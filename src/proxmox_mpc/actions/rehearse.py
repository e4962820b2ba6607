"""Rehearse an apply on a copy of the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Literal

from pydantic import Field

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._moved import moved, refuse_moved
from proxmox_mpc.actions._planning import DesiredState, Prepared, prepare
from proxmox_mpc.actions._rehearsing import bad_day, make_up_secrets, starts, telling
from proxmox_mpc.actions._session import Session, Twin
from proxmox_mpc.actions._views import PlanView, plan_view
from proxmox_mpc.actions.apply import ApplyRequest, apply
from proxmox_mpc.actions.apply_resume import ApplyResumeRequest, NothingToResume, apply_resume
from proxmox_mpc.actions.twin import TwinRequest, TwinResult, twin
from proxmox_mpc.engine.execute import ApplyFailed, ApplyStopped, Outcome
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._kind import Key

PATIENCE_S = 5.0
"""How long a rehearsal waits for locks and quorum: on the twin nobody gives them back."""
NOT_REHEARSED = (
    "permissions: on the twin, the login may do everything",
    "other clients: nobody else works on the twin",
    "disks' content, networks and load: durations are those of ordinary hardware",
)
"""What no twin can know."""
WAITING = f"patience: locks and a lost quorum are waited out for {PATIENCE_S:g} s here, and for minutes by an apply"


class RehearseRequest(DesiredState):
    """What should exist, and what may go wrong meanwhile."""

    agreed: str = Field("", description="Hash of the plan that was reviewed; another plan is refused.")
    faults: list[str] = Field([], description="Faults of the simulator that happen once the apply begins.")
    random_faults: bool = Field(False, description="One to three faults, chosen by the seed.")
    seed: int = Field(0, description="What random faults are chosen by; the same seed chooses the same ones.")


class RehearsedStep(Result):
    """How one step went on the twin, and, by the simulator's measure of its work, when and how long.

    `place` is where its manifest stands; `error` what failed; `remarks` are promises of the plan that did not hold.
    """

    kind: str
    namespace: str
    name: str
    action: str
    status: str
    starts_s: float
    seconds: float
    place: str = ""
    error: str = ""
    hint: str = ""
    remarks: list[str] = []


class RehearseResult(Result):
    """What would happen.

    `verdict` is `fine`, `fails` or `refused` (by a gate: nothing was rehearsed). `differs` tells where the twin's plan
    is not the cluster's; `left` what a second plan would still do; `recovers` whether `apply --resume` would reach what
    is declared once the faults have ended, where anything was begun.
    """

    context: str
    application: str
    verdict: Literal["fine", "fails", "refused"]
    plan: PlanView
    nodes: int = 0
    guests: int = 0
    faults: list[str] = []
    steps: list[RehearsedStep] = []
    seconds: float = 0.0
    error: str = ""
    differs: list[str] = []
    left: list[str] = []
    recovers: bool | None = None
    left_out: list[str] = []


class RehearsalStopped(MpcError):
    """The rehearsal was stopped; its copy is gone, and the cluster was only read."""

    code = "rehearsal.stopped"


@action(permission="resources:read", route="POST /plans/rehearse", long=True)
async def rehearse(session: Session, request: RehearseRequest) -> RehearseResult:
    """Apply these manifests to a copy of the cluster, and tell what would happen; the cluster itself is only read."""
    desired = DesiredState(**request.model_dump(include=set(DesiredState.model_fields)))
    endpoint = (await session.context()).endpoints[0]
    shown = plan_view((await prepare(session, desired)).plan, endpoint)
    await refuse_moved(session, request.agreed, shown)
    known = {"context": shown.context, "application": shown.application, "plan": shown}
    if shown.empty or any(step.blocked for step in shown.steps):
        return RehearseResult(**known, verdict="fine" if shown.empty else "refused")
    began = session.now()
    made = await twin(session, TwinRequest())
    key = Key("Twin", "", shown.context)
    async with AsyncExitStack() as parts:
        session.report(Progress(key, "log", "starting it", Action.CREATE))
        copy = await session.open_twin(parts, session, made.seed)
        took_s = (session.now() - began).total_seconds()
        session.report(Progress(key, "done", action=Action.CREATE, seconds=took_s, verb="twin"))
        copy.session.report = telling(session, shown.context)
        await make_up_secrets(session, copy.session, request.texts)
        try:
            return await _played(copy, request, desired, made, shown)
        except ApplyStopped:
            raise RehearsalStopped() from None


async def _played(
    copy: Twin, request: RehearseRequest, desired: DesiredState, made: TwinResult, live: PlanView
) -> RehearseResult:
    known = {"context": live.context, "application": live.application, "plan": live}
    try:
        prepared = await prepare(copy.session, desired)
    except MpcError as problem:
        left_out = [*made.left_out, *copy.refused, *NOT_REHEARSED]
        return RehearseResult(
            **known, verdict="fails", error=f"no plan could be made there: {problem}", left_out=left_out
        )
    plan, there = prepared.plan, plan_view(prepared.plan, live.endpoint)
    faults = list(request.faults)
    if request.random_faults:
        nodes = [str(node["name"]) for node in made.seed["nodes"]]
        storages = [str(storage["storage"]) for storage in made.seed["storages"]]
        faults += bad_day(request.seed, plan, nodes, storages)
    for fault in faults:
        await copy.cause(fault)
    wish = ApplyRequest(**desired.model_dump(), patience_s=PATIENCE_S)
    outcomes, error = await _applied(copy.session, wish, plan)
    steps = await _steps(copy, prepared, outcomes)
    recovers, left = await _afterwards(copy, wish, faults, failed=bool(error))
    return RehearseResult(
        **known,
        verdict="fails" if error or left else "fine",
        nodes=made.nodes,
        guests=made.guests,
        faults=faults,
        steps=steps,
        seconds=max((step.starts_s + step.seconds for step in steps), default=0.0),
        error=error,
        differs=moved(live, there) if live.steps != there.steps else [],
        left=left,
        recovers=recovers,
        left_out=[*made.left_out, *copy.refused, *([WAITING] if faults else []), *NOT_REHEARSED],
    )


async def _applied(session: Session, wish: ApplyRequest, plan: Plan) -> tuple[Sequence[Outcome], str]:
    """How each step went, and why it failed as a whole. Raises ApplyStopped where somebody wanted it to end."""
    try:
        result = await apply(session, wish.model_copy(update={"agreed": ""}))
    except ApplyStopped:
        raise
    except ApplyFailed as error:
        return error.outcomes, error.message.partition("\n")[0].rstrip(":")
    except MpcError as error:
        return [Outcome(step.key, step.action, "skipped", "it did not come to that") for step in plan.work], str(error)
    views = {(view.kind, view.namespace, view.name): view for view in result.outcomes}
    return [
        Outcome(step.key, step.action, "done", remarks=tuple(view.remarks))
        for step in plan.work
        if (view := views.get((step.key.kind, step.key.namespace, step.key.name))) is not None
    ], ""


async def _steps(copy: Twin, prepared: Prepared, outcomes: Sequence[Outcome]) -> list[RehearsedStep]:
    """The steps in the order of their turns, with the time that their tasks' work takes."""
    store, context = await copy.session.store(), await copy.session.context()
    runs, work = await store.runs.list(context.name), await copy.work()
    entries = await store.runs.journal(runs[0].id) if runs else []
    by_name: dict[str, float] = {}
    nodes: dict[str, set[str]] = {}
    for entry in entries:
        by_name[entry.resource] = by_name.get(entry.resource, 0.0) + work.get(entry.upid, 0.0)
        if entry.upid:
            nodes.setdefault(entry.resource, set()).add(f"node:{entry.upid.split(':')[1]}")
    seconds = {outcome.key: by_name.get(str(outcome.key), 0.0) for outcome in outcomes}
    lanes = {step.key: nodes.get(str(step.key), set()) | _clone_lane(step) for step in prepared.plan.work}
    begun = starts(prepared.plan, seconds, lanes)
    places = _places(prepared)
    found = [
        RehearsedStep(
            kind=outcome.key.kind,
            namespace=outcome.key.namespace,
            name=outcome.key.name,
            action=outcome.action.value,
            status=outcome.status,
            starts_s=round(begun.get(outcome.key, 0.0), 1),
            seconds=round(seconds[outcome.key], 1),
            place=str((outcome.error.place if outcome.error else None) or places.get(outcome.key, "")),
            error=(outcome.error.message if outcome.error else "") or outcome.why,
            hint=outcome.error.hint if outcome.error else "",
            remarks=list(outcome.remarks),
        )
        for outcome in outcomes
    ]
    turns = {key: number for number, key in enumerate(begun)}
    return sorted(found, key=lambda step: turns.get(Key(step.kind, step.namespace, step.name), len(turns)))


def _clone_lane(step: Step) -> set[str]:
    return {f"clone:{step.choices['source']}"} if step.choices.get("source") else set()


def _places(prepared: Prepared) -> Mapping[Key, str]:
    """Where each resource's manifest begins."""
    found = {resource.key: resource.place("") for resource in prepared.resources}
    return {key: str(place) for key, place in found.items() if place is not None}


async def _afterwards(
    copy: Twin, wish: ApplyRequest, faults: Sequence[str], *, failed: bool
) -> tuple[bool | None, list[str]]:
    """Whether it can be continued to its goal, once the faults have ended, and what a second plan would still do."""
    recovers = None
    if faults:
        await copy.calm()
    if faults and failed:
        recovers = await _continued(copy.session)
    try:
        second = plan_view((await prepare(copy.session, wish)).plan)
    except MpcError as error:
        return recovers, [str(error)]
    left = [f"{step.action} {Key(step.kind, step.namespace, step.name)}" for step in second.steps]
    return recovers, left if recovers or not failed else []


async def _continued(session: Session) -> bool | None:
    """Whether `apply --resume` ends well; None where nothing was begun that it could continue."""
    try:
        shown = (await apply_resume(session, ApplyResumeRequest())).plan
        await apply_resume(session, ApplyResumeRequest(agreed=shown.hash))
    except ApplyStopped:
        raise
    except NothingToResume:
        return None
    except MpcError:
        return False
    return True
