"""Back guests up."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import state_of
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._guest_backup import Archive, archives, back_up, places
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View


class BackupRequest(GuestsRequest):
    """Which guests, where to, and how."""

    storage: str = Field("", description="Storage that takes backups; may be left out where a node has one.")
    mode: Literal["snapshot", "suspend", "stop"] = Field("snapshot", description="What running guests notice of it.")
    compress: Literal["zstd", "gzip", "lzo", "0"] = Field("zstd", description="How it is compressed; 0 is not.")
    notes: str = Field("{{guestname}}", description="Notes of it; {{guestname}}, {{node}} and {{vmid}} are filled in.")
    protected: bool = Field(False, description="Never removed by retention.")
    prune: bool = Field(False, description="Remove older backups as the storage's retention says.")


@action(permission="guests:write", route="POST /guests/backup", writes=True, scope="namespace", long=True)
async def backup(session: Session, request: BackupRequest) -> GuestsResult:
    """Back guests up, each into an archive of its own; older backups stay unless they are to be pruned."""
    options = {
        "mode": request.mode,
        "compress": request.compress,
        "notes-template": request.notes,
        "protected": request.protected,
        "remove": request.prune,
    }

    async def judge(view: View, guest: Guest) -> list[Turn]:
        node = str(guest.live.identity["node"])
        known = places(await view.resources(), node)
        if request.storage not in known and (request.storage or len(known) != 1):
            what = f"no storage {request.storage!r}" if request.storage else "not one storage"
            problem = NotFoundError(
                f"{node} has {what} for backups", hint=f"--storage: {', '.join(known) or 'none takes backups'}"
            )
            return [Turn(guest, error=problem)]
        storage = request.storage or known[0]

        async def do(run: StepRun, live: Live) -> dict[str, Any]:
            return {"volid": await back_up(guest.driver, run, live, storage, options)}

        goes_down = request.mode != "snapshot" and state_of(guest.live) == "running"
        loses = ["it is down or stands still meanwhile"] if goes_down else []
        if request.prune and (older := await _may_go(view, guest, storage)):
            backups = "1 older backup" if older == 1 else f"{older} older backups"
            loses.append(f"{backups} of it there may go, as the retention of {storage} says")
        return [Turn(guest, f"is backed up to {storage}", do, "; ".join(loses))]

    return await carry_out(session, request, "backup", judge, templates=True)


async def _may_go(view: View, guest: Guest, storage: str) -> int:
    """How many backups of the guest a retention may remove once there is another: all but those that are protected."""
    known: list[Archive] = await view.once(f"archives of {storage}", lambda: archives(view, storage))
    node = guest.live.identity["node"]
    return sum(one.vmid == guest.vmid and node in one.nodes and not one.protected for one in known)
