"""migrate: guests move to other nodes."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("migrate")
@_guests.options
@click.option("--to", required=True, metavar="NODE", help="The node, or auto: the emptiest other one that fits.")
@click.option("--storage", default="", metavar="NAME", help="Where local disks go there; else to the same names.")
def command(to: str, storage: str, **chosen: Any) -> None:
    """Move guests to another node: VMs as they run, containers by a restart; local disks go with them.

    Examples: migrate web --to pve2 · migrate vms --field-selector node=pve1 --to auto
    """
    from proxmox_mpc.actions.migrate import migrate

    _guests.act(migrate, chosen, to=to, storage=storage)
