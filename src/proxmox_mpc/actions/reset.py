"""Reset VMs."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session


class ResetRequest(GuestsRequest):
    """Which VMs."""


@action(permission="guests:write", route="POST /guests/reset", writes=True, scope="namespace", long=True)
async def reset(session: Session, request: ResetRequest) -> GuestsResult:
    """Reset VMs, as their reset button does."""
    return await switch(session, request, "reset", "starts anew at once", loses="unsaved data is lost")
