"""start: guests are started."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("start")
@_guests.options
@click.option("--wait", is_flag=True, help="Until they run, and the agents of those that have one answer.")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds to wait.", metavar="SECONDS")
def command(wait: bool, timeout: float, **chosen: Any) -> None:
    """Start guests; those that run already are left alone.

    Examples: start web · start vms -l env=prod · vm start web db --wait
    """
    from proxmox_mpc.actions.start import start

    _guests.act(start, chosen, answer_s=timeout if wait else 0)
