"""Grow disks of guests."""

from __future__ import annotations

import re

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import CannotBe
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import NotFoundError, UsageError
from proxmox_mpc.kinds._codec import bytes_of
from proxmox_mpc.kinds._guest_requests import grow
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View

_SIZE = re.compile(r"\+?\d+(\.\d+)?[KMGT]")


class ResizeRequest(GuestsRequest):
    """Which guests, which of their disks, and how large."""

    disk: str = Field(description="Slot of the disk: scsi0; rootfs or mp0 of a container.")
    size: str = Field(description="Its new size (50G), or by how much it grows (+10G).")


@action(permission="guests:write", route="POST /guests/resize", writes=True, scope="namespace", long=True)
async def resize(session: Session, request: ResizeRequest) -> GuestsResult:
    """Grow a disk of guests; disks never shrink. Each result is the size that is wanted."""
    if not _SIZE.fullmatch(request.size):
        raise UsageError(f"{request.size!r} is no size", hint="write 50G, or +10G to add as much")

    async def judge(view: View, guest: Guest) -> list[Turn]:
        return [_turn(guest, request.disk, request.size)]

    return await carry_out(session, request, "resize", judge, templates=True)


def _turn(guest: Guest, disk: str, size: str) -> Turn:
    sizes = {path.split(".")[-2]: path for path in guest.live.fields if _is_size(guest, path)}
    if disk not in sizes:
        hint = f"it has {', '.join(sorted(sizes))}" if sizes else "it has no disk of a size"
        return Turn(guest, error=NotFoundError(f"has no disk {disk!r}", hint=hint))
    path, schema = sizes[disk], guest.kind.schema
    old = int(str(guest.live.fields[path]))
    new = bytes_of(size.removeprefix("+")) + (old if size.startswith("+") else 0)
    shown = str(schema.show(path, old)), str(schema.show(path, new))
    if new == old:
        return Turn(guest, already=f"has a {disk} of {shown[0]} already")
    if new < old:
        return Turn(guest, error=CannotBe(f"has a {disk} of {shown[0]}, and a disk cannot shrink"))

    async def do(run: StepRun, live: Live) -> None:
        await grow(guest.driver, run, live, disk, shown[1])

    warning = guest.overrules(path, new)
    warnings = (warning,) if warning else ()
    return Turn(guest, f"{disk} grows from {shown[0]} to {shown[1]}", do, warnings=warnings, tells={"size": shown[1]})


def _is_size(guest: Guest, path: str) -> bool:
    home, _, rest = path.partition(".")
    return home in guest.driver.api.disk_lists and rest.rpartition(".")[2] == "size"
