"""Place guests on a node again."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import AgreedRequest, Guest, all_that
from proxmox_mpc.actions._guests.moves import goes_by_restart, move
from proxmox_mpc.actions._guests.nodes import NodeResult, check_node, ending, sid, writing
from proxmox_mpc.actions._guests.turns import Turn, begin, take
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.drain import Containers
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds import _cordon
from proxmox_mpc.kinds._view import View


class UncordonRequest(AgreedRequest):
    """Which node, and whether the guests that left it come back."""

    node: str = Field(description="The node.")
    back: bool = Field(False, description="Bring back the guests that left it when it was drained.")
    containers: Containers = Field(
        "restart", description="Whether running containers, which only move by a restart, come or stay."
    )
    timeout_s: float | None = Field(None, ge=0, description="Seconds after which no further guest begins to move.")


class UncordonResult(NodeResult):
    """The same, with the guests that left the node and are not back."""

    was_cordoned: bool
    away: list[str]


@action(permission="guests:write", route="POST /nodes/{node}/uncordon", writes=True, long=True)
async def uncordon(session: Session, request: UncordonRequest) -> UncordonResult:
    """Place guests on a node again, and bring back those that left it when it was drained, if that is asked for."""
    view, resumed = await begin(session, request)
    await check_node(view, request.node)
    cordon = (await _cordon.read(view, [request.node]))[request.node]
    left = set(cordon.left if cordon else ())
    guests = await all_that(view, lambda live: sid(live) in left) if left else []
    turns = [await _turn(view, request, guest) for guest in guests] if request.back else []
    context = (await session.context()).name
    with ending(session, request.timeout_s):
        result = await take(session, view, request, "uncordon", turns)
        cordoned = cordon is not None
        if cordoned and not (result.dry_run or result.asks or result.exit_code):
            # Last: as long as somebody is to come back, the room is kept, and the list of who it is.
            await take(session, view, request, "uncordon", [], before=writing(session, context, request.node, None))
            cordoned = False
    here = {item.vmid for item in result.items if item.status == "done"}
    away = [guest for guest in guests if guest.vmid not in here and guest.live.identity["node"] != request.node]
    return UncordonResult(
        **{**result.model_dump(), "resumed": resumed},
        node=request.node,
        cordoned=cordoned,
        was_cordoned=cordon is not None,
        away=[f"{guest.kind.short[0]}/{guest.word}" for guest in away],
    )


async def _turn(view: View, request: UncordonRequest, guest: Guest) -> Turn:
    if guest.error is not None:
        return Turn(guest, error=guest.error)
    if goes_by_restart(guest) and request.containers == "leave" and guest.live.identity["node"] != request.node:
        return Turn(guest, already="stays: it is a container, and would be restarted")
    try:
        return await move(view, guest, request.node)
    except MpcError as error:
        return Turn(guest, error=error)
