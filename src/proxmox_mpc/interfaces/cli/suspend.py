"""suspend: guests stand still."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("suspend")
@_guests.options
@click.option("--to-disk", is_flag=True, help="Write the memory of VMs to disk, and switch them off.")
def command(to_disk: bool, **chosen: Any) -> None:
    """Suspend guests: they stand still until `resume`.

    Examples: suspend web · suspend vms -l env=test --to-disk
    """
    from proxmox_mpc.actions.suspend import suspend

    _guests.act(suspend, chosen, to_disk=to_disk)
