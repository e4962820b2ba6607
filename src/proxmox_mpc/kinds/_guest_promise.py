"""Whether a guest took its changes up as the plan said: at once, or at its next start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change


def broken(changes: Iterable[Change], before: set[str], now: set[str]) -> Iterator[str]:
    """What came otherwise than these changes said, in words; `before` and `now` are what waits for the next start.

    Neither makes a step fail: what waits did no harm yet, and what took effect at once costs less than a restart.
    """
    promised = {key for change in changes if change.impact <= Impact.PENDING for key in change.waits}
    if late := sorted(now - promised - before):
        yield f"promised at once, waits for a reboot: {', '.join(late)}"
    if early := sorted(promised - now):
        yield f"promised for the next reboot, took effect at once: {', '.join(early)}"
