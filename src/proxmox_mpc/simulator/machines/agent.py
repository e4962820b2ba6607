"""The guest agent's protocol, over the socket of its serial port."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

# How long a guest gets to answer: it may be busy, but a request must end (PVE waits three seconds for a ping, 9.1).
_TIMEOUT_S = 3.0
_LONGEST_LINE = 1 << 22


class AgentError(Exception):
    """The agent refused, or nobody answers."""


async def ask(socket: Path, command: str, **arguments: Any) -> Any:
    """What the agent answers to `guest-…`. Raises AgentError; its text is empty when no agent runs.

    Whatever an earlier, impatient caller left in the line is skipped by the agent's own synchronization.
    """
    writer = None
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(str(socket), limit=_LONGEST_LINE)
            mark = random.getrandbits(31)
            # The byte 0xFF makes the agent's parser drop half a command.
            writer.write(b"\xff" + _line("guest-sync", {"id": mark}))
            while (await _read(reader)).get("return") != mark:
                pass
            writer.write(_line(command, {name.replace("_", "-"): value for name, value in arguments.items()}))
            answer = await _read(reader)
    except (TimeoutError, OSError):
        raise AgentError("") from None
    finally:
        if writer:
            writer.close()
    if "error" in answer:
        raise AgentError(answer["error"]["desc"])
    return answer["return"]


def _line(command: str, arguments: dict[str, Any]) -> bytes:
    return json.dumps({"execute": command, **({"arguments": arguments} if arguments else {})}).encode() + b"\n"


async def _read(reader: asyncio.StreamReader) -> dict[str, Any]:
    line = await reader.readline()
    if not line:
        raise AgentError("")
    try:
        found = json.loads(line.strip(b"\xff\n"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
