"""One run of something for all who ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Awaiting it runs the work, or joins the run that is under way; a failure is every joiner's failure."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._run: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._do())
        # Shielded: one who gives up must not take the result away from those who wait with them.
        return await asyncio.shield(self._run)

    async def _do(self) -> T:
        return await self._work()
