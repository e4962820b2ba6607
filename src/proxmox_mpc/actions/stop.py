"""Stop guests at once."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from proxmox_mpc.actions._guests.power import switch
from proxmox_mpc.actions._guests.turns import GuestsResult
from proxmox_mpc.actions._session import Session


class StopRequest(GuestsRequest):
    """Which guests."""


@action(permission="guests:write", route="POST /guests/stop", writes=True, scope="namespace", long=True)
async def stop(session: Session, request: StopRequest) -> GuestsResult:
    """Stop guests at once, as if their power was cut."""
    # A shutdown that the guest does not heed keeps its lock: whoever stops it does not want to wait for that.
    params = {"overrule-shutdown": True}
    return await switch(session, request, "stop", "goes down at once", loses="unsaved data is lost", params=params)
