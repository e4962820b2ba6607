"""Delete snapshots of guests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.snapshots import declared_by, of_one, row_of, taken
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View


class SnapshotDeleteRequest(GuestsRequest):
    """Which guests, and which of their snapshots."""

    name: str = Field(description="Name of the snapshot.")


@action(permission="guests:write", route="POST /snapshots/delete", writes=True, scope="namespace", long=True)
async def snapshot_delete(session: Session, request: SnapshotDeleteRequest) -> GuestsResult:
    """Delete a snapshot of guests; the guests stay as they are."""

    async def judge(view: View, guest: Guest) -> list[Turn]:
        async def do(run: StepRun, live: Live) -> None:
            await _snapshots.forget(run, row_of(guest, live), request.name)

        owner = await declared_by(view, guest, request.name)
        warning = f"application {owner} declares this snapshot; its next apply takes it anew" if owner else ""

        def turn(snapshot: Mapping[str, Any]) -> Turn:
            does, loses = f"loses snapshot {request.name}", f"its state of {taken(snapshot)}"
            return Turn(guest, does, do, loses, warnings=(warning,) if warning else ())

        return await of_one(view, guest, request.name, turn)

    return await carry_out(session, request, "snapshot delete", judge)
