"""How many requests are under way at once: fewer as soon as the cluster struggles, more again as it recovers.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681): the cluster is shared with people and with other
tools, and a queue in front of a proxy that cannot follow only makes all of them wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

STRUGGLING = frozenset({502, 503, 504, 595, 596, 599})
"""Statuses that say overload or a node that does not follow; PVE's 500 is an ordinary refusal."""
_SLOWER = 8.0  # times the usual: what one slow node or one heavy read explains is less
_SLOW_S = 1.0  # below it nobody notices, however quick it was before
_SMOOTHING = 0.1  # about the last twenty reads count
_BREATH_S = 1.0  # between two cuts: the requests that are under way already were sent at the old pace


@dataclass
class Pace:
    """At most `most` places at once. `now` is the client's clock."""

    most: int
    now: Callable[[], float]
    limit: float = field(init=False)
    _inside: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    _usual_s: float | None = None
    _smoothed_s: float | None = None
    _cut_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.limit = float(self.most)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one place while inside; places are given in the order in which they were asked for."""
        if self._inside >= int(self.limit) or self._waiting:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()  # it was given a place in the very moment
                raise
        else:
            self._inside += 1
        try:
            yield
        finally:
            self._leave()

    def answered(self, seconds: float, *, reading: bool) -> None:
        """An answer came. Only reads tell how quick the cluster is: writes may take long by nature."""
        if reading:
            before = self._smoothed_s if self._smoothed_s is not None else seconds
            self._smoothed_s = before + (seconds - before) * _SMOOTHING
            self._usual_s = self._smoothed_s if self._usual_s is None else min(self._usual_s, self._smoothed_s)
            if self._smoothed_s > max(_SLOW_S, _SLOWER * self._usual_s):
                self.struggled()
                return
        self.limit = min(float(self.most), self.limit + 1 / self.limit)
        self._admit()

    def struggled(self) -> None:
        """The cluster could not answer: half as many from now on, and one at least."""
        now = self.now()
        if now - self._cut_at >= _BREATH_S:
            self._cut_at = now
            self.limit = max(1.0, self.limit / 2)

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
