"""One terminal: its screen, who else follows it, and what takes the keys."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable

from proxmox_mpc.simulator.consoles.screen import Screen
from proxmox_mpc.simulator.consoles.toy import Toy

_PIECE = 4096


class Console:
    """Shared by all who look at the same terminal, as PVE's consoles are.

    `followers` are told every text that it writes, `ended` is set when there is nothing more to come.
    """

    def __init__(self) -> None:
        self.screen = Screen()
        self.followers: list[Callable[[str], None]] = []
        self.keys: Callable[[str], None] = lambda text: None
        self.ended = asyncio.Event()
        self.is_frozen: Callable[[], bool] = lambda: False

    def say(self, text: str) -> None:
        """What the program in the terminal writes."""
        self.screen.feed(text)
        for follower in self.followers:
            follower(text)

    def type(self, text: str) -> None:
        """What somebody types; a paused machine does not notice."""
        if not self.is_frozen():
            self.keys(text)

    def boot(self, host: str, *, banner: str = "", user: str = "", ignores_keys: bool = False) -> None:
        """Start anew with a clear screen: a log-in prompt below the banner, `user`'s shell, or only the banner."""
        self.say("\x1b[2J\x1b[H")
        if ignores_keys:
            self.keys = lambda text: None
            self.say(banner)
        else:
            self.keys = Toy(host, self.say, banner=banner, user=user, on_exit=self.ended.set).type


async def follow_serial(path: str) -> tuple[Console, asyncio.Task[None]]:
    """A console of what is really at the other end of a socket, and the task that listens to it."""
    reader, writer = await asyncio.open_unix_connection(path)
    console = Console()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def listen() -> None:
        try:
            while data := await reader.read(_PIECE):
                console.say(decoder.decode(data))
        finally:
            writer.close()
            console.ended.set()

    console.keys = lambda text: writer.write(text.encode())
    return console, asyncio.create_task(listen())
