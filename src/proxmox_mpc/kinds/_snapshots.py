"""Snapshots on the wire: where they are listed, taken and deleted, and the marks of those that go by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from proxmox_mpc.kinds._guest_rows import Row
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_AUTOMATIC = re.compile(r"\[proxmox-mpc-policy (?P<policy>[^\]\s]+) (?P<at>[^\]\s]+)\]")
_SAFETY = re.compile(r"\[proxmox-mpc-rollback (?P<application>[^\]\s]+)\]")
# As PVE names configuration sections (pve-configid; facts.md 19), and what it keeps for itself.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,39}")
RESERVED = frozenset({"current", "pending", "vzdump"})
# What backups of containers and replication take for the time that they last.
PASSING = frozenset({"current", "vzdump"})


def path(row: Mapping[str, Any], tail: str = "") -> str:
    return f"/nodes/{{node}}/{row['type']}/{{vmid}}/snapshot{tail}"


def where(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"vmid": int(row["vmid"]), "node": row["node"]}


async def listed(view: View, row: Row) -> list[dict[str, Any]]:
    """A guest's snapshots."""
    rows = await view.once(f"snapshots/{row['vmid']}", lambda: view.pve.get(path(row), where(row)))
    return [snapshot for snapshot in rows if snapshot["name"] not in PASSING]


async def take(run: Run, row: Row, name: str, description: str, *, memory: bool, **facts: Any) -> None:
    """Take a snapshot, and wait for it."""
    params: dict[str, Any] = {**where(row), "snapname": name, "description": description}
    if row["type"] == "qemu":
        params["vmstate"] = memory
    async with _lanes(run, row):
        await run.call("POST", path(row), params, title=f"snapshot {row['vmid']} as {name}", **facts)
    run.view.forget(f"snapshots/{row['vmid']}")


async def forget(run: Run, row: Row, name: str) -> None:
    """Delete a snapshot, and wait for it."""
    async with _lanes(run, row):
        params = {**where(row), "snapname": name}
        await run.call("DELETE", path(row, "/{snapname}"), params, title=f"delete snapshot {name} of {row['vmid']}")
    run.view.forget(f"snapshots/{row['vmid']}")


async def roll_back(run: Run, row: Row, name: str, *, start: bool) -> None:
    """Take a guest back to a snapshot, and wait for it."""
    async with _lanes(run, row):
        params = {**where(row), "snapname": name, "start": start}
        title = f"roll {row['vmid']} back to {name}"
        await run.call("POST", path(row, "/{snapname}/rollback"), params, title=title)


def _lanes(run: Run, row: Row) -> Any:
    """A guest has one lock, and a node not too many tasks."""
    return run.lane(f"node:{row['node']}", f"file:guest/{row['vmid']}")


def automatic(policy: str, at: datetime) -> str:
    """The description of a snapshot that a policy takes: whose it is, and when, by the clock that decides."""
    return f"[proxmox-mpc-policy {policy} {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}]"


def before(application: str) -> str:
    """The description of a snapshot that is taken before an application's change: it goes once the change is done."""
    return f"As it was before a change of {application}. [proxmox-mpc-rollback {quote(application, safe='')}]"


def is_before(snapshot: Mapping[str, Any], application: str = "") -> bool:
    """Whether a snapshot was taken before a change, of this application if one is named."""
    match = _SAFETY.search(str(snapshot.get("description", "")))
    return match is not None and application in ("", unquote(match["application"]))


def policy_of(snapshot: Mapping[str, Any]) -> str:
    """The policy that took a snapshot; empty for one that somebody else has taken."""
    match = _AUTOMATIC.search(str(snapshot.get("description", "")))
    return match["policy"] if match else ""


def taken_at(snapshot: Mapping[str, Any]) -> datetime:
    """When a policy took it; a node's clock may go otherwise."""
    match = _AUTOMATIC.search(str(snapshot["description"]))
    try:
        return datetime.fromisoformat(match["at"] if match else "")
    except ValueError:
        return datetime.fromtimestamp(int(snapshot.get("snaptime", 0)), UTC)
