"""Guests that a task works on: PVE notes a lock in their configuration, and refuses nearly everything meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

WAIT_S = 300
"""How long another task may take before it is said that it holds the guest: most are done by then, backups are not."""
SUSPENDED = "suspended"
"""What PVE notes of a VM whose memory is on disk: no task holds it, and a start takes the note away."""


def lock_of(live: Live) -> str:
    """What holds the guest; nothing for most."""
    lock = str(live.raw.get("lock", ""))
    return "" if lock == SUSPENDED else lock


async def released(guest: GuestDriver, run: Run, live: Live) -> Live:
    """The guest once no task works on it any more. Raises Locked where none would ever end, or it takes too long."""
    from proxmox_mpc.pve import Locked

    if not (lock := lock_of(live)):
        return live
    vmid, holder = live.identity["vmid"], await _holder(run.view, live)
    if not holder:
        tool = "qm" if guest.api.type == "qemu" else "pct"
        hint = f"what was it? If it is over: `{tool} unlock {vmid}` on {live.identity['node']}"
        raise Locked(f"is locked ({lock}), and no task works on it any more", hint=hint)
    now = live

    async def is_free() -> bool:
        nonlocal now
        now = await guest.reread(run.view, now)
        return not lock_of(now)

    if not await run.until(is_free, timeout_s=WAIT_S, saying=f"waits: locked ({lock}) by {holder}"):
        raise Locked(f"is still locked ({lock}) by {holder} after {WAIT_S} s")
    return now


async def _holder(view: View, live: Live) -> str:
    """The task that works on it, and since when; nothing where none does."""
    node, vmid = str(live.identity["node"]), str(live.identity["vmid"])
    rows: list[dict[str, Any]] = await view.pve.get("/nodes/{node}/tasks", {"node": node, "source": "active"})
    # A backup of several guests names none.
    mine = [row for row in rows if str(row.get("id", "")) == vmid or (row["type"] == "vzdump" and not row.get("id"))]
    if not mine:
        return ""
    task = min(mine, key=lambda row: int(row["starttime"]))
    return f"{task['type']} of {task['user']} since {datetime.fromtimestamp(int(task['starttime']), UTC):%H:%M:%S} UTC"
