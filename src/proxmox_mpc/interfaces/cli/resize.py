"""resize: disks of guests grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _guests

if TYPE_CHECKING:
    from proxmox_mpc.actions._guests.turns import GuestView


@click.command("resize")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…] DISK SIZE")
@_guests.choosing
def command(**chosen: Any) -> None:
    """Grow a disk of guests to a size, or by one; disks never shrink.

    Examples: resize web scsi0 50G · resize web db scsi0 +10G · resize ct cache rootfs 20G
    """
    from proxmox_mpc.actions.resize import resize

    chosen["guests"], (disk, size) = _guests.last(chosen["guests"], 2, "resize GUEST… DISK SIZE")

    def wanted(item: GuestView) -> str:
        """The whole size: whether a disk has grown where no answer came is not known, and it grows only once."""
        return str(item.result.get("size", size))

    def retry(items: Sequence[GuestView]) -> list[str]:
        return [*_guests.guests_again(items), disk, wanted(items[0])]

    _guests.act(resize, chosen, retry=retry, alike=wanted, disk=disk, size=size)
