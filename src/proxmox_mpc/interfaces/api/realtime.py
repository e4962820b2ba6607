"""Messages as they come, over Socket.IO: who is logged in subscribes to rooms, and hears what he may see.

The bus's table is the truth: one task of this process tails it for all sockets, and a client that was away goes on
from the last number it saw. So replicas need no state of their own, and nothing is missed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import socketio

from proxmox_mpc.actions.message_list import MessageView, has_gap, hears
from proxmox_mpc.actions.webhook_set import ROOM
from proxmox_mpc.errors import MpcError
from proxmox_mpc.telemetry import Logger, metrics

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from proxmox_mpc.actions._access import Who
    from proxmox_mpc.bootstrap.background import Background
    from proxmox_mpc.store import Message

PATH = "/socket.io"
MESSAGE = "message"
OVER = "login-over"
LAGGING = "lagging"
MOST_ROOMS = 100
"""Rooms of one socket: a page that shows more than so many things asks for all of them."""
MOST_SOCKETS = 200
"""Sockets of one user: every tab of a team that shares an account, and far from what a process can hold."""
MOST_WAITING = 5_000
"""Messages that wait for one socket; a client that is slower than this is let go, and may go on from its number."""
PACE_S = 0.05
"""How long a full transport is left alone."""
CHECK_S = 30.0
"""How soon a login that was revoked, or has expired, hears nothing any more."""
_log = Logger("realtime")

Ask = dict[str, Any]


@dataclass
class Listener:
    """One socket: who it is, what it listens to, and what waits to be sent to it."""

    sid: str
    token: str = field(repr=False)
    who: Who
    sees: Callable[[Message], Awaitable[bool]]
    rooms: set[str] = field(default_factory=set)
    heard: dict[str, int] = field(default_factory=dict)
    """The number of the last message of each room that it heard."""
    waiting: asyncio.Queue[Message | Ask] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    sending: asyncio.Task[None] | None = None
    slow: bool = False


class Realtime:
    """The sockets of this process."""

    def __init__(self, background: Callable[[], Background], origins: Sequence[str]) -> None:
        self._background = background
        self.io = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=list(origins))
        self.listeners: dict[str, Listener] = {}
        self._by_room: dict[str, set[str]] = {}
        for name in ("connect", "disconnect", "subscribe", "unsubscribe", "login"):
            self.io.on(name, getattr(self, f"_{name}"))

    def mounted(self, app: ASGIApp) -> ASGIApp:
        """The application with the sockets beside it."""
        sockets = socketio.ASGIApp(self.io, socketio_path=PATH)

        async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
            mine = scope["type"] in ("http", "websocket") and scope["path"].startswith(f"{PATH}/")
            await (sockets if mine else app)(scope, receive, send)

        return chosen

    @property
    def wanted(self) -> set[str]:
        """Rooms that somebody listens to."""
        return set(self._by_room)

    async def run(self) -> None:
        """Bring messages to whoever listens, until it is cancelled."""
        checking = asyncio.create_task(self._check_logins())
        try:
            async for found in self._background().bus.tail(await self._newest()):
                for message in found:
                    self._bring(message)
        finally:
            checking.cancel()
            for listener in list(self.listeners.values()):
                await self._let_go(listener)

    async def _newest(self) -> int:
        while True:
            try:
                return await self._background().store.messages.last_id()
            except Exception as error:  # a database that is away for a moment
                _log.warning("messages cannot be read; trying again", why=type(error).__name__)
                await asyncio.sleep(1)

    def _bring(self, message: Message) -> None:
        for sid in self._by_room.get(message.room, ()):
            listener = self.listeners[sid]
            try:
                listener.waiting.put_nowait(message)
            except asyncio.QueueFull:
                listener.slow = True

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        token = auth.get("token", "") if isinstance(auth, dict) else ""
        header = environ.get("HTTP_AUTHORIZATION", "")
        token = token or header.removeprefix("Bearer ")
        try:
            who = await self._who(str(token), str(environ.get("REMOTE_ADDR", "")))
        except MpcError as error:
            raise socketio.exceptions.ConnectionRefusedError(error.message, {"code": error.code}) from None
        mine = Counter(one.who.user_id for one in self.listeners.values())[who.user_id]
        if mine >= MOST_SOCKETS:
            raise socketio.exceptions.ConnectionRefusedError("too many sockets", {"code": "realtime.too-many"})
        listener = Listener(sid, str(token), who, hears(self._background().session(who, "")))
        listener.sending = asyncio.create_task(self._send(listener))
        self.listeners[sid] = listener
        metrics.SOCKETS.set(len(self.listeners))

    async def _who(self, token: str, address: str) -> Who:
        background = self._background()
        who = await background.serving.authenticate(token, address=address, correlation="")
        if who.must_change_password:
            from proxmox_mpc.actions._gate import PasswordMustChange

            raise PasswordMustChange()
        return who

    async def _disconnect(self, sid: str, *reason: Any) -> None:
        listener = self.listeners.pop(sid, None)
        if listener is None:
            return
        metrics.SOCKETS.set(len(self.listeners))
        self._leave(listener, set(listener.rooms))
        if listener.sending is not None:
            listener.sending.cancel()

    async def _subscribe(self, sid: str, wish: Any = None) -> Ask:
        """`{rooms, after?}`: hear these rooms from now on, or from after that number on.

        Answers the newest number; with `gap`, where some after that number are not kept any more.
        """
        listener = self.listeners.get(sid)
        rooms, after = _wished(wish)
        if listener is None or rooms is None:
            return {"error": "rooms is a list of rooms, such as jobs or jobs/ID; after is a number", "code": "usage"}
        if len(listener.rooms | rooms) > MOST_ROOMS:
            return {"error": f"at most {MOST_ROOMS} rooms", "code": "realtime.too-many-rooms"}
        # What was missed is sent before what comes from now on: both are in one queue, from here without a pause.
        for room in rooms - listener.rooms:
            listener.heard[room] = after or 0
            self._by_room.setdefault(room, set()).add(sid)
        listener.rooms |= rooms
        if after is not None:
            try:
                listener.waiting.put_nowait({"rooms": sorted(rooms), "after": after})
            except asyncio.QueueFull:
                listener.slow = True
        first, last = await self._background().store.messages.kept()
        return {"ok": True, "last": last, **({"gap": True} if has_gap(after or 0, first) else {})}

    def _leave(self, listener: Listener, rooms: set[str]) -> None:
        listener.rooms -= rooms
        for room in rooms:
            listener.heard.pop(room, None)
            self._by_room[room].discard(listener.sid)
            if not self._by_room[room]:
                del self._by_room[room]

    async def _unsubscribe(self, sid: str, wish: Any = None) -> Ask:
        listener = self.listeners.get(sid)
        rooms, _ = _wished(wish)
        if listener is None or rooms is None:
            return {"error": "rooms is a list of rooms", "code": "usage"}
        self._leave(listener, rooms & listener.rooms)
        return {"ok": True}

    async def _login(self, sid: str, auth: Any = None) -> Ask:
        """`{token}`: go on with a newer token of the same user."""
        listener = self.listeners.get(sid)
        token = auth.get("token", "") if isinstance(auth, dict) else ""
        try:
            who = await self._who(str(token), "")
        except MpcError as error:
            return {"error": error.message, "code": error.code}
        if listener is None or who.user_id != listener.who.user_id:
            return {"error": "this token is somebody else's", "code": "auth.denied"}
        listener.token, listener.who = str(token), who
        listener.sees = hears(self._background().session(who, ""))
        return {"ok": True}

    async def _send(self, listener: Listener) -> None:
        """Send what waits, in order; what was missed is read where it was asked for."""
        while True:
            found = await listener.waiting.get()
            try:
                if isinstance(found, dict):
                    await self._replay(listener, found["rooms"], found["after"])
                else:
                    await self._tell(listener, found)
                if listener.slow or self._is_clogged(listener):
                    await self.io.emit(LAGGING, {"code": "realtime.lagging"}, to=listener.sid)
                    await self._let_go(listener)
                    return
            except asyncio.CancelledError:
                raise
            except Exception as error:
                _log.warning("a socket was let go", why=str(error) or type(error).__name__)
                await self._let_go(listener)
                return

    async def _replay(self, listener: Listener, rooms: list[str], after: int) -> None:
        listener.heard.update({room: min(listener.heard[room], after) for room in rooms if room in listener.rooms})
        while page := await self._background().store.messages.read(after, rooms=rooms):
            for message in page:
                await self._tell(listener, message)
            after = page[-1].id
            # A client that catches up sets the pace.
            while self._is_clogged(listener):  # noqa: ASYNC110  the transport tells nobody that its queue has shrunk
                await asyncio.sleep(PACE_S)

    async def _tell(self, listener: Listener, message: Message) -> None:
        if message.room not in listener.rooms or message.id <= listener.heard.get(message.room, 0):
            return
        listener.heard[message.room] = message.id
        if await listener.sees(message):
            payload = MessageView(**message.__dict__).model_dump(mode="json", by_alias=True)
            await self.io.emit(MESSAGE, payload, to=listener.sid)
            metrics.MESSAGES.add()

    def _is_clogged(self, listener: Listener) -> bool:
        """Whether the transport holds more for this client than it takes."""
        socket = self.io.eio.sockets.get(self.io.manager.eio_sid_from_sid(listener.sid, "/"))
        return socket is not None and socket.queue.qsize() > MOST_WAITING

    async def _check_logins(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            for token in {one.token for one in self.listeners.values()}:
                try:
                    self._renewed(token, await self._who(token, ""))
                except MpcError as error:
                    for listener in [one for one in self.listeners.values() if one.token == token]:
                        await self.io.emit(OVER, {"code": error.code}, to=listener.sid)
                        await self._let_go(listener)
                except Exception as error:
                    _log.warning("logins cannot be checked; trying again", why=type(error).__name__)

    def _renewed(self, token: str, who: Who) -> None:
        """From here on its sockets hear what the user may hear now: rights may have been taken meanwhile."""
        for listener in self.listeners.values():
            if listener.token == token:
                listener.who, listener.sees = who, hears(self._background().session(who, ""))

    async def _let_go(self, listener: Listener) -> None:
        await self.io.disconnect(listener.sid)


def _wished(wish: Any) -> tuple[set[str] | None, int | None]:
    """The rooms and the number that a client sends; None for what is no list of rooms."""
    if not isinstance(wish, dict):
        return None, None
    rooms, after = wish.get("rooms"), wish.get("after")
    if not isinstance(rooms, list) or not 0 < len(rooms) <= MOST_ROOMS:
        return None, None
    if not all(isinstance(room, str) and ROOM.fullmatch(room) for room in rooms):
        return None, None
    if after is not None and (isinstance(after, bool) or not isinstance(after, int) or not 0 <= after < 2**53):
        return None, None
    return set(rooms), after
