"""Days, periods and instants of a team, for any calendar."""

import datetime as dt
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.operations.working_days import (
    CADENCES,
    DAY,
    Period,
    WorkingDays,
    due_day,
    period_from,
    periods_from,
    zones,
)

ZONES = ("UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana")
days = st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31))
calendars = st.builds(
    WorkingDays,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.frozensets(st.integers(1, 7), max_size=6),
    st.dictionaries(st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), st.just("Holiday"), max_size=40),
)


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def plain(zone: str = "UTC", *holidays: str, weekend: tuple[int, ...] = (6, 7)) -> WorkingDays:
    return WorkingDays(ZoneInfo(zone), frozenset(weekend), {on(day): "Holiday" for day in holidays})


@settings(max_examples=200, deadline=None)
@given(calendars, days, st.sampled_from(CADENCES[1:]))
def test_periods_cover_every_day_once(calendar: WorkingDays, first: dt.date, cadence: str) -> None:
    expected = first
    for period in islice(periods_from(cadence, first, calendar), 12):
        assert period.first == expected
        assert period.first <= period.last
        expected = period.last + DAY


@settings(max_examples=200, deadline=None)
@given(calendars, st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31)))
def test_daily_reviews_stand_on_every_working_day_and_on_no_other(calendar: WorkingDays, first: dt.date) -> None:
    found = [period.first for period in islice(periods_from("daily", first, calendar), 30)]
    between = (first + number * DAY for number in range((found[-1] - first).days + 1))
    assert found == [day for day in between if calendar.is_working(day)]


@settings(max_examples=200, deadline=None)
@given(calendars, st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31)), st.sampled_from(CADENCES), st.integers(0, 10))
def test_a_review_is_due_on_a_working_day_after_its_period_began(
    calendar: WorkingDays, first: dt.date, cadence: str, later: int
) -> None:
    period = period_from(cadence, first, calendar)
    day = due_day(period, calendar)
    assert day >= period.last
    assert calendar.is_working(day)
    assert not any(calendar.is_working(period.last + number * DAY) for number in range((day - period.last).days))
    assert calendar.start_of(period.first) < calendar.end_of(day) <= calendar.end_of(calendar.after(day, later))
    between = [day + number * DAY for number in range(1, (calendar.after(day, later) - day).days + 1)]
    assert sum(calendar.is_working(row) for row in between) == later


@settings(max_examples=300, deadline=None)
@given(calendars, days)
def test_a_day_begins_where_the_one_before_ends_and_holds_its_instants(calendar: WorkingDays, day: dt.date) -> None:
    start, end = calendar.start_of(day), calendar.end_of(day)
    assert start < end == calendar.start_of(day + DAY)
    assert calendar.day_of(start) == day
    assert calendar.day_of(end - dt.timedelta(microseconds=1)) == day
    assert calendar.day_of(start - dt.timedelta(microseconds=1)) == day - DAY


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Madrid", "2026-03-29", 23),
        ("Europe/Madrid", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Asia/Kolkata", "2026-03-29", 24),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ],
)
def test_the_day_on_which_clocks_change_has_as_many_hours_as_it_has(zone: str, day: str, hours: float) -> None:
    calendar = plain(zone)
    assert calendar.end_of(on(day)) - calendar.start_of(on(day)) == dt.timedelta(hours=hours)


def test_where_the_clock_skips_midnight_the_day_begins_as_it_skips() -> None:
    calendar = plain("Asia/Beirut")
    assert calendar.start_of(on("2026-03-29")) == dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC)
    assert calendar.day_of(calendar.start_of(on("2026-03-29"))) == on("2026-03-29")


def test_instants_of_a_day_are_the_teams() -> None:
    assert plain("Asia/Kolkata").start_of(on("2026-05-04")) == dt.datetime(2026, 5, 3, 18, 30, tzinfo=dt.UTC)
    assert plain("America/New_York").end_of(on("2026-07-31")) == dt.datetime(2026, 8, 1, 4, tzinfo=dt.UTC)
    assert plain("Europe/Madrid").end_of(on("2026-12-31")) == dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("cadence", "first", "last"),
    [
        ("weekly", "2026-11-26", "2026-11-29"),
        ("weekly", "2026-11-29", "2026-11-29"),
        ("weekly", "2026-12-28", "2027-01-03"),
        ("monthly", "2026-01-31", "2026-01-31"),
        ("monthly", "2026-02-01", "2026-02-28"),
        ("monthly", "2028-02-29", "2028-02-29"),
        ("monthly", "2026-12-05", "2026-12-31"),
        ("quarterly", "2026-01-01", "2026-03-31"),
        ("quarterly", "2026-05-31", "2026-06-30"),
        ("quarterly", "2026-08-31", "2026-09-30"),
        ("quarterly", "2026-10-01", "2026-12-31"),
    ],
)
def test_a_period_ends_with_its_week_month_or_quarter(cadence: str, first: str, last: str) -> None:
    assert period_from(cadence, on(first), plain()) == Period(on(first), on(last))


def test_months_after_the_31st_follow_one_another() -> None:
    found = [str(row) for row in islice(periods_from("monthly", on("2026-01-31"), plain()), 4)]
    assert found == [
        "2026-01-31",
        "2026-02-01 – 2026-02-28",
        "2026-03-01 – 2026-03-31",
        "2026-04-01 – 2026-04-30",
    ]


def test_a_due_day_on_a_weekend_or_a_holiday_is_the_next_working_day() -> None:
    assert due_day(Period(on("2026-11-23"), on("2026-11-29")), plain()) == on("2026-11-30")
    assert due_day(Period(on("2026-11-23"), on("2026-11-29")), plain("UTC", "2026-11-30")) == on("2026-12-01")
    assert due_day(Period(on("2026-11-23"), on("2026-11-29")), plain(weekend=(5, 6))) == on("2026-11-29")
    assert plain("UTC", "2026-12-25", "2026-12-28").after(on("2026-12-24"), 1) == on("2026-12-29")


def test_no_other_cadence_is_known() -> None:
    with pytest.raises(ValueError, match="yearly"):
        period_from("yearly", on("2026-01-01"), plain())


def test_zones_are_those_of_the_world() -> None:
    assert {"Europe/Madrid", "America/New_York", "Asia/Kolkata", "UTC"} <= zones()
    assert "localtime" not in zones()
