"""resume: guests that were suspended go on."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("resume")
@_guests.options
def command(**chosen: Any) -> None:
    """Let guests go on that were suspended, in memory or to disk.

    Examples: resume web
    """
    from proxmox_mpc.actions.resume import resume

    _guests.act(resume, chosen)
