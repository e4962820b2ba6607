"""Who changed a guest: what the cluster's tasks prove, and nothing that they do not.

A change by `PUT config` leaves no task. Those that leave one say what they wrote (`update VM 100: -cores 4`, PVE 9.1),
or can only have changed one thing (a resize, a start), or replaced all of it (a rollback, a restore).
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._guest_volumes import moved, resized
from proxmox_mpc.kinds._kind import NAME, Change, Live, Owned, Trace
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

_DESTROY = frozenset(("qmdestroy", "vzdestroy"))
_WRITE = "qmconfig"
_RESIZE, _MOVE = frozenset(("resize",)), frozenset(("qmmove", "move_volume"))
_ALL_OF_IT = frozenset(("qmrollback", "vzrollback", "qmrestore", "vzrestore"))
_POWER = {
    "running": frozenset(("qmstart", "vzstart", "qmresume", "vzresume", "qmreboot", "vzreboot", "qmrollback")),
    "stopped": frozenset(("qmstop", "vzstop", "qmshutdown", "vzshutdown", "qmrollback", "vzrollback")),
}
_TASKS = 200
"""Tasks of a guest that are looked through, the newest of them."""
_LOGS = 20
"""Logs of a guest that are read: older tasks of that many have been followed by others."""
_LINES = 20
"""What a task wrote stands in its first line; a few more do no harm."""


async def traces(
    guest: GuestDriver, view: View, owned: Owned, live: Live | None, changes: Sequence[Change], since: datetime
) -> dict[str, Trace]:
    """Which tasks made these changes of a guest, by path; of a guest that is gone, which one destroyed it."""
    vmid, node = int(owned.identity["vmid"]), str((live.identity if live else owned.identity)["node"])
    tasks = await _tasks(view, node, vmid, since)
    if live is None:
        gone = next((task for task in tasks if task["type"] in _DESTROY), None)
        return {"": _trace(gone)} if gone else {}
    wrote = await _written(view, tasks) if any(_key(guest, change) for change in changes) else {}
    found = {}
    for change in changes:
        proof = next((task for task in tasks if _proves(guest, task, live, change, changes, wrote)), None)
        if proof is not None:
            found[change.path] = _trace(proof)
    return found


def _proves(
    guest: GuestDriver,
    task: Mapping[str, Any],
    live: Live,
    change: Change,
    changes: Sequence[Change],
    wrote: Mapping[str, Mapping[str, str]],
) -> bool:
    if change.path == "state":
        return task["type"] in _POWER.get(str(change.old), ())
    if task["type"] in _ALL_OF_IT:
        return True
    for types, slot_of in ((_RESIZE, resized), (_MOVE, moved)):
        # Its task does not say which volume it was about: where it could be two, it proves neither.
        if task["type"] in types and slot_of(guest.api, change) is not None:
            return sum(slot_of(guest.api, other) is not None for other in changes) == 1
    said, key = wrote.get(str(task["upid"]), {}), _key(guest, change)
    return key in said and _is_same(said[key], live.raw.get(key))


def _key(guest: GuestDriver, change: Change) -> str:
    return guest.api.name_key if change.path == NAME else guest.schema.key_of(change.path)


def _is_same(said: str, lives: object) -> bool:
    """Whether what was written lives: PVE completes what has parts (a card's address, a disk's volume)."""
    return any(sign in said for sign in ",=:;") or said == str("" if lives is None else lives)


def _trace(task: Mapping[str, Any]) -> Trace:
    user = f"{task['user']}!{task['tokenid']}" if task.get("tokenid") else str(task["user"])
    return Trace(str(task["upid"]), str(task["type"]), user, datetime.fromtimestamp(int(task["starttime"]), UTC))


async def _tasks(view: View, node: str, vmid: int, since: datetime) -> list[dict[str, Any]]:
    """A guest's tasks that ended well, the newest first: those of its node, and the latest of all nodes."""
    rows = list(await view.tasks())
    second = int(since.timestamp())  # tasks know no parts of one
    try:
        asked = {"node": node, "vmid": vmid, "since": second, "limit": _TASKS}
        rows += await view.pve.get("/nodes/{node}/tasks", asked)
    except MpcError:
        pass  # a node that is gone, a login that may not: what the cluster itself knows is all there is
    mine = {
        str(row["upid"]): row
        for row in rows
        if str(row.get("id")) == str(vmid)
        and int(row["starttime"]) >= second
        and (row.get("status") == "OK" or str(row.get("status", "")).startswith("WARNINGS"))
    }
    return sorted(mine.values(), key=lambda row: int(row["starttime"]), reverse=True)


async def _written(view: View, tasks: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """What tasks that write a config say to have written, by UPID and parameter."""
    writes = [task for task in tasks if task["type"] == _WRITE][:_LOGS]
    logs = await asyncio.gather(*(_log(view, task) for task in writes))
    return {str(task["upid"]): _said(lines) for task, lines in zip(writes, logs, strict=True)}


async def _log(view: View, task: Mapping[str, Any]) -> list[str]:
    try:
        asked = {"node": task["node"], "upid": task["upid"], "limit": _LINES}
        return [str(row.get("t", "")) for row in await view.pve.get("/nodes/{node}/tasks/{upid}/log", asked)]
    except MpcError:
        return []  # the log is gone sooner than the task


def _said(lines: Sequence[str]) -> dict[str, str]:
    """The parameters that a line such as `update VM 100: -cores 4 -delete net1` names; deleted ones are empty."""
    found: dict[str, str] = {}
    for line in lines:
        head, _, rest = line.partition(": ")
        if not head.startswith("update VM "):
            continue
        try:
            words = shlex.split(rest)
        except ValueError:
            words = rest.split()
        said = {name.removeprefix("-"): value for name, value in zip(words[::2], words[1::2], strict=False)}
        found |= dict.fromkeys(said.pop("delete", "").split(","), "") | said
    return found
