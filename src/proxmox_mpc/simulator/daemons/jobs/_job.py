"""One scheduled job, as the scheduler sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """`event` is its calendar event, nothing while it is disabled; `at` a moment that it computes itself, instead.
    `key` is unique among all kinds."""

    key: str
    run: Callable[[], None]
    event: str = ""
    at: float | None = None
    repeats_missed: bool = False
