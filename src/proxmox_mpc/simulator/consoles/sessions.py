"""Who may connect to which console on which port, until when; and the drawn consoles of running guests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from proxmox_mpc.simulator.consoles.channel import Channel, first_of
from proxmox_mpc.simulator.consoles.console import Console
from proxmox_mpc.simulator.state.guest import Guest, Run

# PVE takes the ports of consoles from here (PVE::Tools::next_vnc_port, 9.1).
_PORTS = range(5900, 6000)

# How soon somebody must connect: a console's ticket is good for so long (PVE::AccessControl, 9.1).
LIFETIME_S = 40.0

Serve = Callable[[Channel], Awaitable[None]]


@dataclass
class Session:
    """A console that was asked for. It serves one connection; `expires` in seconds since 1970."""

    port: int
    path: str
    user: str
    expires: float
    serve: Serve
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, socket: web.WebSocketResponse) -> None:
        """Serve the one who connected until either side, or the task of the console, ends it."""
        if self.connected.is_set():
            # Two came at the same time; the other one was first.
            return
        self.connected.set()
        channel = Channel(socket)
        pumping = asyncio.create_task(channel.pump())
        try:
            await first_of(self.serve(channel), self.ended.wait())
        except ConnectionError:
            # The other side is gone, or the guest's own socket is.
            return
        finally:
            self.ended.set()
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)


class Sessions:
    """All sessions by port, and the drawn consoles by guest and terminal name."""

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}
        self._drawn: dict[tuple[int, str], tuple[Run, Console]] = {}

    def offer(self, now: float, path: str, user: str, serve: Serve) -> Session | None:
        """A port for a console of `path` (`/vms/100`), for this user alone; None when all are taken."""
        for port in [p for p, s in self._sessions.items() if s.ended.is_set() or self._is_late(s, now)]:
            del self._sessions[port]
        free = [p for p in _PORTS if p not in self._sessions]
        if not free:
            return None
        port = free[0]
        self._sessions[port] = Session(port, path, user, now + LIFETIME_S, serve)
        return self._sessions[port]

    @staticmethod
    def _is_late(session: Session, now: float) -> bool:
        return now > session.expires and not session.connected.is_set()

    def find(self, now: float, port: int, path: str, user: str) -> Session | None:
        """The session that waits on a port, if it is this user's and of this guest or node."""
        found = self._sessions.get(port)
        if found is None or found.connected.is_set() or found.ended.is_set() or self._is_late(found, now):
            return None
        return found if (found.path, found.user) == (path, user) else None

    def end_all(self) -> None:
        for session in self._sessions.values():
            session.ended.set()

    def drawn(self, guest: Guest, terminal: str, boot: Callable[[Console], None]) -> Console:
        """The drawn console of a running guest: the same one for all who look, booted when it is new."""
        assert guest.run is not None
        run, console = self._drawn.get((guest.vmid, terminal), (None, None))
        if console is None or run is not guest.run:
            console = Console()
            boot(console)
            self._drawn[guest.vmid, terminal] = (guest.run, console)
        return console

    def booted(self, guest: Guest) -> list[tuple[str, Console]]:
        """The drawn consoles of the guest as it runs now, by terminal."""
        return [(name, c) for (vmid, name), (run, c) in self._drawn.items() if vmid == guest.vmid and run is guest.run]
