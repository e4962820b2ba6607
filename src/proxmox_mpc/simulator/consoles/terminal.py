"""The server side of PVE's text terminals: the protocol that its xterm.js page speaks (termproxy, 9.1).

The viewer first sends `USER:TICKET` and a newline and gets `OK`. Then it sends `0:LENGTH:TEXT` for keys,
`1:COLUMNS:ROWS:` for its size and `2` to stay alive, and gets what the terminal writes, as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from proxmox_mpc.simulator.consoles.channel import Channel, first_of
from proxmox_mpc.simulator.consoles.console import Console

# A ticket is a few hundred bytes, a number some digits, a paste some pages.
_LONGEST_LOGIN, _LONGEST_NUMBER, _LONGEST_PASTE = 4096, 8, 1 << 20

# A viewer that is so many texts behind is shown how the terminal looks now instead.
_MOST_WAITING = 1000


async def serve(channel: Channel, console: Console, may_enter: Callable[[str, str], bool]) -> None:
    """Let the viewer in if its user and ticket are good, then pass keys and text until one side ends."""
    texts: asyncio.Queue[str] = asyncio.Queue()

    def follow(text: str) -> None:
        if texts.qsize() >= _MOST_WAITING:
            while not texts.empty():
                texts.get_nowait()
            text = console.screen.redrawn
        texts.put_nowait(text)

    try:
        user, _, ticket = (await channel.read_until(b"\n", _LONGEST_LOGIN)).decode().partition(":")
        if not may_enter(user, ticket):
            return
        await channel.send(b"OK")
        # Who joins later sees what stands there, as on PVE, where a terminal is redrawn for newcomers.
        texts.put_nowait(console.screen.redrawn)
        console.followers.append(follow)
        try:
            await first_of(_listen(channel, console), _show(channel, texts), console.ended.wait())
            # What was written last shall still arrive.
            while not texts.empty():
                await channel.send(texts.get_nowait().encode())
        finally:
            console.followers.remove(follow)
    except (ValueError, asyncio.IncompleteReadError):
        return


async def _listen(channel: Channel, console: Console) -> None:
    while True:
        kind = await channel.read(1)
        if kind == b"2":
            continue
        if kind not in (b"0", b"1") or await channel.read(1) != b":":
            raise ValueError(f"message {kind!r}")
        first = int(await channel.read_until(b":", _LONGEST_NUMBER))
        if kind == b"1":
            console.screen.resize(first, int(await channel.read_until(b":", _LONGEST_NUMBER)))
        elif 0 <= first <= _LONGEST_PASTE:
            console.type((await channel.read(first)).decode(errors="replace"))
        else:
            raise ValueError(f"{first} bytes of keys")


async def _show(channel: Channel, texts: asyncio.Queue[str]) -> None:
    while True:
        if text := await texts.get():
            await channel.send(text.encode())
