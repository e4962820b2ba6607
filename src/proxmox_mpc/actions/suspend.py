"""Suspend guests."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session


class SuspendRequest(GuestsRequest):
    """Which guests, and where their memory goes."""

    to_disk: bool = Field(False, description="Write the memory of VMs to disk, and switch them off.")


@action(permission="guests:write", route="POST /guests/suspend", writes=True, scope="namespace", long=True)
async def suspend(session: Session, request: SuspendRequest) -> GuestsResult:
    """Suspend guests: they stand still in memory, or with their memory on disk."""
    does = "goes to disk, and off" if request.to_disk else "stands still"
    loses = "it does not serve until it is resumed"
    params = {"todisk": True} if request.to_disk else {}
    return await switch(session, request, "suspend", does, loses=loses, params=params)
