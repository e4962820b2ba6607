"""Show the log of a task."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxmox_mpc.actions._action import WITH_SLASHES, Request, Result, action
from proxmox_mpc.actions._guests.choice import is_guest_kind
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.get import is_named
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key


class LogsRequest(Request):
    """Which log."""

    target: Annotated[str, WITH_SLASHES] = Field(
        description="A task's UPID, or a guest's name or VMID for its last task."
    )
    follow: bool = Field(False, description="Go on until the task ends; lines are reported as they come.")


class LogsResult(Result):
    """The log's lines."""

    upid: str
    lines: list[str]


@action(permission="tasks:read", route="GET /tasks/{target}/log")
async def logs(session: Session, request: LogsRequest) -> LogsResult:
    """Show the log of a task, or of a guest's last task."""
    view = await session.view()
    upid = request.target if request.target.startswith("UPID:") else await _last_task(session, request.target)
    lines: list[str] = []
    if request.follow:
        async for line in view.pve.task_log(upid):
            lines.append(line)
            session.report(Progress(Key("Task", "", upid), "log", line, upid=upid))
        return LogsResult(upid=upid, lines=lines)
    node = upid.split(":")[1]
    rows = await view.pve.get("/nodes/{node}/tasks/{upid}/log", {"node": node, "upid": upid, "limit": 0})
    return LogsResult(upid=upid, lines=[str(row["t"]) for row in rows])


async def _last_task(session: Session, guest: str) -> str:
    kind, _, name = guest.partition("/")
    guest = name if name and is_guest_kind(kind) else guest
    view = await session.view()
    lives = [live for name in ("vm", "ct") for live in await find_kind(name).driver.rows(view)]
    vmids = {str(live.identity["vmid"]) for live in lives if is_named(live, guest)}
    if not vmids and not guest.isdigit():
        raise NotFoundError(f"there is no guest {guest!r}", hint="proxmox-cli get vms, or give a UPID")
    rows = await view.pve.get("/cluster/tasks")
    mine = [row for row in rows if str(row.get("id", "")) in (vmids or {guest})]
    if not mine:
        raise NotFoundError(f"{guest} has no recent task", hint="proxmox-cli tasks lists them")
    return str(max(mine, key=lambda row: row["starttime"])["upid"])
