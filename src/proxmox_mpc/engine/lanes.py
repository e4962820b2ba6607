"""Bounded places that long pieces of work hold, so that a cluster is not asked for too much at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

# Tasks at a time. A node's default worker limit is 4 (`max_workers`); clones of one source wait for each other's lock
# ("can't lock file"), two of them keep the disks busy without running into it.
LIMITS = {"node": 4, "storage": 4, "clone": 2, "file": 1}


class Lanes:
    """Named lanes, each as wide as its kind allows: `node:pve1`, `storage:local-lvm`, `clone:9000`."""

    def __init__(self) -> None:
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(4))

    @asynccontextmanager
    async def hold(self, *names: str) -> AsyncIterator[None]:
        """Hold all these lanes; taken in one order everywhere, so that nobody waits in a circle."""
        async with AsyncExitStack() as held:
            for name in sorted(set(names)):
                if name not in self._places:
                    self._places[name] = asyncio.Semaphore(LIMITS[name.partition(":")[0]])
                await held.enter_async_context(self._places[name])
            yield
