"""Start guests."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session


class StartRequest(GuestsRequest):
    """Which guests, and whether to wait until they answer."""

    answer_s: float = Field(0, ge=0, description="Seconds that their agents may take to answer; 0 does not wait.")


@action(permission="guests:write", route="POST /guests/start", writes=True, scope="namespace", long=True)
async def start(session: Session, request: StartRequest) -> GuestsResult:
    """Start guests; those that run already are left alone."""
    return await switch(session, request, "start", "starts", answer_s=request.answer_s)
