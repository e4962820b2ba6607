"""resize: disks of guests grow."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("resize")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…] DISK SIZE")
@_guests.choosing
def command(**chosen: Any) -> None:
    """Grow a disk of guests to a size, or by one; disks never shrink.

    Examples: resize web scsi0 50G · resize web db scsi0 +10G · resize ct cache rootfs 20G
    """
    from proxmox_mpc.actions.resize import resize

    chosen["guests"], (disk, size) = _guests.last(chosen["guests"], 2, "resize GUEST… DISK SIZE")
    _guests.act(resize, chosen, retry=lambda items: [*_guests.guests_again(items), disk, size], disk=disk, size=size)
