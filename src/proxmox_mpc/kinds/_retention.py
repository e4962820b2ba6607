"""Which of several states, taken at certain times, are kept: the newest of each hour, day, week … that is asked for.

The rules are PVE's own for backups: each looks at what those before it have not kept, and counts periods of which
nothing is kept yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

_PERIODS: Mapping[str, Callable[[datetime], object]] = {
    "last": lambda at: at,
    "hourly": lambda at: (at.date(), at.hour),
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
    "yearly": lambda at: at.year,
}


def kept(taken: Mapping[str, datetime], keep: Mapping[str, int]) -> set[str]:
    """The names of those that are kept; all where `keep` says nothing."""
    newest_first = sorted(taken, key=lambda name: (taken[name], name), reverse=True)
    if not any(keep.values()):
        return set(newest_first)
    found: set[str] = set()
    for rule, period in _PERIODS.items():
        covered = {period(taken[name]) for name in found} if rule != "last" else set()
        left = keep.get(rule, 0)
        for name in newest_first:
            if left == 0:
                break
            if name not in found and period(taken[name]) not in covered:
                covered.add(period(taken[name]))
                found.add(name)
                left -= 1
    return found
