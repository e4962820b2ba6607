"""Moments as people type them: so long from now, or a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from proxmox_mpc.errors import UsageError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(lasting: str, until: str) -> datetime | None:
    """The moment that `7d` or `2026-12-24` means, in this machine's time zone; None where neither is given.

    Raises UsageError.
    """
    if lasting and until:
        raise UsageError("--for and --until exclude each other")
    if lasting:
        found = re.fullmatch(r"(\d{1,4})([mhdw])", lasting)
        if found is None:
            raise UsageError(f"--for {lasting!r} is no time", hint="minutes, hours, days, weeks: 30m, 12h, 7d, 2w")
        return datetime.now().astimezone() + timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        return datetime.fromisoformat(until).astimezone() if until else None
    except ValueError:
        raise UsageError(f"--until {until!r} is no date", hint="2026-12-24, or 2026-12-24T18:00") from None
