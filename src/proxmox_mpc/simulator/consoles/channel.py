"""A websocket as a stream of bytes, and as one end of a bridge to a socket."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

_PIECE = 65_536


class Channel:
    """Reads exact numbers of bytes, whatever messages they came in; writes binary messages, as PVE's proxy does."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._reader = asyncio.StreamReader()

    async def pump(self) -> None:
        """Take in messages until the other side closes. Runs beside whoever reads."""
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                    self._reader.feed_data(message.data if isinstance(message.data, bytes) else message.data.encode())
        finally:
            self._reader.feed_eof()

    async def read(self, count: int) -> bytes:
        """That many bytes. Raises asyncio.IncompleteReadError when the other side is gone."""
        return await self._reader.readexactly(count)

    async def read_until(self, end: bytes, limit: int) -> bytes:
        """The bytes before `end`. Raises ValueError when there are more than `limit` of them."""
        found = bytearray()
        while (byte := await self.read(1)) != end:
            found += byte
            if len(found) > limit:
                raise ValueError(f"no {end!r} within {limit} bytes")
        return bytes(found)

    async def send(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def bridge(self, path: str) -> None:
        """Pass everything on to a Unix socket and back, until one side ends."""
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            await first_of(self._carry(self._reader, writer), self._bring(reader))
        finally:
            writer.close()

    @staticmethod
    async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()

    async def _bring(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_PIECE):
            await self.send(data)


async def first_of(*works: object) -> None:
    """Run all of them until one ends, then stop the others; its error is ours."""
    tasks = [asyncio.ensure_future(work) for work in works]  # type: ignore[call-overload]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
