"""The verdict as a pure function: it never averages, never rises when an answer falls, in any order."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.assessments.actions.frameworks import FOLDER
from apps.assessments.framework import LEVELS, NOT_APPLICABLE, VERDICTS, parse
from apps.assessments.verdict import Standing, judge

FRAMEWORK = parse((FOLDER / "readiness.yaml").read_text())
IDS = [row.id for row in FRAMEWORK.questions]
STANDINGS = st.builds(
    Standing,
    claim=st.sampled_from([*LEVELS, NOT_APPLICABLE, None]),
    proven=st.sampled_from([*LEVELS, None, None]),
    is_lapsed=st.booleans(),
    has_evidence=st.booleans(),
)
EVERYTHING = st.fixed_dictionaries(dict.fromkeys(IDS, STANDINGS))
ALL_GOOD = {name: Standing("yes", "yes", has_evidence=True) for name in IDS}


def rank(standings: dict[str, Standing]) -> int:
    return VERDICTS.index(judge(FRAMEWORK, standings).level)


def test_everything_good_is_ready_for_production_and_one_weak_answer_decides() -> None:
    assert judge(FRAMEWORK, ALL_GOOD).level == "ready_for_production"
    for question in FRAMEWORK.questions:
        for level in ("no", "partly"):
            weak = {**ALL_GOOD, question.id: Standing(level, level)}
            assert rank(weak) <= VERDICTS.index(question.caps[level]), question.id


def test_mostly_yes_is_not_ready() -> None:
    for question in FRAMEWORK.questions:
        if question.blocks:
            assert judge(FRAMEWORK, {**ALL_GOOD, question.id: Standing("no")}).level == "not_ready"


@given(EVERYTHING, st.sampled_from(IDS), st.data())
@settings(max_examples=300, deadline=None)
def test_the_verdict_never_rises_when_an_answer_or_a_fact_falls(
    standings: dict[str, Standing], name: str, data: st.DataObject
) -> None:
    before = standings[name]
    if before.claim not in LEVELS:
        return
    lower = data.draw(st.sampled_from(LEVELS[: LEVELS.index(before.claim) + 1]))
    proven = before.proven
    if proven is not None:
        proven = data.draw(st.sampled_from(LEVELS[: LEVELS.index(proven) + 1]))
    after = Standing(lower, proven, before.is_lapsed, before.has_evidence)
    assert rank({**standings, name: after}) <= rank(standings)


@given(EVERYTHING, st.integers())
@settings(max_examples=200, deadline=None)
def test_the_verdict_is_the_same_in_any_order_of_answers(standings: dict[str, Standing], seed: int) -> None:
    names = list(standings)
    random.Random(seed).shuffle(names)
    assert judge(FRAMEWORK, {name: standings[name] for name in names}) == judge(FRAMEWORK, standings)


@given(EVERYTHING)
@settings(max_examples=200, deadline=None)
def test_the_verdict_is_the_lowest_of_what_each_question_allows(standings: dict[str, Standing]) -> None:
    verdict = judge(FRAMEWORK, standings)
    applying = [row for row in verdict.judged if row.level != NOT_APPLICABLE]
    assert verdict.level == (min((row.cap for row in applying), key=VERDICTS.index) if applying else "not_ready")
    caps = [VERDICTS.index(row.cap) for row in verdict.reasons]
    assert caps == sorted(caps)
    for row in verdict.judged:
        if row.standing.proven is not None and row.level != NOT_APPLICABLE:
            assert LEVELS.index(row.level) <= LEVELS.index(row.standing.proven)


@given(EVERYTHING)
@settings(max_examples=100, deadline=None)
def test_the_next_step_lifts_the_verdict_as_much_as_any_other_single_one(standings: dict[str, Standing]) -> None:
    verdict = judge(FRAMEWORK, standings)
    if verdict.next_step is None:
        assert verdict.level == "ready_for_production" or not verdict.reasons
        return
    settled = Standing("yes", "yes", has_evidence=True)
    best = max(rank({**standings, name: settled}) for name in IDS)
    assert rank({**standings, verdict.next_step.question.id: settled}) == best
