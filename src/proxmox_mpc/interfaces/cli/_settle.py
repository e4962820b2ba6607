"""What every verb that changes the cluster does first: close what an earlier run left open, and say so."""

from __future__ import annotations

import click

from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.settle import SettleRequest, settle


async def settle_first(session: Session, *, patient: bool = True) -> None:
    """A plan that is made while tasks of a killed run go on would be outdated before it is shown.

    Verbs on guests are not patient: a backup that goes on is no reason to wait with the start of another guest.
    """
    for line in (await settle(session, SettleRequest(patient=patient))).settled:
        click.echo(f"note: {line}", err=True)
