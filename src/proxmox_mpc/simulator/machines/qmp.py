"""QEMU's control protocol: commands with answers, and events."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

from proxmox_mpc.simulator._errors import ApiError

# The longest answer is that of a `query-…` for a machine with many devices.
_LONGEST_LINE = 1 << 20

# QEMU answers at once or is stuck; saving memory to a disk is what takes longest.
_TIMEOUT_S = 60.0


class QmpError(ApiError):
    """QEMU refused a command, or is gone; a request or task that did not expect it fails with that text."""

    def __init__(self, text: str) -> None:
        super().__init__(500, f"{text}\n")


class Qmp:
    """One control connection. `on_event` is called with the name of everything that happens."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.on_event: Callable[[str], None] = lambda name: None
        self.version = ""
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        return self._listening is None or self._listening.done()

    async def begin(self) -> None:
        """Read the greeting and start. Raises QmpError when it is none."""
        greeting = json.loads(await self._reader.readline() or b"{}")
        if "QMP" not in greeting:
            raise QmpError("QEMU does not answer")
        found = greeting["QMP"]["version"]["qemu"]
        self.version = f"{found['major']}.{found['minor']}.{found['micro']}"
        self._listening = asyncio.create_task(self._listen())
        await self.run("qmp_capabilities")

    async def run(self, command: str, **arguments: Any) -> Any:
        """Do something and answer what QEMU returns; underscores in names are hyphens. Raises QmpError."""
        if self.is_closed:
            raise QmpError("QEMU is gone")
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        given = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._writer.write(json.dumps({"execute": command, "arguments": given, "id": number}).encode() + b"\n")
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await future
        except TimeoutError:
            raise QmpError(f"{command}: no answer within {_TIMEOUT_S:.0f} seconds") from None
        finally:
            self._waiting.pop(number, None)

    async def say(self, line: str) -> str:
        """A command of the human monitor."""
        return str(await self.run("human-monitor-command", command_line=line))

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        self._writer.close()

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(json.loads(line))
        except ConnectionError:
            # The process was killed; whoever waits for an answer learns it below.
            return
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(QmpError("QEMU is gone"))

    def _take(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self.on_event(message["event"])
            return
        future = self._waiting.get(message.get("id", 0))
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(QmpError(message["error"]["desc"]))
        else:
            future.set_result(message["return"])


async def listen(path: str) -> tuple[asyncio.AbstractServer, asyncio.Future[Qmp]]:
    """Listen for the QEMU that is told to connect here; it does so while it starts, so nothing has to be polled."""
    arrived: asyncio.Future[Qmp] = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not arrived.done():
            arrived.set_result(Qmp(reader, writer))

    server = await asyncio.start_unix_server(connected, path, limit=_LONGEST_LINE)
    return server, arrived
