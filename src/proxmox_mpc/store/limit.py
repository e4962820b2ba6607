"""How often something may fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """So many failures within so many seconds; then one waits until the oldest of them is that long ago."""

    failures: int
    window_s: float
