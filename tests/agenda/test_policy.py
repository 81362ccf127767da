"""When a step is told and a mail may leave: in the reader's own days, over weekends, absences and changed clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agenda import preferences
from apps.agenda.policy import MORNING, Step, digest_after, free_from, moment_of, steps, zone

MADRID, KOLKATA, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
zones = st.sampled_from([MADRID, KOLKATA, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Pacific/Auckland")])
moments = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31), timezones=st.just(dt.UTC))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("days", "due_at", "where", "told"),
    [
        (0, "2026-03-05T00:00:00+00:00", ZoneInfo("UTC"), "2026-03-04T08:00:00+00:00"),
        (0, "2026-03-04T23:00:00+00:00", MADRID, "2026-03-04T07:00:00+00:00"),
        (-3, "2026-03-05T12:00:00+00:00", MADRID, "2026-03-02T07:00:00+00:00"),
        (-3, "2026-03-03T12:00:00+00:00", MADRID, "2026-02-27T07:00:00+00:00"),
        (1, "2026-03-06T12:00:00+00:00", MADRID, "2026-03-09T07:00:00+00:00"),
        (0, "2026-03-29T12:00:00+00:00", MADRID, "2026-03-30T06:00:00+00:00"),
        (0, "2026-03-04T20:00:00+00:00", KOLKATA, "2026-03-05T02:30:00+00:00"),
        (7, "2026-10-26T12:00:00+00:00", NEW_YORK, "2026-11-02T13:00:00+00:00"),
    ],
)
def test_a_step_is_told_at_eight_of_its_day(days: int, due_at: str, where: ZoneInfo, told: str) -> None:
    assert moment_of(Step("x", days, "holder"), at(due_at), where) == at(told)


@given(moments, zones, st.integers(-14, 14))
def test_a_step_falls_on_a_working_morning(due_at: dt.datetime, where: ZoneInfo, days: int) -> None:
    local = moment_of(Step("x", days, "holder"), due_at, where).astimezone(where)
    assert (local.time(), local.weekday() < 5) == (MORNING, True)
    assert dt.timedelta(days=days - 3) <= local - due_at <= dt.timedelta(days=days + 3)
    assert (local - due_at < dt.timedelta(days=days + 1)) or days >= 0


@given(moments, zones, st.sets(st.integers(0, 30)))
def test_a_mail_waits_for_working_hours(moment: dt.datetime, where: ZoneInfo, away: set[int]) -> None:
    first = moment.astimezone(where).date()

    def is_away(day: dt.date) -> bool:
        return (day - first).days in away

    for found in (free_from(moment, where, is_away), digest_after(moment, where, is_away)):
        local = found.astimezone(where)
        assert found >= moment
        assert local.weekday() < 5
        assert not is_away(local.date())
        assert dt.time(8) <= local.time() < dt.time(19)


def test_somebody_who_is_away_for_good_is_told_all_the_same() -> None:
    moment = at("2026-03-02T12:00:00+00:00")
    assert free_from(moment, MADRID, lambda day: True) == moment
    assert digest_after(moment, MADRID, lambda day: True) == moment


def test_every_kind_has_its_steps() -> None:
    assert [step.name for step in steps("anything")] == ["before", "due", "overdue", "deputy", "owner", "lead"]
    assert [step.name for step in steps("rollback_review")] == ["before", "due", "deputy", "lead"]
    assert steps("sign_off.business_owner") == steps("anything")
    assert zone("").key == "UTC"


@pytest.mark.parametrize(
    ("kind", "step", "group"),
    [
        ("sign_off.business_owner", "due", "decision"),
        ("condition_fulfil.1", "due", "decision"),
        ("review_daily", "due", "review"),
        ("copy_deletion", "before", "data"),
        ("offer.sponsor", "due", "ownership"),
        ("followed", "told", "followed"),
        ("something", "due", "other"),
        ("something", "nudge.2026-03-02", "escalation"),
        ("review_daily", "lead", "escalation"),
    ],
)
def test_kinds_belong_to_groups(kind: str, step: str, group: str) -> None:
    assert preferences.group_of(kind, step) == group
