"""Time zones: UTC, fixed offsets, and those of the zone database.

The local zone is UTC, so that a chart renders alike everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC as PYTHON_UTC
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any, ClassVar

from proxmox_mpc.charts.language.go_types import Struct

_EPOCH = datetime(1970, 1, 1, tzinfo=PYTHON_UTC)
# The seconds that a datetime can hold; beyond them a zone is as at the end.
_EARLIEST, _LATEST = -62_135_510_400, 253_402_214_400


@dataclass(frozen=True, slots=True)
class Offset:
    """What a zone is at some moment: seconds east of UTC, its abbreviation, and whether it is summer time."""

    seconds: int
    name: str
    summer: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    name: str
    fixed: Offset | None = None
    rules: tzinfo | None = None

    def at(self, moment: int) -> Offset:
        """What it is at a moment, in seconds since 1970."""
        if self.rules is None:
            return self.fixed or Offset(0, "UTC")
        when = (_EPOCH + timedelta(seconds=min(max(moment, _EARLIEST), _LATEST))).astimezone(self.rules)
        offset, summer = when.utcoffset(), when.dst()
        return Offset(
            int(offset.total_seconds()) if offset is not None else 0,
            when.tzname() or "",
            bool(summer and summer.seconds),
        )


UTC = Zone("UTC", Offset(0, "UTC"))
LOCAL = Zone("Local", Offset(0, "UTC"))


def fixed_zone(name: str, seconds: int) -> Zone:
    return Zone(name, Offset(seconds, name))


@cache
def zone(name: str) -> Zone:
    """The zone of a name; of one that is unknown UTC, as Sprig takes it."""
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return LOCAL
    from zoneinfo import ZoneInfo

    try:
        return Zone(name, rules=ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return UTC


class Location(Struct):
    """A *time.Location, which templates can only print and hand on."""

    __slots__ = ("zone",)
    go_type: ClassVar[str] = "*time.Location"

    def __init__(self, of: Zone) -> None:
        super().__init__()
        self.zone = of

    def json_form(self) -> Any:
        return {}

    def __str__(self) -> str:
        return self.zone.name
