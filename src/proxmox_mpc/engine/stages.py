"""Changes that wait until they are applied together: virtual networks, and the interfaces of a node.

Every step of a stage writes what shall be; when all of them have, it is applied once. What needs one of them from
outside the stage waits for that. Nobody else's waiting changes are applied by accident: they are looked for before the
first write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from proxmox_mpc.engine.order import NeedsCycle
from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.errors import MpcError, RefusedError
from proxmox_mpc.kinds._kind import Key, Kind
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._stage import Stage
from proxmox_mpc.kinds._view import View

_WRITES = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


class OthersWait(RefusedError):
    """Somebody else's changes wait to be applied there."""

    code = "apply.others-pending"


@dataclass
class Stages:
    """The stages of one plan. `run_of` makes the run by which a stage is applied, as part of one of its steps."""

    view: View
    kind_of: Callable[[str], Kind]
    steps: Mapping[Key, Step]
    run_of: Callable[[Step], Run]
    _stages: dict[str, Stage] = field(default_factory=dict)
    _members: dict[str, list[Key]] = field(default_factory=dict)
    _looked: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _settled: dict[str, asyncio.Task[MpcError | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, step in self.steps.items():
            stage_of = self.kind_of(key.kind).stage
            if stage_of is not None and step.action in _WRITES:
                stage = stage_of(key)
                self._stages[stage.name] = stage
                self._members.setdefault(stage.name, []).append(key)

    def of(self, key: Key) -> str:
        """The name of the stage that a step writes to; nothing for most."""
        return next((name for name, keys in self._members.items() if key in keys), "")

    async def enter(self, key: Key) -> None:
        """Before a step writes to its stage. Raises OthersWait."""
        name = self.of(key)
        if not name:
            return
        if name not in self._looked:
            self._looked[name] = asyncio.ensure_future(self._look(self._stages[name]))
        await asyncio.shield(self._looked[name])

    async def _look(self, stage: Stage) -> None:
        others = sorted(str(key) for key in await stage.waiting(self.view) if key not in self.steps)
        if others:
            raise OthersWait(
                f"changes that are not of this plan wait to be applied: {', '.join(others)}",
                hint=f"apply or revert them first ({stage.where}), so that nothing is applied by accident",
            )

    def start(self, written: Mapping[Key, asyncio.Task[object]], succeeded: Callable[[Key], Awaitable[bool]]) -> None:
        """Watch the steps; apply each stage when all its steps have ended."""
        for name, keys in self._members.items():
            self._settled[name] = asyncio.create_task(self._settle(self._stages[name], keys, written, succeeded))

    async def _settle(
        self,
        stage: Stage,
        keys: Sequence[Key],
        written: Mapping[Key, asyncio.Task[object]],
        succeeded: Callable[[Key], Awaitable[bool]],
    ) -> MpcError | None:
        await asyncio.wait([written[key] for key in keys])
        done = [key for key in keys if await succeeded(key)]
        if not done:
            return None
        run = self.run_of(self.steps[done[-1]])
        try:
            if len(done) < len(keys) and stage.revert is not None:
                await stage.revert(run)
                return MpcError("another change of the same node failed; none of them was applied")
            await stage.apply(run)
        except MpcError as error:
            return error
        return None

    async def applied(self, step: Step) -> MpcError | None:
        """Wait until what a step needs is applied, where that is not the step's own stage."""
        for name in self._awaited(step):
            if error := await asyncio.shield(self._settled[name]):
                return error
        return None

    def _awaited(self, step: Step) -> set[str]:
        """The stages that must be applied before a step.

        A deletion that is itself applied later needs no other stage in force: it only takes its turn after others.
        """
        inside = self.of(step.key)
        if inside and step.action is Action.DELETE:
            return set()
        return {self.of(key) for key in step.needs} - {"", inside}

    def refuse_circles(self) -> None:
        """Whether everything can have its turn. Raises NeedsCycle, where waiting would never end."""
        graph: dict[Key | str, set[Key | str]] = {name: set(keys) for name, keys in self._members.items()}
        for key, step in self.steps.items():
            graph[key] = {*(need for need in step.needs if need in self.steps), *self._awaited(step)}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = " → ".join(str(part) for part in error.args[1])
            hint = "apply them in two goes: first what others need"
            raise NeedsCycle(f"these wait for each other: {circle}", hint=hint) from None

    async def failure_of(self, key: Key) -> MpcError | None:
        """Why what a step wrote is not in force, once its stage was settled."""
        name = self.of(key)
        return await asyncio.shield(self._settled[name]) if name else None

    def cancel(self) -> None:
        for task in self._settled.values():
            task.cancel()


def refuse_circles(view: View, kind_of: Callable[[str], Kind], steps: Iterable[Step]) -> None:
    """Whether everything in a plan can have its turn. Raises NeedsCycle."""

    def nothing_runs(step: Step) -> Run:
        raise AssertionError("a plan is looked at, not carried out")

    Stages(view, kind_of, {step.key: step for step in steps}, nothing_runs).refuse_circles()
