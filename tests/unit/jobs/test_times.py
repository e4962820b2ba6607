"""When schedules are due: in every zone, and where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from proxmox_mpc.jobs.times import BadSchedule, check, next_time


def due(cron: str, zone: str, after: str, count: int = 3) -> list[str]:
    at = datetime.fromisoformat(after)
    found = []
    for _ in range(count):
        at = next_time(cron, 0, zone, at)
        assert at is not None
        assert at.tzinfo is UTC
        found.append(f"{at:%d %H:%M}")
    return found


def test_a_line_means_the_hour_of_its_zone() -> None:
    assert due("0 3 * * *", "Europe/Berlin", "2026-01-10T00:00+00:00") == ["10 02:00", "11 02:00", "12 02:00"]
    assert due("0 3 * * *", "Europe/Berlin", "2026-07-10T00:00+00:00") == ["10 01:00", "11 01:00", "12 01:00"]
    assert due("30 9 * * *", "Asia/Kolkata", "2026-07-10T00:00+00:00", 1) == ["10 04:00"]


def test_what_was_due_in_the_hour_that_is_left_out_comes_right_after_it() -> None:
    # In Berlin 2026-03-29 has no 02:30: 01:59 CET is followed by 03:00 CEST, which is 01:00 UTC.
    assert due("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+00:00") == ["29 01:00", "30 00:30", "31 00:30"]


def test_what_is_due_at_an_hour_that_comes_twice_comes_once() -> None:
    # In Berlin 2026-10-25 has 02:30 twice: at 00:30 and at 01:30 UTC.
    assert due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+00:00") == ["25 00:30", "26 01:30", "27 01:30"]


def test_what_is_due_each_half_hour_goes_on_through_an_hour_that_comes_twice() -> None:
    found = due("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45+00:00", 6)
    assert found == ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00", "25 02:30"]


def test_leap_days_and_weekdays() -> None:
    assert due("0 0 29 2 *", "UTC", "2026-03-01T00:00+00:00", 1) == ["29 00:00"]
    assert due("0 8 * * MON-FRI", "UTC", "2026-11-20T09:00+00:00", 2) == ["23 08:00", "24 08:00"]


@pytest.mark.parametrize(
    ("cron", "interval_s", "zone"),
    [
        ("", 0, "UTC"), ("* * * * *", 60, "UTC"), ("* * * *", 0, "UTC"), ("a b c d e", 0, "UTC"), ("0 3 31 2 *", 0, "UTC"),
        ("* * * * *", 0, "Nowhere"), ("* * * * *", 0, "../../etc/passwd"), ("* * * * *", 0, "\x00"), ("", 9, "UTC"),
        ("", 10**9, "UTC"), ("99999999999999999999 * * * *", 0, "UTC"), ("*/0 * * * *", 0, "UTC"), (", " * 90, 0, "UTC"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said(cron: str, interval_s: int, zone: str) -> None:
    with pytest.raises(BadSchedule):
        check(cron, interval_s, zone, datetime(2026, 11, 22, tzinfo=UTC))
