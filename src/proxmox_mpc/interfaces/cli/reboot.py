"""reboot: guests go down and come back."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("reboot")
@_guests.options
@click.option("--timeout", default=180, show_default=True, help="Seconds to go down, and to answer.", metavar="SECONDS")
@click.option("--wait", is_flag=True, help="Until they run, and the agents of those that have one answer.")
def command(timeout: int, wait: bool, **chosen: Any) -> None:
    """Shut guests down and start them again; what waits for a reboot takes effect.

    Examples: reboot web · reboot vms -l env=prod --wait
    """
    from proxmox_mpc.actions.reboot import reboot

    _guests.act(reboot, chosen, timeout_s=timeout, answer_s=timeout if wait else 0)
