"""Move guests to other nodes."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import CannotBe
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import _guest_requests
from proxmox_mpc.kinds._guest_place import Promised, elsewhere
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View

AUTO = "auto"


class MigrateRequest(GuestsRequest):
    """Which guests, and where to."""

    to: str = Field(description="The node, or auto: the emptiest other one that has what a guest needs.")
    storage: str = Field("", description="Where their local disks go there; else to storages of the same names.")


@action(permission="guests:write", route="POST /guests/migrate", writes=True)
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
        return [await _turn(view, guest, target, request.storage)]

    return await carry_out(session, request, "migrate", judge, templates=True)


async def _chosen(view: View, guest: Guest, promised: Promised) -> str:
    return (await elsewhere(guest.driver, view, guest.live, promised, declared=guest.declared)).node


def _storages(guest: Guest) -> frozenset[str]:
    return frozenset(str(value) for path, value in guest.live.fields.items() if path.endswith(".storage"))


async def _turn(view: View, guest: Guest, target: str, storage: str) -> Turn:
    live, driver = guest.live, guest.driver
    if live.identity["node"] == target:
        return Turn(guest, already=f"is on {target} already")
    there = {str(row["storage"]) for row in await view.rows("storage") if row["node"] == target}
    if missing := sorted({storage} - there if storage else _storages(guest) - there):
        hint = f"--storage NAME takes its disks to another: {', '.join(sorted(there))}"
        return Turn(
            guest, error=CannotBe(f"cannot go to {target}, which has no storage {', '.join(missing)}", hint=hint)
        )
    running = live.fields.get("state") == "running"
    if driver.api.type == "qemu":
        answer = await view.pve.get(driver.api.path("/migrate"), {**live.identity, "target": target})
        if tied := answer.get("local_resources"):
            return Turn(guest, error=CannotBe(f"is tied to its node by {', '.join(map(str, tied))}"))

    async def do(run: StepRun, live: Live) -> dict[str, Any]:
        key = "targetstorage" if driver.api.type == "qemu" else "target-storage"
        moved = await _guest_requests.migrate(driver, run, live, target, {key: storage} if storage else {})
        return {"node": moved.identity["node"]}

    by_restart = running and driver.api.type == "lxc"
    how = ", by a restart" if by_restart else ", as it runs" if running else ""
    return Turn(guest, f"moves to {target}{how}", do, "it is down meanwhile" if by_restart else "")
