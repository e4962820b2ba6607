"""Take guests back to a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.gates import refuse_protected
from proxmox_mpc.actions._guests.snapshots import of_one, row_of, taken
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View


class SnapshotRollbackRequest(GuestsRequest):
    """Which guests, and to which of their snapshots."""

    name: str = Field(description="Name of the snapshot.")
    start: bool = Field(False, description="Start them then; with its memory a snapshot starts its VM anyway.")


@action(permission="guests:write", route="POST /snapshots/rollback", writes=True, scope="namespace", long=True)
async def snapshot_rollback(session: Session, request: SnapshotRollbackRequest) -> GuestsResult:
    """Take guests back to a snapshot: disks and configuration; what came after it is lost."""

    async def judge(view: View, guest: Guest) -> list[Turn]:
        async def do(run: StepRun, live: Live) -> None:
            await _snapshots.roll_back(run, row_of(guest, live), request.name, start=request.start)

        def turn(snapshot: Mapping[str, Any]) -> Turn:
            refuse_protected(guest)
            runs = guest.live.fields.get("state") == "running"
            stays_down = runs and not (request.start or snapshot.get("vmstate"))
            does = f"goes back to {request.name}" + (", and stays off (--start starts it)" if stays_down else "")
            warning = "its configuration goes back, too: the next apply sets again what is declared"
            return Turn(guest, does, do, f"all since {taken(snapshot)}", warnings=(warning,) if guest.owned else ())

        return await of_one(view, guest, request.name, turn)

    return await carry_out(session, request, "rollback", judge)
