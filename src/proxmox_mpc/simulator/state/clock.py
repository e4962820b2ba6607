"""Time in the simulator: wall-clock seconds, and waits that a scale can shorten."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where the simulator takes its time from. Tests pass their own."""

    def now(self) -> float:
        """Seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds."""


class ScaledClock:
    """Real time; waits last `scale` times as long as on a real cluster (0: no wait at all)."""

    def __init__(self, scale: float = 0.0) -> None:
        self.scale = scale

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)
