"""Time in the simulator: wall-clock seconds, and waits that a scale can shorten."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

# Somebody may set the host's clock while a schedule is waited for; so it is looked at this often.
_LOOK_AGAIN_S = 60.0

# Turns of the event loop in which everything that was waiting for a moment gets to wait for its next one.
_TURNS = 60


class Clock(Protocol):
    """Where the simulator takes its time from. Tests pass their own."""

    def now(self) -> float:
        """Seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds: how long work takes."""

    async def until(self, moment: float) -> None:
        """Wait until `now` reaches the moment: when a schedule is due."""


class ScaledClock:
    """Real time; waits last `scale` times as long as on a real cluster (0: no wait at all). The calendar is real."""

    def __init__(self, scale: float = 0.0) -> None:
        self.scale = scale

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)

    async def until(self, moment: float) -> None:
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 a clock has no events
            await asyncio.sleep(min(left, _LOOK_AGAIN_S))


class SteppedClock:
    """Time that stands still until a test moves it: `Simulator(clock=SteppedClock(), time_scale=1)`."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time = start
        self._waiting: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await self.until(self.time + seconds)

    async def until(self, moment: float) -> None:
        if moment > self.time:
            entry = (moment, asyncio.Event())
            self._waiting.append(entry)
            try:
                await entry[1].wait()
            finally:
                self._waiting.remove(entry)

    async def pass_time(self, seconds: float) -> None:
        """Let this much time go by: everything that waits for a moment of it runs, in order."""
        end = self.time + seconds
        await _settle()
        while due := [moment for moment, _ in self._waiting if moment <= end]:
            self.time = min(due)
            for moment, event in self._waiting:
                if moment <= self.time:
                    event.set()
            await _settle()
        self.time = end
        await _settle()


async def _settle() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
