"""A viewer for tests: RFB and PVE's terminal protocol over the simulator's websocket, as browsers speak them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from proxmox_mpc.simulator.consoles.rfb import expected_response
from tests.unit.simulator.api import Api

# Nothing here waits longer for the other side: it fails instead.
_PATIENCE_S = 20.0


@dataclass
class Stream:
    """The bytes that come over a websocket, whatever messages they came in."""

    socket: aiohttp.ClientWebSocketResponse
    rest: bytes = b""

    async def read(self, count: int) -> bytes:
        while len(self.rest) < count:
            message = await asyncio.wait_for(self.socket.receive(), _PATIENCE_S)
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise EOFError("the connection was closed")
            self.rest += message.data
        found, self.rest = self.rest[:count], self.rest[count:]
        return found

    async def read_until(self, text: str) -> str:
        found = b""
        while text.encode() not in found:
            found += await self.read(1)
        return found.decode()

    async def is_closed(self) -> bool:
        """Does the other side close now?"""
        try:
            while True:
                await self.read(1)
        except EOFError:
            return True


@asynccontextmanager
async def connected(api: Api, path: str, offer: dict[str, Any], **changes: Any) -> AsyncIterator[Stream]:
    """The websocket of a console that was offered; `changes` replace its port or ticket."""
    query = urlencode({"port": offer["port"], "vncticket": offer["ticket"], **changes})
    url = f"{api.sim.url}/api2/json{path}/vncwebsocket?{query}"
    async with api.session.ws_connect(
        url, headers=api.headers, protocols=("binary",), ssl=False, max_msg_size=0
    ) as socket:
        assert socket.protocol == "binary"
        yield Stream(socket)


@dataclass
class Viewer:
    """A display: its pixels as they were sent last, four bytes each, by row."""

    stream: Stream
    width: int = 0
    height: int = 0
    name: str = ""
    rows: list[bytearray] = field(default_factory=list)

    async def log_in(self, password: str) -> str:
        """The handshake; answers the server's complaint, or nothing when we are in."""
        stream = self.stream
        assert await stream.read(12) == b"RFB 003.008\n"
        await stream.socket.send_bytes(b"RFB 003.008\n")
        assert await stream.read((await stream.read(1))[0]) == b"\x02", "VNC authentication"
        await stream.socket.send_bytes(b"\x02")
        await stream.socket.send_bytes(expected_response(password, await stream.read(16)))
        if struct.unpack(">I", await stream.read(4))[0]:
            return (await stream.read(struct.unpack(">I", await stream.read(4))[0])).decode()
        await stream.socket.send_bytes(b"\x01")
        self.width, self.height = struct.unpack(">HH", await stream.read(4))
        await stream.read(16)
        self.name = (await stream.read(struct.unpack(">I", await stream.read(4))[0])).decode()
        self._clear()
        # Four bytes per pixel: blue, green, red, nothing; raw, and new sizes are understood.
        await stream.socket.send_bytes(struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        await stream.socket.send_bytes(struct.pack(">BxHii", 2, 2, 0, -223))
        return ""

    def _clear(self) -> None:
        self.rows = [bytearray(self.width * 4) for _ in range(self.height)]

    async def update(self, *, incremental: bool = True) -> None:
        """Ask for what changed (or for all) and take it in."""
        await self.stream.socket.send_bytes(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))
        assert (await self.stream.read(1)) == b"\0"
        for _ in range(struct.unpack(">xH", await self.stream.read(3))[0]):
            x, y, width, height, encoding = struct.unpack(">HHHHi", await self.stream.read(12))
            if encoding == -223:
                self.width, self.height = width, height
                self._clear()
                continue
            assert encoding == 0, "raw"
            for row in range(y, y + height):
                self.rows[row][x * 4 : (x + width) * 4] = await self.stream.read(width * 4)

    async def press(self, keysym: int) -> None:
        for down in (1, 0):
            await self.stream.socket.send_bytes(struct.pack(">BBxxI", 4, down, keysym))

    async def type(self, text: str) -> None:
        for letter in text:
            await self.press({"\n": 0xFF0D, "\b": 0xFF08}.get(letter, ord(letter)))

    def cell(self, row: int, column: int) -> bytes:
        """The pixels of a letter's place in text mode, without the two rows that a cursor may be in."""
        lines = self.rows[row * 16 : row * 16 + 14]
        return b"".join(bytes(line[column * 36 : column * 36 + 36]) for line in lines)
