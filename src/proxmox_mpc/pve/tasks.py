"""Tasks: waiting for them, and their log while they run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from proxmox_mpc.pve.clock import Clock
from proxmox_mpc.pve.errors import TaskFailed, TaskUnfinished, UnexpectedAnswer
from proxmox_mpc.pve.refusals import refusal
from proxmox_mpc.pve.upid import Upid

# Most tasks end within a second, some take hours: who waits shall wait a twentieth longer than it takes, and no more.
_FIRST_PAUSE_S = 0.05
_PAUSE_SHARE = 0.05
_LONGEST_PAUSE_S = 5.0

_LOG_PAGE = 500  # lines per request; PVE's own page is 50
_LAST_LINES = 10  # of a failed task, for the error
_NO_CONTENT = "no content"  # what PVE lists as the one line of an empty log

_STATUS = "/nodes/{node}/tasks/{upid}/status"
_LOG = "/nodes/{node}/tasks/{upid}/log"


class Ask(Protocol):
    """`Cluster.get`."""

    async def __call__(self, template: str, /, **params: Any) -> Any: ...


@dataclass(frozen=True)
class TaskResult:
    """A task that ended well: `exitstatus` is `OK`, or `WARNINGS: n` with `warnings` n.

    `log` has the lines that were read: all when they were followed, else those of a task with warnings.
    """

    upid: Upid
    status: str
    exitstatus: str
    warnings: int
    log: tuple[str, ...]


async def wait(
    ask: Ask,
    clock: Clock,
    upid: Upid,
    *,
    on_log: Callable[[str], Awaitable[None] | None] | None,
    timeout_s: float | None,
    log_after_s: float = 0.0,
) -> TaskResult:
    """The result of a task when it ended; `TaskFailed` or `TaskUnfinished` (it goes on then) otherwise.

    The log of one that ends before `log_after_s` is not read: nobody could have followed it.
    """
    began, pause, lines = clock.now(), _FIRST_PAUSE_S, list[str]()
    while True:
        status = await _status(ask, upid)
        if on_log and clock.now() - began >= log_after_s:
            async for line in _new_lines(ask, upid, after=len(lines)):
                lines.append(line)
                if (awaitable := on_log(line)) is not None:
                    await awaitable
        if status.get("status") == "stopped":
            return await _result(ask, upid, str(status.get("exitstatus") or "unexpected end"), lines)
        if timeout_s is not None and clock.now() - began + pause > timeout_s:
            raise TaskUnfinished(f"the task {upid} still runs after {timeout_s:g} s", upid=str(upid))
        await clock.sleep(pause)
        pause = min(_LONGEST_PAUSE_S, max(_FIRST_PAUSE_S, (clock.now() - began) * _PAUSE_SHARE))


async def follow(ask: Ask, clock: Clock, upid: Upid) -> AsyncIterator[str]:
    """The lines of a task's log, as they come, until it ended."""
    seen, since, pause = 0, clock.now(), _FIRST_PAUSE_S
    while True:
        status = await _status(ask, upid)
        before = seen
        async for line in _new_lines(ask, upid, after=seen):
            seen += 1
            yield line
        if status.get("status") == "stopped":
            return
        since = clock.now() if seen > before else since
        pause = min(_LONGEST_PAUSE_S, max(_FIRST_PAUSE_S, (clock.now() - since) * _PAUSE_SHARE))
        await clock.sleep(pause)


async def _status(ask: Ask, upid: Upid) -> dict[str, Any]:
    status = await ask(_STATUS, node=upid.node, upid=str(upid))
    if not isinstance(status, dict):
        raise UnexpectedAnswer(f"the cluster sent no status for the task {upid}")
    return status


async def _new_lines(ask: Ask, upid: Upid, *, after: int) -> AsyncIterator[str]:
    while True:
        rows = await ask(_LOG, node=upid.node, upid=str(upid), start=after, limit=_LOG_PAGE)
        lines = _lines(rows)
        for line in lines:
            yield line
        after += len(lines)
        if len(lines) < _LOG_PAGE:
            return


def _lines(rows: Any) -> list[str]:
    if not isinstance(rows, list):
        raise UnexpectedAnswer("the cluster sent no task log")
    lines = [str(row.get("t", "")) for row in rows if isinstance(row, dict)]
    return [] if lines == [_NO_CONTENT] else lines


async def _result(ask: Ask, upid: Upid, exitstatus: str, lines: list[str]) -> TaskResult:
    warned = exitstatus.startswith("WARNINGS: ")
    ended_well = exitstatus == "OK" or warned
    if not lines and exitstatus != "OK":
        lines = [line async for line in _new_lines(ask, upid, after=0)]
    if not ended_well:
        what = f"{upid.type} {upid.id}".strip()
        raise TaskFailed(
            f"the task {what} on {upid.node} failed: {exitstatus}",
            upid=str(upid),
            exitstatus=exitstatus,
            log=lines[-_LAST_LINES:],
            cause=refusal(500, exitstatus),
        )
    warnings = exitstatus.removeprefix("WARNINGS: ") if warned else "0"
    return TaskResult(upid, "stopped", exitstatus, int(warnings) if warnings.isdigit() else 1, tuple(lines))
