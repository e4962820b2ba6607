"""A plan carried out: in parallel where no need forbids it, every write journalled before it is sent.

A step that fails stops those that need it and nobody else. What was done is remembered as it is done, so that a
killed apply is continued by the next plan: it finds what it made by its marks.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from proxmox_mpc.engine.lanes import Lanes
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Key, Kind, Live, Owned, View
from proxmox_mpc.kinds._mark import Mark

STEPS_AT_ONCE = 16
"""Steps in flight; what they may ask of a node or storage is bounded by the lanes."""


class Journal(Protocol):
    """Where an execution writes down what it does, durably, before and after it does it."""

    async def sending(self, step: str, resource: str, method: str, path: str) -> int: ...

    async def accepted(self, entry: int, upid: str) -> None: ...

    async def done(self, entry: int) -> None: ...

    async def failed(self, entry: int, error: str) -> None: ...

    async def reserve(self, vmid: int, owner: str) -> bool: ...

    async def remember(self, owned: Owned) -> None: ...

    async def forget(self, key: Key) -> None: ...


@dataclass(frozen=True)
class Progress:
    """One thing that happened while a plan runs, as it happens."""

    key: Key
    what: Literal["started", "request", "log", "done", "failed", "skipped"]
    text: str = ""
    action: Action = Action.NONE
    upid: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How one step ended."""

    key: Key
    action: Action
    status: Literal["done", "failed", "skipped"]
    error: MpcError | None = None
    seconds: float = 0.0
    identity: Mapping[str, Any] = field(default_factory=dict)


class ApplyFailed(MpcError):
    """Some steps of the plan failed."""

    code = "apply.failed"
    default_hint = "mend the cause and apply again: what was done stays done, the rest is planned anew"

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = tuple(outcomes)
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        skipped = sum(outcome.status == "skipped" for outcome in outcomes)
        lines = "\n".join(
            f"  {o.key}: {o.error}" + (f"\n    {o.error.hint}" if o.error and o.error.hint else "") for o in failed
        )
        rest = f"; {skipped} not tried because they need them" if skipped else ""
        super().__init__(f"{len(failed)} of {len(outcomes)} steps failed{rest}:\n{lines}")


class InternalError(MpcError):
    """A fault in Proxmox-MPC itself."""

    code = "internal"
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
    lanes: Lanes = field(default_factory=Lanes)
    _taken: set[int] = field(default_factory=set)
    _reserving: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> list[Outcome]:
        """Carry out all steps. Raises Blocked before anything is sent, ApplyFailed after all that could be done."""
        self.plan.refuse_blocked()
        places = asyncio.Semaphore(STEPS_AT_ONCE)
        tasks: dict[Key, asyncio.Task[Outcome]] = {}
        steps = {step.key: step for step in self.plan.steps}

        async def carry_out(step: Step) -> Outcome:
            before = await asyncio.gather(*(tasks[key] for key in step.needs if key in tasks))
            if lacking := next((o for o in before if o.status != "done"), None):
                self.report(Progress(step.key, "skipped", f"needs {lacking.key}", step.action))
                return Outcome(step.key, step.action, "skipped")
            if step.action is Action.NONE:
                await self._refresh(step)
                return Outcome(step.key, step.action, "done")
            async with places:
                return await self._step(step)

        for step in steps.values():
            tasks[step.key] = asyncio.create_task(carry_out(step))
        try:
            outcomes = [await task for task in tasks.values()]
        except asyncio.CancelledError:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
            raise
        outcomes = [outcome for outcome in outcomes if outcome.action is not Action.NONE]
        if any(outcome.status == "failed" for outcome in outcomes):
            raise ApplyFailed(outcomes)
        return outcomes

    async def _refresh(self, step: Step) -> None:
        """An unchanged resource that we own: what was declared now is what the next diff compares with."""
        owned, resource = step.owned, step.resource
        if owned is None or resource is None or step.live is None or owned.application != self.plan.application:
            return
        fresh = Owned(step.key, owned.uid, owned.application, step.live.identity, resource.fields)
        if (fresh.applied, dict(fresh.identity)) != (owned.applied, dict(owned.identity)):
            await self.journal.remember(fresh)

    async def _step(self, step: Step) -> Outcome:
        start = self.clock()
        self.report(Progress(step.key, "started", action=step.action))
        try:
            live = await self._act(step)
        except Exception as problem:
            # A fault of our own fails its step like any other: the rest goes on, and everything is recorded.
            error = problem if isinstance(problem, MpcError) else InternalError(problem)
            self.report(Progress(step.key, "failed", str(error), step.action, seconds=self.clock() - start))
            return Outcome(step.key, step.action, "failed", error, self.clock() - start)
        seconds = self.clock() - start
        self.report(Progress(step.key, "done", action=step.action, seconds=seconds))
        return Outcome(step.key, step.action, "done", None, seconds, live.identity if live else {})

    async def _act(self, step: Step) -> Live | None:
        driver = self.kind_of(step.key.kind).driver
        uid = step.live.mark.uid if step.live and step.live.mark else step.owned.uid if step.owned else self.new_uid()
        run = StepRun(self, step, uid)
        if step.action in (Action.DELETE, Action.REPLACE):
            assert step.live is not None
            await driver.delete(run, step.live)
        if step.action in (Action.DELETE, Action.FORGET):
            await self.journal.forget(step.key)
            return None
        resource = step.resource
        assert resource is not None
        if step.action is Action.CREATE:
            live = await driver.create(run, resource)
        elif step.action is Action.REPLACE:
            fresh = await driver.complete(self.view, resource, None)
            live = await driver.create(run, fresh)
        else:
            assert step.live is not None
            live = await driver.update(run, step.live, resource, step.changes)
        owned = Owned(step.key, uid, self.plan.application, live.identity, resource.fields)
        await self.journal.remember(owned)
        return live


@dataclass
class StepRun:
    """What a driver may do for one step: see `kinds._kind.Run`."""

    execution: Execution
    step: Step
    uid: str

    @property
    def view(self) -> View:
        return self.execution.view

    @property
    def allow(self) -> Impact:
        # A deletion and a replacement were allowed with everything that belongs to them.
        return max(self.execution.plan.allow, self.step.impact)

    def lane(self, *names: str) -> AbstractAsyncContextManager[None]:
        return self.execution.lanes.hold(*names)

    def mark(self, vmid: int | None = None) -> Mark:
        return Mark(self.uid, self.execution.plan.application, self.step.key, vmid)

    async def call(self, verb: str, template: str, params: Mapping[str, Any], *, title: str) -> Any:
        client = self.view.pve
        send = {"POST": client.post, "PUT": client.put, "DELETE": client.delete}[verb]
        path = template.format_map(_Shown(params))

        async def request() -> Any:
            return await send(template, params)

        return await self._journalled(verb, path, title, request)

    async def upload(
        self, node: str, storage: str, content: str, source: str, filename: str, checksum: str | None
    ) -> None:
        if not await asyncio.to_thread(_is_file, source):
            raise MpcError(f"there is no file {source}", hint="spec.source is relative to where you type the command")

        async def request() -> Any:
            return await self.view.pve.upload(node, storage, content, Path(source), filename, checksum=checksum)

        path = f"/nodes/{node}/storage/{storage}/upload"
        await self._journalled("POST", path, f"upload {filename}", request)

    async def _journalled(self, verb: str, path: str, title: str, request: Callable[[], Any]) -> Any:
        journal, key, report = self.execution.journal, self.step.key, self.execution.report
        entry = await journal.sending(self.step.action.value, str(key), verb, path)
        try:
            answer = await request()
            upid = answer if isinstance(answer, str) and answer.startswith("UPID:") else ""
            report(Progress(key, "request", title, self.step.action, upid))
            if upid:
                await journal.accepted(entry, upid)
                await self.view.pve.wait(upid, on_log=lambda line: report(Progress(key, "log", line, upid=upid)))
        except MpcError as error:
            await journal.failed(entry, str(error))
            raise
        await journal.done(entry)
        return answer

    async def reserve_vmid(self, wanted: int | None) -> int:
        execution = self.execution
        if wanted is not None:
            return wanted
        async with execution._reserving:
            vmid, taken = await self.view.free_vmid()
            while vmid in taken | execution._taken or not await execution.journal.reserve(vmid, str(self.step.key)):
                vmid += 1
            execution._taken.add(vmid)
            return vmid


def _is_file(path: str) -> bool:
    return Path(path).is_file()


class _Shown(dict[str, Any]):
    """Path variables for a journal line; a missing one shows as it is written."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
