"""backup: guests are backed up."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("backup")
@_guests.options
@click.option("--storage", default="", metavar="NAME", help="Storage that takes backups.")
@click.option("--mode", default="snapshot", type=click.Choice(["snapshot", "suspend", "stop"]), show_default=True)
@click.option("--compress", default="zstd", type=click.Choice(["zstd", "gzip", "lzo", "0"]), show_default=True)
@click.option("--notes", default="{{guestname}}", show_default=True, metavar="TEXT", help="Notes of the backup.")
@click.option("--protected", is_flag=True, help="Never removed by retention.")
@click.option("--prune", is_flag=True, help="Remove older backups as the storage's retention says.")
def command(storage: str, mode: str, compress: str, notes: str, protected: bool, prune: bool, **chosen: Any) -> None:
    """Back guests up, each into an archive of its own, and wait for it; older backups stay.

    Examples: backup web · backup vms -l env=prod --storage nas --protected · backup --all --prune
    """
    from proxmox_mpc.actions.backup import backup

    how: dict[str, Any] = {"storage": storage, "mode": mode, "compress": compress, "notes": notes}
    _guests.act(backup, chosen, **how, protected=protected, prune=prune)
