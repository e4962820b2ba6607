"""A wish to stop, heard between requests: what the cluster does already is seen to its end, and nothing new begins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from proxmox_mpc.errors import MpcError


class Stopped(MpcError):
    """Somebody asked to stop; what was not begun was left alone."""

    code = "apply.stopped"


@dataclass
class Stop:
    """Asked by whoever watches, heard by whatever works. Where nothing listens, stopping means to end at once."""

    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _listeners: int = 0
    left: str = "the next apply looks for what was open: proxmox-cli apply --resume"
    """What to tell who does not wait for the end."""
    handed_over: bool = False
    """Whether others go on with what is stopped here: then nothing of it is taken back."""
    more_time: Callable[[], None] = lambda: None
    """Tells who asked that what follows must come to its end, however long that takes."""

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    @property
    def is_heard(self) -> bool:
        """Whether something is at work that ends by itself, once it was asked to."""
        return self._listeners > 0

    def ask(self) -> None:
        self._asked.set()

    async def wait(self) -> None:
        """Until somebody asks."""
        await self._asked.wait()

    def refuse(self) -> None:
        """Raises Stopped once it was asked for."""
        if self.asked:
            raise Stopped("stopped before this was sent")

    @contextmanager
    def listening(self) -> Iterator[None]:
        self._listeners += 1
        try:
            yield
        finally:
            self._listeners -= 1

    async def pause(self, sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
        """Sleep, but no longer than until it is asked for. Raises Stopped."""
        asked = asyncio.ensure_future(self._asked.wait())
        slept = asyncio.ensure_future(sleep(seconds))
        try:
            await asyncio.wait((asked, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            slept.cancel()
        self.refuse()
