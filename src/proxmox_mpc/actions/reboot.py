"""Reboot guests."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session
from proxmox_mpc.kinds._guest_power import SHUTDOWN_TIMEOUT_S


class RebootRequest(GuestsRequest):
    """Which guests, how long they may take to go down, and whether to wait until they answer."""

    timeout_s: int = Field(SHUTDOWN_TIMEOUT_S, gt=0, description="Seconds that a guest may take to go down.")
    answer_s: float = Field(0, ge=0, description="Seconds that their agents may take to answer; 0 does not wait.")


@action(permission="guests:write", route="POST /guests/reboot", writes=True, scope="namespace", long=True)
async def reboot(session: Session, request: RebootRequest) -> GuestsResult:
    """Shut guests down and start them again; pending changes take effect."""
    params, answer_s = {"timeout": request.timeout_s}, request.answer_s
    loses = "it is down for a moment"
    return await switch(session, request, "reboot", "restarts", loses=loses, params=params, answer_s=answer_s)
