"""One step's requests: each journalled before it is sent, its task awaited, sent again where a lock was in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

LOCK_PAUSES_S = (1.0, 2.0, 4.0, 8.0)
"""Between tries of a task that could not get a lock: PVE itself has waited 10 s for it each time."""
LOOK_AGAIN_S = 2.0
"""Between looks at what is waited for: soon enough for people, seldom enough for a node."""


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

    @property
    def applied(self) -> Fields:
        return (self.step.owned.applied if self.step.owned else None) or {}

    async def until(self, is_so: Callable[[], Awaitable[bool]], *, timeout_s: float, saying: str = "") -> bool:
        ends = self.execution.clock() + timeout_s
        while not await is_so():
            if self.execution.clock() >= ends:
                return False
            if saying:
                self.execution.report(Progress(self.step.key, "request", saying, self.step.action))
                saying = ""
            await self.execution.sleep(LOOK_AGAIN_S)
        return True

    def lane(self, *names: str) -> AbstractAsyncContextManager[None]:
        return self.execution.lanes.hold(*names)

    def mark(self, vmid: int | None = None) -> Mark:
        return Mark(self.uid, self.execution.plan.application, self.step.key, vmid)

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
        client = self.view.pve
        send = {"POST": client.post, "PUT": client.put, "DELETE": client.delete}[verb]
        path = template.format_map(_Shown(params))

        async def request() -> Any:
            return await send(template, params)

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
        if makes is not None:
            await self._claim(makes)
        entry = await journal.sending(self.step.action.value, str(key), verb, path)
        try:
            answer = await self._until_unlocked(entry, title, request)
        except UnreachableError:
            raise  # whether it was carried out is not known: the entry stays open, for the next apply to look
        except MpcError as error:
            await journal.failed(entry, str(error))
            if makes is not None:
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
        """Send a request and wait for its task; one that found a lock held did nothing, and is sent again."""
        from proxmox_mpc.pve import ClusterUnreachable, Locked, NoQuorum, TaskFailed

        journal, key, report = self.execution.journal, self.step.key, self.execution.report
        for pause_s in (*LOCK_PAUSES_S, None):
            try:
                answer = await request()
            except (ClusterUnreachable, Locked, NoQuorum) as error:
                await journal.failed(entry, str(error))  # these are sure that nothing was carried out
                raise
            upid = answer if isinstance(answer, str) and answer.startswith("UPID:") else ""
            report(Progress(key, "request", title, self.step.action, upid))
            if not upid:
                return answer
            await journal.accepted(entry, upid)
            try:
                await self.view.pve.wait(upid, on_log=partial(self._logged, upid))
            except TaskFailed as error:
                if pause_s is None or not isinstance(error.cause, Locked | NoQuorum):
                    raise
                report(Progress(key, "log", f"{error.exitstatus}; again in {pause_s:g} s", upid=upid))
                await self.execution.sleep(pause_s)
            else:
                return answer

    def _logged(self, upid: str, line: str) -> None:
        self.execution.report(Progress(self.step.key, "log", line, upid=upid))

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
