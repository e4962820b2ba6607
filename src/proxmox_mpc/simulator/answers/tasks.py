"""/nodes/{node}/tasks and /cluster/tasks: what ran, what runs, and what it said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from proxmox_mpc.simulator._call import Call, PlainText
from proxmox_mpc.simulator._errors import deny, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.task import Task, parse_upid

# How many tasks `/cluster/tasks` shows per node, newest first.
_BROADCAST = 25


def _visible(call: Call, tasks: Iterable[Task], path: str) -> list[Task]:
    """The user's own tasks, or all with Sys.Audit; a token sees its user's."""
    if call.may(path, "Sys.Audit"):
        return list(tasks)
    owner = call.user.partition("!")[0]
    return [t for t in tasks if t.owner == owner]


def _row(task: Task) -> dict[str, Any]:
    row: dict[str, Any] = {
        "upid": task.upid,
        "node": task.node,
        "pid": task.pid,
        "pstart": task.pstart,
        "starttime": task.starttime,
        "type": task.type,
        "id": task.id,
        "user": task.owner,
    }
    if task.token:
        row["tokenid"] = task.token
    return row


def _listed(task: Task) -> dict[str, Any]:
    if task.status is None:
        return {**_row(task), "status": "RUNNING", "saved": "0"}
    return {**_row(task), "status": task.status, "endtime": task.endtime}


def _state(task: Task) -> str:
    if task.status is None:
        return "unknown"
    return "warning" if task.status.startswith("WARNINGS") else "ok" if task.status == "OK" else "error"


@answers("GET", "/nodes/{node}/tasks")
def listing(call: Call) -> Any:
    wanted = call.text("source", "archive")
    node = call.node.name
    tasks = [t for t in reversed(call.cluster.tasks.values()) if t.node == node]
    tasks = [t for t in tasks if wanted == "all" or (t.status is None) == (wanted == "active")]
    tasks = _visible(call, tasks, f"/nodes/{node}")
    tests: dict[str, Callable[[Task], bool]] = {
        "vmid": lambda t: t.id == call.text("vmid") or t.id.startswith(f"{call.text('vmid')}@"),
        "typefilter": lambda t: t.type == call.text("typefilter"),
        "userfilter": lambda t: call.text("userfilter").lower() in t.owner.lower(),
        "since": lambda t: t.starttime >= call.number("since"),
        "until": lambda t: t.starttime <= call.number("until"),
        "statusfilter": lambda t: _state(t) in [s.lower() for s in call.items("statusfilter")],
    }
    asked = [test for name, test in tests.items() if name in call.params]
    tasks = [t for t in tasks if all(test(t) for test in asked)]
    if call.flag("errors"):
        tasks = [t for t in tasks if _state(t) == "error"]
    if tasks:
        # An empty list comes without a total (tasks-list, 9.1).
        call.beside["total"] = len(tasks)
    first = call.number("start")
    return [_listed(t) for t in tasks[first : first + call.number("limit", 50)]]


@answers("GET", "/cluster/tasks")
def of_cluster(call: Call) -> Any:
    tasks = _visible(call, reversed(call.cluster.tasks.values()), "/")
    rows = []
    for task in tasks[:_BROADCAST]:
        row = {k: v for k, v in _row(task).items() if k not in ("pid", "pstart")}
        rows.append(
            row if task.status is None else {**row, "status": task.status, "endtime": task.endtime, "saved": "1"}
        )
    return rows


def _find(call: Call) -> tuple[Task, bool]:
    """The task of the UPID in the path, and whether it is known here."""
    parsed = parse_upid(call.text("upid"))
    if parsed is None:
        refuse(upid="unable to parse worker upid")
    known = call.cluster.tasks.get(parsed.upid)
    return known or parsed, known is not None


def _may_see(call: Call, task: Task) -> None:
    if task.owner != call.user.partition("!")[0] and not call.may(f"/nodes/{task.node}", "Sys.Audit"):
        deny(f"/nodes/{task.node}, Sys.Audit")


@answers("GET", "/nodes/{node}/tasks/{upid}/status")
def status(call: Call) -> Any:
    task, known = _find(call)
    if not known:
        refuse(upid="no such task")
    _may_see(call, task)
    row = {**_row(task), "status": "running" if task.status is None else "stopped"}
    return row if task.status is None else {**row, "exitstatus": task.status}


@answers("GET", "/nodes/{node}/tasks/{upid}/log")
def lines(call: Call) -> Any:
    task, known = _find(call)
    if known:
        _may_see(call, task)
    text = (task.log or ["no content"]) if known else ["unable to open file - No such file or directory"]
    if call.flag("download"):
        if "start" in call.params or "limit" in call.params:
            die("'download' cannot be used together with 'start' or 'limit' parameters")
        return PlainText("".join(f"{line}\n" for line in text))
    first = call.number("start")
    # A limit of 0 means all lines here, unlike in lists (tasks-log, 9.1).
    limit = call.number("limit", 50) or len(text)
    call.beside["total"] = len(text)
    return [{"n": first + i + 1, "t": line} for i, line in enumerate(text[first : first + limit])]


@answers("DELETE", "/nodes/{node}/tasks/{upid}")
async def stop(call: Call) -> None:
    task, known = _find(call)
    if not known:
        refuse(upid="no such task")
    if task.owner != call.user.partition("!")[0]:
        call.need(f"/nodes/{task.node}", "Sys.Modify")
    if running := call.cluster.running.get(task.upid):
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
