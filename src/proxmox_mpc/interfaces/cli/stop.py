"""stop: guests are switched off."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("stop")
@_guests.options
def command(**chosen: Any) -> None:
    """Stop guests at once, as if their power was cut; `shutdown` lets them end in order.

    Examples: stop web · stop cts -l env=test --yes
    """
    from proxmox_mpc.actions.stop import stop

    _guests.act(stop, chosen)
