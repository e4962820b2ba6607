"""shutdown: guests are shut down in order."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("shutdown")
@_guests.options
@click.option("--timeout", default=180, show_default=True, help="Seconds that a guest may take.", metavar="SECONDS")
@click.option("--force", is_flag=True, help="Stop those that take longer.")
def command(timeout: int, force: bool, **chosen: Any) -> None:
    """Shut guests down; one that does not heed it is reported, or stopped with --force.

    Examples: shutdown web · shutdown vms --all --timeout 60 --force
    """
    from proxmox_mpc.actions.shutdown import shutdown

    _guests.act(shutdown, chosen, timeout_s=timeout, force=force)
