"""How many requests run at once, at most."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from proxmox_mpc.pve._pace import Pace


@dataclass(frozen=True)
class Limits:
    """Requests at once, and patience.

    One node serves about 3,500 reads a second over four connections and not more over sixteen (9.1.7), so
    more requests at once only lengthen its queue. `answer_s` is long because PVE answers some calls only when
    the work is done (storage scans, guest agents).
    """

    per_cluster: int = 16
    per_node: int = 8
    connect_s: float = 5.0
    answer_s: float = 120.0


class Slots:
    """Places for requests: at the node first, so that a slow node does not use up the cluster's."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self.pace = Pace(limits.per_cluster, now)
        self._nodes: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limits.per_node))

    @asynccontextmanager
    async def at(self, node: str) -> AsyncIterator[None]:
        """Hold one place while inside; `node` is empty for what belongs to no node."""
        if not node:
            async with self.pace.place():
                yield
            return
        async with self._nodes[node], self.pace.place():
            yield
