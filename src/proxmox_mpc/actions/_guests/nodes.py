"""A node that guests leave and come back to: who it is, and its cordon as a step of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from proxmox_mpc.actions._guests.turns import GuestsResult, RunOf
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.errors import MpcError, NotFoundError
from proxmox_mpc.kinds import _cordon
from proxmox_mpc.kinds._cordon import Cordon
from proxmox_mpc.kinds._guest_ha import holder
from proxmox_mpc.kinds._kind import Key, Live
from proxmox_mpc.kinds._view import View


class NodeResult(GuestsResult):
    """What was or would be done, guest by guest, and the node: whether guests are placed on it."""

    node: str
    cordoned: bool


class NodeDown(MpcError):
    """The node is offline."""

    code = "node.offline"
    http_status = 409


async def check_node(view: View, name: str) -> None:
    """Raises NotFoundError for a node that there is not, NodeDown for one that is offline."""
    if name in await view.offline():
        raise NodeDown(f"{name} is offline: nothing can leave it", hint="HA brings its guests back by itself elsewhere")
    if name not in (online := await view.nodes()):
        raise NotFoundError(f"there is no node {name!r}", hint=f"nodes: {', '.join(online)}")


def sid(live: Live) -> str:
    """A guest as the cordon names it, and as HA does."""
    return holder("Container" if live.key.kind == "Container" else "VirtualMachine", live.identity["vmid"]).name


def writing(session: Session, context: str, node: str, cordon: Cordon | None) -> Callable[[RunOf], Awaitable[None]]:
    """What sets the node's cordon, or takes it off, and leaves an event."""

    async def write(run_of: RunOf) -> None:
        key = Key("NodeConfig", "", node)
        await _cordon.write(run_of(key, Action.UPDATE), node, cordon)
        await (await session.store()).events.add(
            context,
            type="Normal",
            reason="cordoned" if cordon else "uncordoned",
            kind=key.kind,
            namespace=key.namespace,
            name=key.name,
            message=str(cordon or "guests are placed on it again"),
            actor=session.actor,
        )

    return write


@contextmanager
def ending(session: Session, timeout_s: float | None) -> Iterator[None]:
    """After this time nothing new is begun; what the cluster is at comes to its end."""
    timer = asyncio.get_running_loop().call_later(timeout_s, session.stop.ask) if timeout_s is not None else None
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
