"""reset: VMs start anew at once."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("reset")
@_guests.options
def command(**chosen: Any) -> None:
    """Reset VMs, as their reset button does; `reboot` lets them end in order.

    Examples: reset web
    """
    from proxmox_mpc.actions.reset import reset

    _guests.act(reset, chosen)
