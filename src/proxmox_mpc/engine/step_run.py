"""One step's requests: each journalled before it is sent, its task awaited, sent again where a lock was in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxmox_mpc.engine import policies
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.observe import OtherOwner
from proxmox_mpc.engine.plan import Step
from proxmox_mpc.errors import MpcError, UnreachableError
from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Owned
from proxmox_mpc.kinds._mark import Mark
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.engine.execute import Execution

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
"""Between tries of what found a lock held: PVE itself has waited 10 s for it each time."""
FOLLOWED_AFTER_S = 1.0
"""Of longer tasks the log is shown as it grows; of shorter ones nobody could read it."""
LOOK_AGAIN_S = 2.0
"""Between looks at what is waited for: soon enough for people, seldom enough for a node."""


class LeftBehind(MpcError):
    """A task that found a lock held made something nevertheless, and left it: it is remembered, and not touched."""

    code = "apply.left-behind"
    default_hint = "look at it on the cluster: if it is half made, destroy it; then continue"


@dataclass
class StepRun:
    """What a driver may do for one step: see `kinds._kind.Run`."""

    execution: Execution
    step: Step
    uid: str
    _through: bool = False

    @contextmanager
    def seen_through(self) -> Iterator[None]:
        self._through = True
        try:
            yield
        finally:
            self._through = False

    @property
    def view(self) -> View:
        return self.execution.view

    @property
    def allow(self) -> Impact:
        # A deletion and a replacement were allowed with everything that belongs to them.
        return max(self.execution.plan.allow, self.step.impact)

    @property
    def applied(self) -> Fields:
        return (self.step.owned.applied if self.step.owned else None) or {}

    async def until(
        self, is_so: Callable[[], Awaitable[bool]], *, timeout_s: float, saying: str = "", every_s: float = LOOK_AGAIN_S
    ) -> bool:
        ends = self.execution.clock() + timeout_s
        while not await is_so():
            if self.execution.clock() >= ends:
                return False
            if saying:
                self.execution.report(Progress(self.step.key, "request", saying, self.step.action))
                saying = ""
            if self._through:
                await self.execution.sleep(every_s)
            else:
                await self.execution.stop.pause(self.execution.sleep, every_s)
        return True

    def lane(self, *names: str) -> AbstractAsyncContextManager[None]:
        return self.execution.lanes.hold(*names)

    def mark(self, vmid: int | None = None) -> Mark:
        said = policies.names_of(self.step.resource.fields) if self.step.resource is not None else ()
        return Mark(self.uid, self.execution.plan.application, self.step.key, vmid, said)

    async def call(
        self,
        verb: str,
        template: str,
        params: Mapping[str, Any],
        *,
        title: str,
        makes: Mapping[str, Any] | None = None,
        told_once: str = "",
    ) -> Any:
        path = template.format_map(_Shown(params))

        async def request() -> Any:
            return await self.view.pve.once(verb, template, params)

        return await self._journalled(verb, path, title, request, makes, told_once)

    def remark(self, text: str) -> None:
        self.execution.remarks.setdefault(self.step.key, []).append(text)
        self.execution.report(Progress(self.step.key, "remark", text, self.step.action))

    async def upload(
        self,
        node: str,
        storage: str,
        content: str,
        source: str,
        filename: str,
        checksum: str | None,
        *,
        makes: Mapping[str, Any],
    ) -> None:
        if not await asyncio.to_thread(_is_file, source):
            raise MpcError(f"there is no file {source}", hint="spec.source is relative to where you type the command")

        async def request() -> Any:
            return await self.view.pve.upload(node, storage, content, Path(source), filename, checksum=checksum)

        path = f"/nodes/{node}/storage/{storage}/upload"
        await self._journalled("POST", path, f"upload {filename}", request, makes)

    async def _journalled(
        self,
        verb: str,
        path: str,
        title: str,
        request: Callable[[], Any],
        makes: Mapping[str, Any] | None,
        told_once: str = "",
    ) -> Any:
        journal, key = self.execution.journal, self.step.key
        if not self._through:
            self.execution.stop.refuse()
        if makes is not None:
            await self._claim(makes)
        entry = await journal.sending(self.step.action.value, str(key), verb, path)
        self.execution.begun.add(key)
        try:
            answer = await self._until_unlocked(entry, title, request)
        except UnreachableError:
            raise  # whether it was carried out is not known: the entry stays open, for the next apply to look
        except MpcError as error:
            await journal.failed(entry, str(error))
            if makes is not None and not isinstance(error, LeftBehind):
                # It was refused, or its task took back what it had made: what was known before still is.
                await journal.unclaim(key, self.step.owned)
            raise
        await journal.done(entry, (key, str(answer[told_once])) if told_once else None)
        return answer

    async def _claim(self, makes: Mapping[str, Any]) -> None:
        application = self.execution.plan.application
        if not await self.execution.journal.claim(Owned(self.step.key, self.uid, application, makes, None)):
            raise OtherOwner(
                f"{self.step.key} was taken by another application in the meantime", hint="look at the plan of now"
            )

    async def _until_unlocked(self, entry: int, title: str, request: Callable[[], Any]) -> Any:
        """Send a request, and wait for its task; what found a lock or no quorum did nothing, and is sent again."""
        from proxmox_mpc.pve import AlreadyExists, Locked, NoQuorum

        execution = self.execution
        ends, pause_s, tries = execution.clock() + execution.patience_s, FIRST_PAUSE_S, 0
        while True:
            try:
                tries += 1
                return await self._once(entry, title, request)
            except MpcError as error:
                reason = getattr(error, "cause", error)
                if tries > 1 and isinstance(reason, AlreadyExists):
                    raise LeftBehind(str(reason)) from error
                if not isinstance(reason, Locked | NoQuorum):
                    raise
                left_s = ends - execution.clock()
                if left_s < pause_s or execution.stop.asked:
                    await execution.journal.failed(entry, str(error))
                    raise
                text = f"waits: {_first_line(reason)} (gives up in {_duration(left_s)})"
                execution.report(Progress(self.step.key, "request", text, self.step.action))
                await execution.stop.pause(execution.sleep, pause_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _once(self, entry: int, title: str, request: Callable[[], Any]) -> Any:
        """Send a request once, and wait for its task, if there is one."""
        from proxmox_mpc.pve import ClusterUnreachable

        try:
            answer = await request()
        except ClusterUnreachable as error:
            await self.execution.journal.failed(entry, str(error))  # no endpoint got it: nothing was carried out
            raise
        upid = answer if isinstance(answer, str) and answer.startswith("UPID:") else ""
        self.execution.report(Progress(self.step.key, "request", title, self.step.action, upid))
        if upid:
            await self.execution.journal.accepted(entry, upid)
            await self.view.pve.wait(upid, on_log=partial(self._logged, upid), log_after_s=FOLLOWED_AFTER_S)
        return answer

    def _logged(self, upid: str, line: str) -> None:
        self.execution.report(Progress(self.step.key, "log", line, upid=upid))

    async def reserve_vmid(self, wanted: int | None, *, ahead: int = 0) -> int:
        execution = self.execution
        if wanted is not None:
            return wanted
        async with execution._reserving:
            vmid, taken = await self.view.free_vmid()
            vmid += ahead
            while vmid in taken | execution._taken or not await execution.journal.reserve(vmid, str(self.step.key)):
                vmid += 1
            execution._taken.add(vmid)
            return vmid


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _is_file(path: str) -> bool:
    return Path(path).is_file()


class _Shown(dict[str, Any]):
    """Path variables for a journal line; a missing one shows as it is written."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
