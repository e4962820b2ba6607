"""Offering consoles: a port, a ticket, and the task that waits for somebody to connect."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks, _tickets
from proxmox_mpc.simulator._call import Call, Socket
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator.consoles import terminal
from proxmox_mpc.simulator.consoles.channel import Channel, first_of
from proxmox_mpc.simulator.consoles.console import Console
from proxmox_mpc.simulator.consoles.sessions import Serve

# The real proxy waits so long for somebody to connect.
_PATIENCE_S = 10


def offer(call: Call, task: str, name: object, path: str, ticket: str, serve: Serve) -> dict[str, Any]:
    """What every console's proxy answers. The task lasts as long as the console is open; stopping it closes it."""
    cluster = call.cluster
    session = cluster.consoles.offer(cluster.now(), path, call.user, serve)
    if session is None:
        die("unable to find free port (5900-6000)")

    async def work(work: _tasks.Work) -> None:
        work.fail_if_asked()
        try:
            waiting = cluster.clock.until(cluster.now() + _PATIENCE_S)
            await first_of(session.connected.wait(), session.ended.wait(), waiting)
            if not session.connected.is_set():
                die("connection timed out")
            await session.ended.wait()
        finally:
            session.ended.set()

    upid = call.fork(task, name, work)
    return {"user": call.user, "ticket": ticket, "port": str(session.port), "upid": upid}


def connect(call: Call, path: str) -> Socket:
    """The websocket of a console that was offered to this user on this path."""
    cluster, port = call.cluster, call.number("port")
    if not _tickets.is_vnc_ticket(cluster, call.text("vncticket"), call.user, path):
        raise ApiError(401, "permission denied - invalid PVEVNC ticket\n")
    session = cluster.consoles.find(cluster.now(), port, path, call.user)
    if session is None:
        die(f"connect to 'localhost:{port}' failed: Connection refused")
    return Socket({"port": str(port)}, session.run)


async def serve_terminal(call: Call, channel: Channel, console: Console, path: str) -> None:
    """PVE's text protocol, for the user who asked for it."""

    def may_enter(user: str, ticket: str) -> bool:
        return user == call.user and _tickets.is_vnc_ticket(call.cluster, ticket, user, path)

    await terminal.serve(channel, console, may_enter)
