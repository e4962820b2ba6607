"""restore: a guest comes back from a backup."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests, _options


@click.command("restore")
@click.argument("guests", nargs=-1, metavar="VOLID|GUEST")
@_guests.one
@click.option("--latest", is_flag=True, help="The word is a guest: its latest backup.")
@click.option("--vmid", type=int, metavar="VMID", help="VMID of the restored guest; else that of the backup.")
@click.option("--name", default="", metavar="NAME", help="A new guest of this name.")
@click.option("--node", default="", metavar="NODE", help="Node of a new guest.")
@click.option("--storage", default="", metavar="NAME", help="Storage of its disks; else those of the backup.")
@click.option("--force", is_flag=True, help="Over the guest that has this VMID, as --allow data-loss.")
@_options.allow
@click.option("--start", is_flag=True, help="Start it.")
def command(**chosen: Any) -> None:
    """Restore a guest from a backup: as it was, as a new one (--name), or over one that is there (--force).

    Examples: restore local:backup/vzdump-qemu-100-….vma.zst · restore web --latest --name web-copy
    """
    from proxmox_mpc.actions.restore import restore

    names = ("latest", "vmid", "name", "node", "storage", "force", "allow", "start")
    _guests.act(restore, chosen, retry=lambda items: list(chosen["guests"]), **{n: chosen[n] for n in names})
