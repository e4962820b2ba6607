"""A plan carried out: in parallel where no need forbids it, every write journalled before it is sent.

A step that fails stops those that need it and nobody else; a cluster that is gone stops all that have not begun. What
is made is remembered before it is made, so that a killed apply is continued by the next plan, whatever it had reached.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from proxmox_mpc.engine.journal import Journal, Progress
from proxmox_mpc.engine.lanes import Lanes
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.engine.securing import Safety, kept, let_go
from proxmox_mpc.engine.stages import Stages
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.engine.stop import Stop, Stopped
from proxmox_mpc.errors import InternalFault, MpcError, UnreachableError
from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._kind import Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._view import View

PATIENCE_S = 600.0
"""How long locks and a lost quorum are waited out: a backup of a big guest may take longer, and then says so."""
NAMED = 8
"""So many steps are named that ended the same way; the history has them all."""
STEPS_AT_ONCE = 64
"""Steps in flight: enough for every node of a big cluster to have work; the lanes bound what they ask of each."""


@dataclass(frozen=True)
class Outcome:
    """How one step ended."""

    key: Key
    action: Action
    status: Literal["done", "failed", "skipped"]
    why: str = ""
    error: MpcError | None = None
    seconds: float = 0.0
    identity: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """What people have to know of it, although it did not fail."""


class ApplyFailed(MpcError):
    """Some steps of the plan failed."""

    code = "apply.failed"
    first = "mend the cause, then continue"
    """What to do before the command that continues."""

    def __init__(self, outcomes: Sequence[Outcome], application: str = "") -> None:
        self.outcomes = tuple(outcomes)
        codes = {outcome.error.exit_code for outcome in outcomes if outcome.error is not None}
        if len(codes) == 1:
            # All failed for one reason (no permission, cluster gone): the exit code may say which.
            self.exit_code = codes.pop()  # type: ignore[misc]
        hint = f"{self.first}: proxmox-cli apply --resume{f' --app {application}' if application else ''}"
        super().__init__(_summary(outcomes), hint=hint)


class ClusterLost(ApplyFailed):
    """The cluster went away, or was busy for too long, while the plan was carried out."""

    code = "apply.cluster-lost"
    exit_code = 7
    http_status = 503
    first = "once it answers again, continue"


class ApplyStopped(ApplyFailed):
    """It was stopped while the plan was carried out; what the cluster was doing came to its end."""

    code = "apply.stopped"
    first = "to continue"


def _summary(outcomes: Sequence[Outcome]) -> str:
    """What failed and why, what was not tried and why, what is done: by name."""
    by_status = {status: [o for o in outcomes if o.status == status] for status in ("failed", "done", "skipped")}
    failed, done, skipped = by_status.values()
    counts = [f"{len(failed)} of {len(outcomes)} steps failed"] if failed else []
    counts += [f"{len(done)} of {len(outcomes)} done"] if not failed else [f"{len(done)} done"]
    counts += [f"{len(skipped)} left"] if skipped else []
    lines = [f"{'; '.join(counts)}:"]
    for outcome in failed:
        lines.append(f"  ✗ {outcome.key}: {outcome.error}")
        lines += [f"    {outcome.error.hint}"] if outcome.error is not None and outcome.error.hint else []
        lines += [f"    {remark}" for remark in outcome.remarks]
    for why in dict.fromkeys(outcome.why for outcome in skipped):
        lines.append(f"  - {_named([o.key for o in skipped if o.why == why])}: {why}")
    lines += [f"  ✓ {_named([outcome.key for outcome in done])}"] if done else []
    return "\n".join(lines)


def _named(keys: Sequence[Key]) -> str:
    listed = ", ".join(str(key) for key in keys[:NAMED])
    return listed + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")


class InternalError(InternalFault):
    """A fault in Proxmox-MPC itself."""

    default_hint = "please report it, with what you did"

    def __init__(self, problem: BaseException) -> None:
        where = traceback.extract_tb(problem.__traceback__)[-1]
        super().__init__(
            f"{type(problem).__name__}: {problem} (in {where.name}, {Path(where.filename).name}:{where.lineno})"
        )
        self.__cause__ = problem


@dataclass
class Execution:
    """One run of one plan. `new_uid` and `clock` are injected; `report` gets progress as it happens."""

    view: View
    kind_of: Callable[[str], Kind]
    plan: Plan
    journal: Journal
    new_uid: Callable[[], str]
    report: Callable[[Progress], None] = lambda progress: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    lanes: Lanes = field(default_factory=Lanes)
    remarks: dict[Key, list[str]] = field(default_factory=dict)
    stop: Stop = field(default_factory=Stop)
    patience_s: float = PATIENCE_S
    safety: Safety = field(default_factory=Safety)
    begun: set[Key] = field(default_factory=set)
    """Steps that have sent something."""
    _lost: MpcError | None = None
    _taken: set[int] = field(default_factory=set)
    _reserving: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> list[Outcome]:
        """Carry out all steps. Raises Blocked before anything is sent, ApplyFailed after all that could be done."""
        self.plan.refuse_blocked()
        places = asyncio.Semaphore(STEPS_AT_ONCE)
        tasks: dict[Key, asyncio.Task[Outcome]] = {}
        steps = {step.key: step for step in self.plan.steps}
        stages = Stages(self.view, self.kind_of, steps, lambda step: StepRun(self, step, self._uid(step)))
        stages.refuse_circles()

        async def carry_out(step: Step) -> Outcome:
            before = await asyncio.gather(*(tasks[key] for key in step.needs if key in tasks))
            lacking = next((str(o.key) for o in before if o.status != "done"), "")
            if not lacking and await stages.applied(step):
                lacking = "what could not be applied"
            if lacking:
                return self._skipped(step, f"not tried, for it needs {lacking}")
            if step.action is Action.NONE:
                return await self._unchanged(step, places)
            async with places:
                if self._lost is not None:
                    return self._skipped(step, "not tried, for the cluster does not answer any more")
                if self.stop.asked:
                    return self._skipped(step, "stopped before it began")
                return await self._step(step, stages)

        async def succeeded(key: Key) -> bool:
            return (await tasks[key]).status == "done"

        for step in steps.values():
            tasks[step.key] = asyncio.create_task(carry_out(step))
        stages.start(tasks, succeeded)
        try:
            with self.stop.listening():
                outcomes = [await self._in_force(await task, stages) for task in tasks.values()]
        except BaseException:
            # Nothing goes on unattended, whatever it is that ends this.
            stages.cancel()
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
            raise
        outcomes = [outcome for outcome in outcomes if outcome.action is not Action.NONE or outcome.status == "failed"]
        self._raise(outcomes)
        return outcomes

    def _raise(self, outcomes: Sequence[Outcome]) -> None:
        """Raises what fits, where not everything was done."""
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        if self.stop.asked and any(outcome.status != "done" for outcome in outcomes):
            raise ApplyStopped(outcomes, self.plan.application)
        if failed:
            lost = all(isinstance(outcome.error, UnreachableError) for outcome in failed)
            raise (ClusterLost if lost else ApplyFailed)(outcomes, self.plan.application)

    def _skipped(self, step: Step, why: str) -> Outcome:
        self.report(Progress(step.key, "skipped", why, step.action))
        return Outcome(step.key, step.action, "skipped", why)

    async def _in_force(self, outcome: Outcome, stages: Stages) -> Outcome:
        """The outcome, failed where what was written could not be applied."""
        if outcome.status != "done" or (error := await stages.failure_of(outcome.key)) is None:
            return outcome
        self.report(Progress(outcome.key, "failed", str(error), outcome.action))
        return replace(outcome, status="failed", error=error)

    async def _refresh(self, step: Step) -> None:
        """An unchanged resource that we own: what was declared now is what the next diff compares with."""
        owned, resource = step.owned, step.resource
        if owned is None or resource is None or step.live is None or owned.application != self.plan.application:
            return
        fresh = Owned(step.key, owned.uid, owned.application, step.live.identity, _declared(step, resource))
        if (fresh.applied, dict(fresh.identity)) != (owned.applied, dict(owned.identity)):
            await self.journal.remember(fresh)

    async def _let_go_of_old(self, step: Step, places: asyncio.Semaphore) -> None:
        """An unchanged resource that we own: what a run kept of it that did not end has had its time."""
        if not self.plan.secures or step.live is None or step.owned is None:
            return
        async with places:
            with suppress(Stopped, UnreachableError):  # it goes the next time
                run = StepRun(self, step, self._uid(step))
                await let_go(self.kind_of(step.key.kind).driver, run, step.live)

    async def _unchanged(self, step: Step, places: asyncio.Semaphore) -> Outcome:
        try:
            await self._refresh(step)
            await self._let_go_of_old(step, places)
        except Exception as problem:
            error = problem if isinstance(problem, MpcError) else InternalError(problem)
            if isinstance(error, Stopped):
                return self._skipped(step, "stopped before it began")
            self.report(Progress(step.key, "failed", str(error), step.action))
            return Outcome(step.key, step.action, "failed", "", error)
        return Outcome(step.key, step.action, "done")

    async def _step(self, step: Step, stages: Stages) -> Outcome:
        from proxmox_mpc.pve import ClusterUnreachable  # a session that gets here has the client loaded

        start = self.clock()
        self.report(Progress(step.key, "started", action=step.action))
        try:
            await stages.enter(step.key)
            live = await self._act(step)
        except Exception as problem:
            # A fault of our own fails its step like any other: the rest goes on, and everything is recorded.
            error = problem if isinstance(problem, MpcError) else InternalError(problem)
            if isinstance(error, Stopped):
                return self._skipped(step, "stopped halfway" if step.key in self.begun else "stopped before it began")
            if isinstance(error, ClusterUnreachable):
                self._lost = error
            self.report(Progress(step.key, "failed", str(error), step.action, seconds=self.clock() - start))
            remarks = tuple(self.remarks.get(step.key, ()))
            return Outcome(step.key, step.action, "failed", "", error, self.clock() - start, remarks=remarks)
        seconds = self.clock() - start
        self.report(Progress(step.key, "done", action=step.action, seconds=seconds))
        identity, remarks = live.identity if live else {}, tuple(self.remarks.get(step.key, ()))
        return Outcome(step.key, step.action, "done", "", None, seconds, identity, remarks)

    def _uid(self, step: Step) -> str:
        return step.live.mark.uid if step.live and step.live.mark else step.owned.uid if step.owned else self.new_uid()

    async def _act(self, step: Step) -> Live | None:
        driver = self.kind_of(step.key.kind).driver
        uid = self._uid(step)
        run = StepRun(self, step, uid)
        if step.action in (Action.DELETE, Action.REPLACE):
            assert step.live is not None
            if step.action is Action.REPLACE and step.resource is not None:
                await driver.prepare(run, step.resource)
            await driver.delete(run, step.live)
        if step.action is Action.FORGET and step.live is not None:
            await driver.release(run, step.live)
        if step.action in (Action.DELETE, Action.FORGET):
            await self.journal.forget(step.key)
            return None
        resource = step.resource
        assert resource is not None
        if step.action is Action.CREATE or step.action is Action.REPLACE:
            live = await driver.create(run, resource)
        else:
            assert step.live is not None
            async with kept(self.safety, driver, run, step):
                live = await driver.update(run, step.live, resource, step.changes)
        owned = Owned(step.key, uid, self.plan.application, live.identity, _declared(step, resource))
        await self.journal.remember(owned)
        if step.secured:
            await let_go(driver, run, live)
        return live


def _declared(step: Step, resource: Resource) -> Fields:
    """What is remembered as applied; of a secret that is only named, what was known of it before."""
    if step.undeclared:
        return {}
    before = (step.owned.applied if step.owned else None) or {}
    return {**{path: before[path] for path in resource.unknown if path in before}, **resource.fields}
