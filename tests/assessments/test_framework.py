"""Frameworks as data: what is wrong is named with its line; two people publish."""

import pytest

from apps.assessments import actions
from apps.assessments.actions.frameworks import FOLDER
from apps.assessments.errors import FrameworkInvalid
from apps.assessments.framework import parse
from apps.assessments.models import FrameworkVersion
from apps.owners.responsibilities import RESPONSIBILITIES
from apps.people.errors import SecondPersonNeeded
from tests.people.factories import make_team, member

SOURCE = (FOLDER / "readiness.yaml").read_text()
FIRST = "    if_no: not_ready\n"


def line_of(text: str) -> int:
    return SOURCE[: SOURCE.index(text)].count("\n") + 1


BROKEN = {
    "unknown fact": ("fact: usecase.splits", "fact: usecase.horoscope", "“usecase.horoscope” is not known"),
    "unknown figure": ("identified_percent, at_least", "moon_phase, at_least", "“moon_phase” is not known"),
    "its own verdict": ("fact: usecase.splits", "fact: usecase.readiness", "“usecase.readiness” is not known"),
    "duplicate key": ("    if_no: not_ready\n", "    if_no: not_ready\n    if_no: experimenting\n", "stands twice"),
    "missing level": (FIRST, "", "“if_no” needs a text"),
    "unknown verdict": ("if_partly: experimenting", "if_partly: fairly_good", "“fairly_good” is not known"),
    "a partly below its no": ("if_partly: experimenting", "if_partly: not_ready", None),
    "cycle": (
        "    dimension: data\n    text: Are the exact",
        "    rests_on: [lineage_proven]\n    dimension: data\n    text: Are the exact",
        "a cycle",
    ),
    "unknown dimension": ("dimension: data", "dimension: weather", "“weather” is not known"),
    "unknown responsibility": ("asked_of: data_steward", "asked_of: everybody", "“everybody” is not known"),
    "unknown key": (
        "    proof: A registered",
        "    colour: red\n    proof: A registered",
        "“colour” is not known here",
    ),
    "double question": ("  - id: data_owners_named", "  - id: splits_identified", "stands twice"),
    "unknown input value": ("{prompting_result: [target]}", "{prompting_result: [moon]}", "“moon” is not known"),
    "no number": ("leaking_rows, at_most: 0", "leaking_rows, at_most: none at all", "needs a number"),
    "no mapping": (SOURCE, "- a list", "A framework is a mapping"),
    "no yaml": ("kind: readiness", "kind: [readiness", None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_framework_is_refused_with_line_and_reason(name: str) -> None:
    before, after, reason = BROKEN[name]
    if reason is None and name.startswith("a partly"):
        parse(SOURCE.replace(before, after, 1))
        return
    with pytest.raises(FrameworkInvalid) as refused:
        parse(SOURCE.replace(before, after, 1))
    messages = refused.value.extra["messages"]
    assert all(message["line"] >= 1 for message in messages)
    if reason:
        assert any(reason in message["text"] for message in messages), messages
        near = abs(messages[0]["line"] - line_of(before)) if before != SOURCE else 0
        assert near <= 6, (messages, line_of(before))


def test_the_shipped_framework_asks_of_every_dimension_and_resource_and_knows_whom() -> None:
    framework = parse(SOURCE)
    assert len([row for row in framework.dimensions if row.is_resource]) == 4
    assert len([row for row in framework.dimensions if not row.is_resource]) == 4
    for dimension in framework.dimensions:
        assert [row for row in framework.questions if row.dimension == dimension.id]
    assert {row.asked_of for row in framework.questions} <= set(RESPONSIBILITIES)
    assert all(row.why and row.proof for row in framework.questions)


@pytest.mark.django_db
def test_one_proposes_and_a_second_publishes() -> None:
    team = make_team()
    one, two = member(team, "governance_lead"), member(team, "governance_lead")
    proposed = actions.propose_framework(SOURCE.replace("valid_days: 90", "valid_days: 60"), by=one, note="Fresher")
    with pytest.raises(SecondPersonNeeded):
        actions.publish_framework(proposed, by=one)
    assert actions.publish_framework(proposed, by=two).state == "published"
    with pytest.raises(FrameworkInvalid, match="word for word"):
        actions.propose_framework(proposed.source, by=one)
    other = actions.propose_framework(SOURCE.replace("valid_days: 90", "valid_days: 30"), by=one)
    assert actions.withdraw_framework(other, by=one).state == "withdrawn"
    assert FrameworkVersion.objects.filter(state="published").count() == 2
