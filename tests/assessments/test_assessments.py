"""Assessments: claimed beside proven, lapses, conflicts, what is submitted and who signs it."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.assessments import actions
from apps.assessments.errors import (
    AssessmentClosed,
    AssessmentNotSubmitted,
    AssessmentStands,
    EvidenceUnknown,
    NoFramework,
    NotTheGovernanceOwner,
    OwnSubmission,
    ReasonRequired,
    StaleAnswer,
    StaleAssessment,
    UnknownQuestion,
)
from apps.assessments.models import Answer, Assessment, FrameworkVersion, Readiness
from apps.core import clock
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.subjects import SubjectRef
from apps.evidence import actions as evidence
from apps.evidence import facts
from apps.ledger.models import Entry
from apps.people.errors import ConfirmationRequired
from tests.assessments.scenery import GOOD_FIT, answer, answer_all, judged, make_assessment, read, sign
from tests.scenery import LEAKING, Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_a_fresh_assessment_is_not_ready_and_names_what_to_do_first(scene: Scene) -> None:
    found = read(make_assessment(scene))
    assert found.verdict.level == "not_ready"
    assert found.verdict.next_step is not None
    assert judged(found, "splits_identified").standing.proven == "yes"
    assert judged(found, "rhythm_set").standing.proven == "no", "no review is planned"


def test_a_claim_that_the_facts_contradict_counts_as_the_facts_say() -> None:
    scene = make_scene(test=LEAKING)
    assessment = make_assessment(scene)
    answer(assessment, "splits_identified", "yes", scene)
    found = read(assessment)
    row = judged(found, "splits_identified")
    assert (row.standing.claim, row.standing.proven, row.level, row.cause) == (
        "yes",
        "partly",
        "partly",
        "contradicted",
    )
    assert row in found.verdict.contradicted
    assert "1 test or validation row also in training" in found.facts["usecase.splits"].sentence
    assert Assessment.objects.get().contradicted == {str(scene.engineer.pk): 1}


def test_a_claim_below_what_is_proven_counts_as_claimed(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer(assessment, "splits_identified", "no", scene)
    row = judged(read(assessment), "splits_identified")
    assert (row.standing.proven, row.level, row.is_contradicted) == ("yes", "no", False)


def test_a_bare_yes_counts_as_partly_until_there_is_evidence(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer(assessment, "success_measured", "yes", scene)
    assert judged(read(assessment), "success_measured").cause == "bare"
    made = answer(assessment, "success_measured", "yes", scene, link="https://wiki.example.org/success")
    assert judged(read(assessment), "success_measured").level == "yes"
    document = evidence.Document.objects.get(pk=made.evidence[0]["id"])
    evidence.withdraw_document(document, by=scene.engineer, reason="Out of date")
    assert judged(read(assessment), "success_measured").cause == "bare"


def test_a_claim_lapses_at_the_exact_instant(scene: Scene) -> None:
    assessment = make_assessment(scene)
    made = answer(assessment, "scope_narrow", "yes", scene)
    end = made.answered_at + dt.timedelta(days=180)
    with clock.replay(end - dt.timedelta(microseconds=1)):
        assert judged(read(assessment), "scope_narrow").level == "yes"
    with clock.replay(end):
        assert judged(read(assessment), "scope_narrow").cause == "lapsed"


def test_everything_claimed_with_evidence_is_ready_to_pilot_as_far_as_this_part_can_know(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer_all(assessment, scene)
    found = read(assessment)
    held_down = {row.question.id for row in found.verdict.reasons}
    assert found.verdict.level != "ready_for_production"
    assert "training_use_approved" in held_down
    assert "gates_in_force" not in held_down, "a policy is published for each of the four gates"
    assert {row.question.id for row in found.verdict.contradicted} <= held_down


def test_two_people_answering_different_questions_do_not_meet(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer(assessment, "scope_narrow", "yes", scene, revision=0)
    answer(assessment, "task_stable", "partly", scene, revision=0, by=scene.people["business_owner"])
    assert set(read(assessment).answers) == {"scope_narrow", "task_stable"}


def test_the_same_question_shows_the_conflict(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer(assessment, "scope_narrow", "partly", scene, revision=0, comment="Two teams use it")
    with pytest.raises(StaleAnswer, match="Technical Owner answered “Partly”") as refused:
        answer(assessment, "scope_narrow", "yes", scene, revision=0, by=scene.people["business_owner"])
    assert refused.value.extra["current"] == {"level": "partly", "by": "Technical Owner", "comment": "Two teams use it"}
    answer(assessment, "scope_narrow", "yes", scene, revision=1, by=scene.people["business_owner"])
    assert [row.level for row in assessment.answers.order_by("revision")] == ["partly", "yes"]


def test_a_question_that_does_not_apply_says_why_and_only_where_it_may(scene: Scene) -> None:
    assessment = make_assessment(scene)
    with pytest.raises(ReasonRequired):
        answer(assessment, "human_review", "not_applicable", scene)
    answer(assessment, "human_review", "not_applicable", scene, comment="Low risk: a colleague reads all of it")
    assert judged(read(assessment), "human_review").level == "not_applicable"
    with pytest.raises(InvalidInput):
        answer(assessment, "sponsor_named", "not_applicable", scene, comment="No money needed")


def test_what_is_no_question_or_no_evidence_here_is_refused(scene: Scene) -> None:
    assessment = make_assessment(scene)
    with pytest.raises(UnknownQuestion):
        answer(assessment, "is_it_nice", "yes", scene)
    elsewhere = evidence.Document.objects.filter(subject_type="dataset_version").first()
    with pytest.raises(EvidenceUnknown):
        answer(assessment, "scope_narrow", "yes", scene, evidence_ids=[elsewhere.pk])
    with pytest.raises(NotPermitted):
        answer(assessment, "scope_narrow", "yes", scene, by=scene.people["sponsor"])


def test_a_submitted_one_is_immutable_and_signed_by_the_governance_owner(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer_all(assessment, scene)
    with pytest.raises(AssessmentNotSubmitted):
        sign(assessment, scene)
    submitted = actions.submit(assessment, by=scene.engineer)
    with pytest.raises(AssessmentClosed):
        actions.submit(assessment, by=scene.engineer)
    with pytest.raises(AssessmentClosed):
        answer(assessment, "scope_narrow", "no", scene)
    with pytest.raises(StaleAssessment):
        sign(assessment, scene, digest="sha256:" + "0" * 64)
    with pytest.raises(NotTheGovernanceOwner):
        sign(assessment, scene, by=scene.people["business_owner"])
    with pytest.raises(ConfirmationRequired):
        sign(assessment, scene, confirmation=None)
    signed = sign(assessment, scene)
    assert (signed.state, signed.signed_by) == ("signed", scene.lead)
    fact = facts.read(SubjectRef("use_case", scene.use_case.pk), scene.use_case, ["usecase.readiness"])
    assert fact["usecase.readiness"].figures["signed"] is True
    assert Readiness.objects.get().verdict == read(submitted).verdict.level
    acts = list(Entry.objects.filter(subject_id=assessment.pk).values_list("action", flat=True))
    assert {"assessment.started", "assessment.answered", "assessment.submitted", "assessment.signed"} <= set(acts)


def test_nobody_signs_what_they_submitted(scene: Scene) -> None:
    assessment = make_assessment(scene)
    actions.submit(assessment, by=scene.lead)
    with pytest.raises(OwnSubmission):
        sign(assessment, scene)


def test_reopening_carries_the_answers_over_and_leaves_the_old_one(scene: Scene) -> None:
    assessment = make_assessment(scene)
    first = answer(assessment, "scope_narrow", "yes", scene)
    actions.state_fit(assessment, GOOD_FIT, by=scene.engineer, revision=0)
    with pytest.raises(AssessmentStands):
        make_assessment(scene)
    with pytest.raises(AssessmentClosed):
        actions.reopen(assessment, by=scene.engineer, reason="Early")
    actions.submit(assessment, by=scene.engineer)
    with pytest.raises(ReasonRequired):
        actions.reopen(assessment, by=scene.engineer, reason=" ")
    following = actions.reopen(assessment, by=scene.engineer, reason="New data")
    carried = following.answers.get()
    assert (carried.level, carried.answered_at, carried.by) == ("yes", first.answered_at, scene.engineer)
    assert following.fit_statements.get().values == GOOD_FIT
    assessment.refresh_from_db()
    assert assessment.state == "superseded"
    with pytest.raises(AssessmentNotSubmitted):
        sign(assessment, scene)


def test_the_fit_recommends_only_when_everything_is_said(scene: Scene) -> None:
    assessment = make_assessment(scene)
    actions.state_fit(assessment, {"stability": "stable"}, by=scene.engineer, revision=0)
    assert read(assessment).recommendation.best is None
    with pytest.raises(StaleAnswer):
        actions.state_fit(assessment, GOOD_FIT, by=scene.engineer, revision=0)
    with pytest.raises(InvalidInput, match="not among the choices"):
        actions.state_fit(assessment, {"stability": "wobbly"}, by=scene.engineer, revision=1)
    actions.state_fit(assessment, GOOD_FIT, by=scene.engineer, revision=1)
    best = read(assessment).recommendation.best
    assert best is not None
    assert best.option.id == "tuning"
    changing = {**GOOD_FIT, "source_change": "weekly"}
    actions.state_fit(assessment, changing, by=scene.engineer, revision=2)
    best = read(assessment).recommendation.best
    assert best is not None
    assert best.option.id == "hybrid", "facts that change every week do not belong into weights"


def test_without_a_published_framework_nothing_starts(scene: Scene) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE assessments_frameworkversion DISABLE TRIGGER ALL")
        FrameworkVersion.objects.update(state="withdrawn", published_at=None)
        cursor.execute("ALTER TABLE assessments_frameworkversion ENABLE TRIGGER ALL")
    with pytest.raises(NoFramework):
        make_assessment(scene)


SQL = (
    "UPDATE assessments_answer SET level = 'yes'",
    "DELETE FROM assessments_answer",
    "TRUNCATE assessments_answer CASCADE",
    "UPDATE assessments_fitstatement SET values = '{}'",
    "UPDATE assessments_assessment SET snapshot = '{}'",
    "UPDATE assessments_assessment SET state = 'open'",
    "UPDATE assessments_assessment SET state = 'signed'",
    "UPDATE assessments_assessment SET number = 99",
    "DELETE FROM assessments_assessment",
    "UPDATE assessments_frameworkversion SET source = 'kind: x'",
    "DELETE FROM assessments_frameworkversion",
    "SET LOCAL session_replication_role = replica; UPDATE assessments_answer SET level = 'yes'",
)


@pytest.mark.parametrize("sql", SQL)
def test_raw_sql_alters_nothing_that_was_said(scene: Scene, sql: str) -> None:
    assessment = make_assessment(scene)
    answer(assessment, "scope_narrow", "no", scene)
    actions.state_fit(assessment, GOOD_FIT, by=scene.engineer, revision=0)
    actions.submit(assessment, by=scene.engineer)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_raw_sql_answers_no_submitted_assessment(scene: Scene) -> None:
    assessment = make_assessment(scene)
    actions.submit(assessment, by=scene.engineer)
    values: dict[str, Any] = {"question": "scope_narrow", "level": "yes", "by": scene.lead, "by_name": "x"}
    with pytest.raises(DatabaseError), transaction.atomic():
        Answer.objects.create(assessment=assessment, revision=1, answered_at=clock.now(), **values)
