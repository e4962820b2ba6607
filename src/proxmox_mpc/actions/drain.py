"""Empty a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import AgreedRequest, Guest, all_that
from proxmox_mpc.actions._guests.moves import goes_by_restart, move, refuse_tied, replicas
from proxmox_mpc.actions._guests.nodes import NodeResult, check_node, ending, sid, writing
from proxmox_mpc.actions._guests.power import CannotBe
from proxmox_mpc.actions._guests.turns import Turn, begin, take
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import MpcError, UsageError
from proxmox_mpc.kinds import _cordon, _ha_rules
from proxmox_mpc.kinds._cordon import Cordon
from proxmox_mpc.kinds._guest import is_template
from proxmox_mpc.kinds._guest_ha import is_held
from proxmox_mpc.kinds._guest_place import Promised, elsewhere
from proxmox_mpc.kinds._view import View

Containers = Literal["restart", "leave"]


class DrainRequest(AgreedRequest):
    """Which node, and where its guests go."""

    node: str = Field(description="The node.")
    to: list[str] = Field([], description="Only to these nodes.")
    containers: Containers = Field(
        "restart", description="Whether running containers, which only move by a restart, go or stay."
    )
    timeout_s: float | None = Field(None, ge=0, description="Seconds after which no further guest begins to move.")


@action(permission="guests:write", route="POST /nodes/{node}/drain", writes=True, long=True)
async def drain(session: Session, request: DrainRequest) -> NodeResult:
    """Empty a node: nothing new is placed on it, and its guests move to where they fit."""
    view, resumed = await begin(session, request)
    await check_node(view, request.node)
    for name in request.to:
        await check_node(view, name)
    if request.node in request.to:
        raise UsageError(f"guests of {request.node} cannot go to {request.node}", hint="name other nodes, or none")
    guests = await all_that(view, lambda live: live.identity["node"] == request.node)
    guests = [guest for guest in guests if guest.live.identity["node"] == request.node]
    turns = await _turns(view, request, guests)
    before = (await _cordon.read(view, [request.node]))[request.node]
    leaving = [sid(turn.guest.live) for turn in turns if turn.do is not None]
    cordon = before or Cordon.now(session.actor, session.now())
    cordon = replace(cordon, left=tuple(dict.fromkeys([*cordon.left, *leaving])))
    context = (await session.context()).name
    with ending(session, request.timeout_s):
        result = await take(
            session, view, request, "drain", turns, before=writing(session, context, request.node, cordon)
        )
    cordoned = before is not None or not (result.dry_run or result.asks)
    return NodeResult(**{**result.model_dump(), "resumed": resumed}, node=request.node, cordoned=cordoned)


async def _turns(view: View, request: DrainRequest, guests: Sequence[Guest]) -> list[Turn]:
    """Each guest's turn; the biggest find their places first, for the small ones fit in between."""
    promised: Promised = {}
    where: dict[str, str] = {}
    found: dict[int, Turn] = {}
    resting = request.node in await _cordon.maintained(view)
    for guest in sorted(guests, key=lambda guest: (-_memory(guest), guest.vmid)):
        try:
            if guest.error is not None:
                raise guest.error
            found[guest.vmid] = await _turn(view, request, guest, promised, where, resting)
        except MpcError as error:
            # A template that stays keeps nobody from switching the node off for a while.
            left = is_template(guest.live)
            found[guest.vmid] = Turn(guest, already=str(error)) if left else Turn(guest, error=error)
    return [found[guest.vmid] for guest in guests]


async def _turn(
    view: View, request: DrainRequest, guest: Guest, promised: Promised, where: dict[str, str], resting: bool
) -> Turn:
    name = sid(guest.live)
    if is_held(guest.live) and resting:
        return Turn(guest, already="is moved by the HA manager: its node is in maintenance mode")
    if goes_by_restart(guest) and request.containers == "leave":
        return Turn(guest, already="stays: it is a container, and would be restarted")
    await refuse_tied(view, guest)
    if is_held(guest.live) and await _ha_rules.prefers(view, name, request.node):
        hint = f"PVE's maintenance mode, as root: ha-manager crm-command node-maintenance enable {request.node}"
        raise CannotBe(f"would be brought back by the HA manager, whose rules prefer {request.node} for it", hint=hint)
    among = frozenset(request.to) if request.to else None
    if is_held(guest.live) and (copies := await replicas(view, guest)):
        among = copies if among is None else copies & among  # the HA manager sends no other disks
    chosen = await elsewhere(
        guest.driver, view, guest.live, promised, among=among, declared=guest.declared, where=where
    )
    where[name] = chosen.node
    turn = await move(view, guest, chosen.node)
    return replace(turn, does=f"{turn.does}; {chosen.why}")


def _memory(guest: Guest) -> int:
    memory = guest.live.fields.get("memory", 0)
    return memory if isinstance(memory, int) else 0
