"""Schedules: when they come next."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.simulator.state import calendar

# A Wednesday.
NOON = datetime(2025, 1, 1, 12, 0, tzinfo=UTC).timestamp()


def nexts(event: str, count: int = 2) -> list[str]:
    moments = itertools.islice(calendar.parse(event).after(NOON), count)
    return [datetime.fromtimestamp(m, UTC).strftime("%a %m-%d %H:%M") for m in moments]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("hourly", ["Wed 01-01 13:00", "Wed 01-01 14:00"]),
        ("daily", ["Thu 01-02 00:00", "Fri 01-03 00:00"]),
        ("monthly", ["Sat 02-01 00:00", "Sat 03-01 00:00"]),
        ("*/15", ["Wed 01-01 12:15", "Wed 01-01 12:30"]),
        ("mon..fri 22:30", ["Wed 01-01 22:30", "Thu 01-02 22:30"]),
        ("sat..mon", ["Sat 01-04 00:00", "Sun 01-05 00:00"]),
        ("8..17,22:0/20", ["Wed 01-01 12:20", "Wed 01-01 12:40"]),
        ("2026-01-31 8:00", []),
        ("02-29", ["Tue 02-29 00:00"]),
    ],
)
def test_next_times(event: str, expected: list[str]) -> None:
    assert nexts(event, 1 if event == "02-29" else 2) == (expected or ["Sat 01-31 08:00"])


@pytest.mark.parametrize("event", ["", "!!", "25:00", "mon..", "8:61", "*/0", "daily daily"])
def test_nonsense_is_refused(event: str) -> None:
    with pytest.raises(ValueError):
        calendar.parse(event)


@pytest.mark.parametrize(
    ("event", "unread"),
    [
        ("bogus", "bogus"),
        ("mon..noday 8:00", "noday"),
        ("monthlyy", "monthlyy"),
        ("mon..", ""),
        ("1:2:3:4", "1:2:3:4"),
        ("2026-1-2-3", "2026-1-2-3"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_what_cannot_be_read_is_named(event: str, unread: str) -> None:
    with pytest.raises(ValueError) as refused:
        calendar.parse(event)
    assert str(refused.value) == unread


@given(st.integers(0, 2_000_000_000), st.integers(1, 59))
def test_steps_of_minutes_come_within_the_hour(moment: int, step: int) -> None:
    found = next(calendar.parse(f"*/{step}").after(moment))
    assert 0 < found - moment <= 3600
    assert found // 60 % 60 % step == 0
