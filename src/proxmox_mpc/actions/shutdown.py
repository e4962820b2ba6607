"""Shut guests down."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session
from proxmox_mpc.kinds._guest_power import SHUTDOWN_TIMEOUT_S


class ShutdownRequest(GuestsRequest):
    """Which guests, and how long they may take."""

    timeout_s: int = Field(SHUTDOWN_TIMEOUT_S, gt=0, description="Seconds that a guest may take.")
    force: bool = Field(False, description="Stop those that take longer.")


@action(permission="guests:write", route="POST /guests/shutdown", writes=True, scope="namespace", long=True)
async def shutdown(session: Session, request: ShutdownRequest) -> GuestsResult:
    """Shut guests down in an orderly way; one that does not heed it is reported, or stopped by force."""
    params = {"timeout": request.timeout_s, "forceStop": request.force}
    does = "shuts down" + (f", by force after {request.timeout_s} s" if request.force else "")
    return await switch(session, request, "shutdown", does, loses="its services stop", params=params)
