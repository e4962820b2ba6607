"""Days and dates of the Gregorian calendar for any year, before 1 and after 9999 too, as Go counts them."""

from __future__ import annotations

from typing import NamedTuple

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_DAYS_IN = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS_OF_400_YEARS = 146_097
# From 0000-03-01, where the reckoning below begins, to 1970-01-01.
_DAYS_TO_1970 = 719_468


class Day(NamedTuple):
    year: int
    month: int
    day: int


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(month: int, year: int) -> int:
    return 29 if month == 2 and is_leap(year) else _DAYS_IN[month - 1]


def days_since_1970(year: int, month: int, day: int) -> int:
    """The number of a day; months and days beyond their range run over into the next ones."""
    years, month = divmod(month - 1, 12)
    year += years
    # Years that begin in March have their leap day at the end.
    shifted = year - (month < 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month - 2) % 12) + 2) // 5
    return era * _DAYS_OF_400_YEARS + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _DAYS_TO_1970 + day - 1


def day_of(number: int) -> Day:
    """The date of a day that is counted from 1970-01-01."""
    era, of_era = divmod(number + _DAYS_TO_1970, _DAYS_OF_400_YEARS)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return Day(year + era * 400 + (month <= 2), month, day)


def weekday_of(number: int) -> int:
    """0 is Sunday; 1970-01-01 was a Thursday."""
    return (number + 4) % 7


def yearday_of(number: int) -> int:
    return number - days_since_1970(day_of(number).year, 1, 1) + 1
