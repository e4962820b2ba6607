"""Resume guests that were suspended."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session


class ResumeRequest(GuestsRequest):
    """Which guests."""


@action(permission="guests:write", route="POST /guests/resume", writes=True, scope="namespace", long=True)
async def resume(session: Session, request: ResumeRequest) -> GuestsResult:
    """Resume guests that were suspended, in memory or to disk."""
    return await switch(session, request, "resume", "goes on")
