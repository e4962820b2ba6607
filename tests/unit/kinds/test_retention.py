"""Which snapshots a policy keeps: PVE's own rules for backups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.kinds._retention import kept

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def hourly(count: int) -> dict[str, datetime]:
    return {f"s{number}": NOW - timedelta(hours=number) for number in range(count)}


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ({}, {f"s{n}" for n in range(60)}),
        ({"last": 3}, {"s0", "s1", "s2"}),
        ({"daily": 2}, {"s0", "s13"}),
        ({"last": 2, "daily": 2}, {"s0", "s1", "s13", "s37"}),
        ({"hourly": 2, "daily": 1}, {"s0", "s1", "s13"}),
        ({"weekly": 1}, {"s0"}),
        ({"monthly": 5, "yearly": 5}, {"s0"}),
        ({"last": 0, "daily": 0}, {f"s{n}" for n in range(60)}),
    ],
)
def test_the_newest_of_each_period_is_kept(keep: dict[str, int], expected: set[str]) -> None:
    assert kept(hourly(60), keep) == expected


RULES = st.dictionaries(st.sampled_from(["last", "hourly", "daily", "weekly", "monthly", "yearly"]), st.integers(0, 4))


@given(st.lists(st.integers(0, 60 * 24 * 800), unique=True, max_size=40), RULES)
def test_never_more_than_asked_for_and_always_the_newest(minutes: list[int], keep: dict[str, int]) -> None:
    taken = {f"s{minute}": NOW - timedelta(minutes=minute) for minute in minutes}
    found = kept(taken, keep)
    assert found <= taken.keys()
    if any(keep.values()):
        assert len(found) <= sum(keep.values())
        assert not taken or min(taken, key=lambda name: NOW - taken[name]) in found
