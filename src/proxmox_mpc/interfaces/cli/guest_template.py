"""guest-template: guests become templates; also spelled `vm template NAME`."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("guest-template")
@_guests.options
def command(**chosen: Any) -> None:
    """Make templates of guests, also spelled `vm template web`; there is no way back.

    Examples: vm template golden · ct template base --yes
    """
    from proxmox_mpc.actions.guest_template import guest_template

    _guests.act(guest_template, chosen)
