"""Move guests to other nodes."""

from __future__ import annotations

import asyncio

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.moves import move
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._guest_place import Promised, elsewhere
from proxmox_mpc.kinds._view import View

AUTO = "auto"


class MigrateRequest(GuestsRequest):
    """Which guests, and where to."""

    to: str = Field(description="The node, or auto: the emptiest other one that has what a guest needs.")
    storage: str = Field("", description="Where their local disks go there; else to storages of the same names.")


@action(permission="guests:write", route="POST /guests/migrate", writes=True, scope="namespace", long=True)
async def migrate(session: Session, request: MigrateRequest) -> GuestsResult:
    """Move guests to another node: VMs as they run, containers by a restart; local disks go with them."""
    promised: Promised = {}
    in_turn = asyncio.Lock()

    async def judge(view: View, guest: Guest) -> list[Turn]:
        online = await view.nodes()
        if request.to not in (AUTO, *online):
            raise NotFoundError(f"there is no node {request.to!r} online", hint=f"nodes: {', '.join(online)}")
        async with in_turn:  # each is placed beside those before it, in the same order every time
            target = request.to if request.to != AUTO else await _chosen(view, guest, promised)
        return [await move(view, guest, target, request.storage)]

    return await carry_out(session, request, "migrate", judge, templates=True)


async def _chosen(view: View, guest: Guest, promised: Promised) -> str:
    return (await elsewhere(guest.driver, view, guest.live, promised, declared=guest.declared)).node
