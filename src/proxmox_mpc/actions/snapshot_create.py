"""Take snapshots of guests."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import CannotBe
from proxmox_mpc.actions._guests.snapshots import check_name, found, row_of, taken
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._guest import is_template
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View


class SnapshotCreateRequest(GuestsRequest):
    """Which guests, and how the snapshot is called."""

    name: str = Field(description="Name of the snapshot.")
    description: str = Field("", description="What it is for.")
    memory: bool = Field(False, description="Keep the memory of running VMs, too.")


@action(permission="guests:write", route="POST /snapshots/create", writes=True, scope="namespace", long=True)
async def snapshot_create(session: Session, request: SnapshotCreateRequest) -> GuestsResult:
    """Take a snapshot of guests; those that have one of this name are left alone."""
    check_name(request.name)

    async def judge(view: View, guest: Guest) -> list[Turn]:
        if is_template(guest.live):
            return [Turn(guest, error=CannotBe("is a template, which has no snapshots"))]
        if request.memory and guest.driver.api.type == "lxc":
            problem = CannotBe("is a container: only VMs keep their memory", hint="leave --memory out")
            return [Turn(guest, error=problem)]
        if (there := await found(view, guest, request.name)) is not None:
            return [Turn(guest, already=f"has snapshot {request.name} already, of {taken(there)}")]

        async def do(run: StepRun, live: Live) -> None:
            row = row_of(guest, live)
            await _snapshots.take(run, row, request.name, request.description, memory=request.memory)

        return [Turn(guest, f"gets snapshot {request.name}" + (", with memory" if request.memory else ""), do)]

    return await carry_out(session, request, "snapshot", judge)
