"""List snapshots of guests."""

from __future__ import annotations

import asyncio

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest, choose
from proxmox_mpc.actions._guests.snapshots import row_of, taken
from proxmox_mpc.actions._session import Session
from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._guest import is_template


class SnapshotListRequest(GuestsRequest):
    """Which guests."""


class SnapshotView(Result):
    """One snapshot."""

    guest: str
    namespace: str
    vmid: int
    name: str
    taken: str
    parent: str
    memory: bool
    policy: str
    description: str


class SnapshotListResult(Result):
    """Snapshots, guest by guest in the order in which they were taken."""

    items: list[SnapshotView]


@action(permission="resources:read", route="POST /snapshots/list", scope="namespace")
async def snapshot_list(session: Session, request: SnapshotListRequest) -> SnapshotListResult:
    """List the snapshots of guests."""
    view = await session.view()
    guests = [guest for guest in await choose(session, view, request) if not is_template(guest.live)]

    async def of(guest: Guest) -> list[SnapshotView]:
        if guest.error is not None:
            raise guest.error
        rows = sorted(await _snapshots.listed(view, row_of(guest)), key=lambda row: int(row.get("snaptime", 0)))
        key = guest.live.key
        return [
            SnapshotView(
                guest=key.name,
                namespace=key.namespace,
                vmid=guest.vmid,
                name=row["name"],
                taken=taken(row),
                parent=str(row.get("parent", "")),
                memory=bool(row.get("vmstate")),
                policy=_snapshots.policy_of(row),
                description=str(row.get("description", "")).strip(),
            )
            for row in rows
        ]

    return SnapshotListResult(items=[view for views in await asyncio.gather(*map(of, guests)) for view in views])
