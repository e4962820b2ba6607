"""Copy a cluster's inventory and configuration into a seed file of the simulator, without its secrets."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.generators import twin as twins
from proxmox_mpc.kinds._kind import Key


class TwinRequest(Request):
    """The whole cluster."""


class TwinResult(Result):
    """The seed, which cluster it was read from, and what of it is not there."""

    context: str
    nodes: int
    guests: int
    seed: dict[str, Any]
    left_out: list[str]


@action(permission="resources:read", route="GET /contexts/current/twin")
async def twin(session: Session, request: TwinRequest) -> TwinResult:
    """Copy a cluster's inventory and configuration, never its secrets, into a seed file for the simulator."""
    context = await session.context()
    key = Key("Twin", "", context.name)
    session.report(Progress(key, "started", action=Action.CREATE))
    made = await twins.read(
        await session.cluster(), lambda text: session.report(Progress(key, "log", text, action=Action.CREATE))
    )
    return TwinResult(
        context=context.name,
        nodes=len(made.seed["nodes"]),
        guests=len(made.seed["guests"]),
        seed=made.seed,
        left_out=made.left_out,
    )
