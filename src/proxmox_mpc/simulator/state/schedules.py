"""What is remembered of scheduled jobs: since when each waits, and when it last ran."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from proxmox_mpc.simulator.state import calendar


@dataclass
class Schedule:
    """One job's schedule as it was last seen. `since` is the moment after which it is due; 0 times: never yet."""

    event: str
    since: float
    last_run: float = 0.0


@functools.lru_cache(maxsize=4096)
def next_after(event: str, moment: float) -> float | None:
    """When a calendar event comes next after a moment; None for never."""
    return next(calendar.parse(event).after(moment), None)
