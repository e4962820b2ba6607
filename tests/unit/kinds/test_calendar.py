"""When a calendar event comes next, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.kinds import _calendar

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("event", "moment", "expected"),
    [
        ("daily", "2026-11-21 12:00", "2026-11-22 00:00"),
        ("03:00", "2026-11-21 02:59", "2026-11-21 03:00"),
        ("03:00", "2026-11-21 03:00", "2026-11-22 03:00"),
        ("sat 03:00", "2026-11-21 12:00", "2026-11-28 03:00"),
        ("sat", "2026-11-20 12:00", "2026-11-21 00:00"),
        ("mon..fri 22:30", "2026-11-20 23:00", "2026-11-23 22:30"),
        ("mon,Thursday 8..10:15", "2026-11-19 08:20", "2026-11-19 09:15"),
        ("*/15", "2026-11-21 12:16", "2026-11-21 12:30"),
        ("0/20", "2026-11-21 12:41", "2026-11-21 13:00"),
        ("2/6:30", "2026-11-21 15:00", "2026-11-21 20:30"),
        ("hourly", "2026-12-31 23:59", "2027-01-01 00:00"),
        ("monthly", "2026-11-21 00:00", "2026-12-01 00:00"),
        ("*-2-29 04:00", "2026-11-21 00:00", "2028-02-29 04:00"),
        ("2027-*-15", "2026-11-21 00:00", "2027-01-15 00:00"),
        ("quarterly", "2026-11-21 00:00", "2027-01-01 00:00"),
    ],
)
def test_the_next_time(event: str, moment: str, expected: str) -> None:
    found = _calendar.parse(event).after(datetime.fromisoformat(f"{moment}+00:00"), ZoneInfo("UTC"))
    assert f"{found:%Y-%m-%d %H:%M}" == expected


def test_what_never_comes() -> None:
    assert _calendar.parse("*-2-30").after(datetime(2026, 1, 1, tzinfo=UTC), VIENNA) is None


def test_a_time_is_that_of_the_clocks_there() -> None:
    summer = _calendar.parse("03:00").after(datetime(2026, 7, 1, 12, tzinfo=UTC), VIENNA)
    winter = _calendar.parse("03:00").after(datetime(2026, 12, 1, 12, tzinfo=UTC), VIENNA)
    assert (summer, winter) == (datetime(2026, 7, 2, 1, tzinfo=UTC), datetime(2026, 12, 2, 2, tzinfo=UTC))


def test_a_day_whose_hour_is_left_out_has_its_event_all_the_same() -> None:
    """On 29 March 2026 the clocks of Vienna go from 2 to 3."""
    times = []
    moment = datetime(2026, 3, 27, 12, tzinfo=UTC)
    for _ in range(4):
        found = _calendar.parse("02:30").after(moment, VIENNA)
        assert found is not None
        times.append(found.astimezone(VIENNA).date().day)
        moment = found
    assert times == [28, 29, 30, 31]


@pytest.mark.parametrize(
    "event", ["", "   ", "noon", "25:00", "*/0", "mon..", "fri..mon 3:00", "1:2:3", "a b c", "12..8:00", "-"]
)
def test_what_is_no_event_is_refused_with_a_reason(event: str) -> None:
    with pytest.raises(ValueError, match=r"is no|is not between|goes backwards"):
        _calendar.parse(event)


@given(
    st.sampled_from(["*/15", "hourly", "daily", "weekly", "sat 03:00", "mon..fri 22:30", "monthly", "2/6:30"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["UTC", "Europe/Vienna", "Asia/Kolkata", "America/New_York"]),
)
def test_the_next_time_is_later_and_nothing_lies_between(event: str, moment: datetime, zone: str) -> None:
    schedule = _calendar.parse(event)
    found = schedule.after(moment, ZoneInfo(zone))
    assert found is not None
    assert found > moment
    middle = moment + (found - moment) / 2
    if middle < found:
        assert schedule.after(middle, ZoneInfo(zone)) == found
