"""Sample audits: who draws, who judges, what counts, and what nobody can change."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.agenda.due import for_user
from apps.core import clock, jobs
from apps.core.errors import NotFound
from apps.core.subjects import SubjectRef
from apps.datasets import actions, auditing
from apps.datasets.errors import (
    AuditEnded,
    AuditUnfinished,
    JudgementIncomplete,
    NothingRuns,
    NotInvited,
    OwnJudgement,
    ReviewersLack,
    RowDecided,
    RowNotDisputed,
    SampleTooLarge,
)
from apps.datasets.inspection import sampling
from apps.datasets.models import Judgement, SampleAudit, SampledText, SplitFile
from apps.datasets.refs import audit_ref, version_ref
from apps.evidence import facts
from apps.evidence.errors import NotTheHolder
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.models import User
from tests.datasets.audits import closed, draw, judge_all
from tests.people.factories import make_user, member
from tests.scenery import TRAIN, Scene, make_scene, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def fact(version: Any) -> Any:
    return facts.read(version_ref(version), version)["dataset.sample_audit"]


def due(user: Any) -> dict[str, str]:
    return {entry.item.kind: str(entry.item.reason) for entry in for_user(user) if entry.item.kind.startswith("audit")}


def test_the_review_lead_draws_a_sample_and_its_seed_is_in_the_ledger(scene: Scene) -> None:
    audit = draw(scene)
    assert (audit.state, audit.wanted_rows) == ("reviewing", 4)
    assert [row.position for row in audit.rows.all()] == [1, 2, 3, 4]
    assert {(row["split"], row["label"], row["drawn"]) for row in audit.strata} == {
        ("test", "pay", 1), ("train", "pay", 1), ("train", "card", 1), ("train", "lost", 1),
    }  # fmt: skip
    texts = {row.digest: row.content.text for row in audit.rows.select_related("content")}
    assert sorted(texts.values()) == ["Can I pay later?", "How do I pay?", "I lost it", "Where is my card?"]
    entries = Entry.objects.filter(subject_id=str(scene.version.pk), action__startswith="sample_audit")
    assert [row.action for row in entries.order_by("id")] == ["sample_audit.asked", "sample_audit.drawn"]
    assert all(audit.seed in row.body for row in entries)


def test_nobody_but_the_review_lead_draws(scene: Scene) -> None:
    for key in ("technical_owner", "governance_owner", "data_steward"):
        with pytest.raises(NotTheHolder):
            draw(scene, by=scene.people[key])


def test_the_deputy_draws_while_the_review_lead_is_away(scene: Scene) -> None:
    lead, deputy = scene.people["review_lead"], scene.people["source_owner"]
    held = Ownership.objects.active().get(responsibility="review_lead")
    owners.appoint_deputy(held, deputy, by=scene.lead)
    with pytest.raises(NotTheHolder):
        draw(scene, by=deputy)
    people.record_absence(lead, clock.today(), clock.today() + dt.timedelta(days=1), by=lead)
    assert "audit_due" in due(deputy)
    assert draw(scene, by=deputy).state == "reviewing"


def test_one_audit_at_a_time(scene: Scene) -> None:
    audit = draw(scene)
    with pytest.raises(AuditUnfinished):
        draw(scene)
    actions.withdraw_audit(audit, by=scene.people["review_lead"], reason="Wrong reviewers")
    assert draw(scene).number == 2


def test_reviewers_come_from_the_team(scene: Scene) -> None:
    stranger = make_user("Stranger")
    with pytest.raises(ReviewersLack, match="active people of the team"):
        actions.draw_sample(scene.version, by=scene.people["review_lead"], reviewers=[stranger])
    assert not SampleAudit.objects.exists()


def test_who_registered_the_version_never_judges_a_row_alone(scene: Scene) -> None:
    with pytest.raises(ReviewersLack, match="made this version"):
        draw(scene, "technical_owner", "data_steward")
    with pytest.raises(ReviewersLack, match="at most one of whom"):
        draw(scene, "technical_owner", reviewers_per_row=2)
    audit = draw(scene, "technical_owner", "data_steward", reviewers_per_row=2)
    judge_all(audit, scene.engineer)
    assert auditing.progress(audit).open == 4
    judge_all(audit, scene.people["data_steward"])
    assert auditing.progress(audit).good == 4


def test_an_author_cannot_be_left_as_the_only_reviewer(scene: Scene) -> None:
    audit = draw(scene, "technical_owner", "data_steward", reviewers_per_row=2)
    lead = scene.people["review_lead"]
    with pytest.raises(ReviewersLack):
        actions.dismiss_reviewer(audit, scene.people["data_steward"], by=lead)
    with pytest.raises(ReviewersLack, match="does not review"):
        actions.dismiss_reviewer(audit, scene.people["sponsor"], by=lead)
    actions.invite_reviewers(audit, [scene.people["sponsor"]], by=lead)
    actions.dismiss_reviewer(audit, scene.people["data_steward"], by=lead)
    with pytest.raises(NotInvited):
        actions.judge(audit, 1, by=scene.people["data_steward"], verdict="good")
    assert actions.invite_reviewers(audit, [scene.people["data_steward"]], by=lead)
    actions.judge(audit, 1, by=scene.people["data_steward"], verdict="good")


def test_who_decides_disagreements_does_not_judge(scene: Scene) -> None:
    with pytest.raises(ReviewersLack, match="decides where two reviewers differ"):
        draw(scene, "review_lead", "data_steward", reviewers_per_row=2)
    assert draw(scene, "review_lead", "data_steward").state == "reviewing"


def test_a_sample_that_nobody_could_judge_is_refused(scene: Scene) -> None:
    rows = "".join(f"Question {number},pay\n" for number in range(6000))
    version = make_version(scene, train="text,category\n" + rows)
    with pytest.raises(SampleTooLarge, match="people judge at most 5,000"):
        draw(scene, version=version, confidence_percent=99, margin_percent=0.5)


def test_a_judgement_says_what_is_wrong(scene: Scene) -> None:
    audit, steward = draw(scene), scene.people["data_steward"]
    with pytest.raises(JudgementIncomplete):
        actions.judge(audit, 1, by=steward, verdict="defective")
    with pytest.raises(JudgementIncomplete, match="note"):
        actions.judge(audit, 1, by=steward, verdict="defective", defect="other")
    with pytest.raises(NotFound):
        actions.judge(audit, 99, by=steward, verdict="good")
    with pytest.raises(NotInvited):
        actions.judge(audit, 1, by=scene.people["sponsor"], verdict="good")
    actions.judge(audit, 1, by=steward, verdict="defective", defect="other", note="Nonsense")
    assert Judgement.objects.get().note == "Nonsense"


def test_a_reviewer_who_left_the_team_judges_no_more(scene: Scene) -> None:
    audit = draw(scene, "data_steward", "sponsor")
    people.change_roles(scene.people["sponsor"], scene.team, [], by=member(scene.team, "administrator"))
    with pytest.raises(NotInvited):
        actions.judge(audit, 1, by=User.objects.get(pk=scene.people["sponsor"].pk), verdict="good")


def test_free_answers_are_not_listed_as_labels(scene: Scene) -> None:
    rows = "".join(f"Question {number},Answer {number} in words\n" for number in range(700))
    version = make_version(scene, train="text,category\n" + rows)
    audit = draw(scene, version=version)
    judge_all(audit, scene.people["data_steward"])
    ended = actions.close_audit(audit, by=scene.people["review_lead"], conclusion="")
    assert ended.result["by_label"] == []
    assert all(stratum["label"] == "" for stratum in ended.strata)


def test_the_newer_word_counts_and_the_ledger_keeps_both_without_the_note(scene: Scene) -> None:
    audit, steward = draw(scene), scene.people["data_steward"]
    for _twice in range(2):
        actions.judge(audit, 1, by=steward, verdict="good")
    actions.judge(audit, 1, by=steward, verdict="defective", defect="sensitive", note="Ann Lee, 5 May")
    assert Judgement.objects.get().defect == "sensitive"
    entries = list(Entry.objects.filter(subject_id=str(audit.pk), action="sample_audit.judged").order_by("id"))
    assert len(entries) == 2
    assert '"earlier":{"defect":"","verdict":"good"}' in entries[1].body
    assert "Ann Lee" not in entries[1].body


def test_rows_on_which_reviewers_differ_are_decided_by_the_review_lead(scene: Scene) -> None:
    audit, lead = draw(scene, "data_steward", "sponsor", reviewers_per_row=2), scene.people["review_lead"]
    judge_all(audit, scene.people["data_steward"])
    with pytest.raises(RowNotDisputed):
        actions.adjudicate(audit, 1, by=lead, verdict="good", note="Fine")
    judge_all(audit, scene.people["sponsor"])
    actions.judge(audit, 1, by=scene.people["sponsor"], verdict="defective", defect="duplicate")
    actions.judge(audit, 2, by=scene.people["sponsor"], verdict="unsure")
    assert auditing.progress(audit).disputed == 2
    assert "audit_disputed" in due(lead)
    with pytest.raises(AuditUnfinished, match="2 are disputed"):
        actions.close_audit(audit, by=lead, conclusion="")
    with pytest.raises(NotTheHolder):
        actions.adjudicate(audit, 1, by=scene.people["sponsor"], verdict="good", note="Mine")
    with pytest.raises(JudgementIncomplete):
        actions.adjudicate(audit, 1, by=lead, verdict="unsure", note="Hm")
    with pytest.raises(JudgementIncomplete):
        actions.adjudicate(audit, 1, by=lead, verdict="good", note="")
    actions.adjudicate(audit, 1, by=lead, verdict="defective", defect="duplicate", note="It stands twice")
    actions.adjudicate(audit, 2, by=lead, verdict="defective", defect="wrong_text", note="Half a sentence")
    actions.adjudicate(audit, 2, by=lead, verdict="good", note="It is whole")
    with pytest.raises(RowDecided):
        actions.judge(audit, 1, by=scene.people["sponsor"], verdict="good")
    ended = actions.close_audit(audit, by=lead, conclusion="One of four")
    assert ended.result["overall"]["defects"] == 1
    assert ended.result["by_defect"] == {"duplicate": 1}
    assert ended.result["adjudicated_rows"] == 2


def test_two_kinds_of_defect_are_a_disagreement(scene: Scene) -> None:
    audit = draw(scene, "data_steward", "sponsor", reviewers_per_row=2)
    actions.judge(audit, 1, by=scene.people["data_steward"], verdict="defective", defect="duplicate")
    actions.judge(audit, 1, by=scene.people["sponsor"], verdict="defective", defect="wrong_label")
    assert auditing.progress(audit).disputed == 1


def test_a_new_review_lead_does_not_decide_their_own_dispute(scene: Scene) -> None:
    audit = draw(scene, "data_steward", "sponsor", reviewers_per_row=2)
    steward = scene.people["data_steward"]
    actions.judge(audit, 1, by=steward, verdict="good")
    actions.judge(audit, 1, by=scene.people["sponsor"], verdict="unsure")
    held = Ownership.objects.active().get(responsibility="review_lead")
    owners.accept(owners.hand_over(held, steward, by=scene.lead), by=steward)
    with pytest.raises(OwnJudgement):
        actions.adjudicate(audit, 1, by=steward, verdict="good", note="As I said")


def test_a_closed_audit_becomes_the_fact(scene: Scene) -> None:
    assert fact(scene.version).status == "unknown"
    closed(scene)
    found = fact(scene.version)
    assert found.figures == {
        "audited_rows": 4,
        "defects": 1,
        "defect_percent": 25.0,
        "upper_bound_percent": 69.9358,
        "age_days": 0,
        "of_this_version": True,
    }
    assert "1 of 4 audited rows is defective" in found.sentence


def test_the_fact_of_a_later_version_says_that_an_earlier_one_was_audited(scene: Scene) -> None:
    closed(scene)
    later = make_version(scene, train=TRAIN + "More,pay\n")
    found = fact(later)
    assert found.figures["of_this_version"] is False
    assert "version 1, not of this one" in found.sentence


def test_an_audit_is_due_for_a_first_version_and_after_a_major_change(scene: Scene) -> None:
    lead = scene.people["review_lead"]
    assert "No version of this dataset was audited" in due(lead)["audit_due"]
    audit = draw(scene)
    assert "audit_due" not in due(lead)
    steward = scene.people["data_steward"]
    assert "4 rows wait" in due(steward)["audit_rows"]
    judge_all(audit, steward)
    assert "audit_rows" not in due(steward)
    assert "audit_decided" in due(lead)
    actions.close_audit(audit, by=lead, conclusion="")
    assert due(lead) == {}
    version = make_version(scene, train=TRAIN.replace("I lost it,lost", "I lost it,card"))
    assert "25 % of the rows differ" in due(lead)["audit_due"]
    closed(scene, version=version)
    assert due(lead) == {}


def test_a_minor_change_makes_no_audit_due(scene: Scene) -> None:
    rows = "".join(f"Question {number},pay\n" for number in range(60))
    version = make_version(scene, train="text,category\n" + rows)
    audit = draw(scene, version=version)
    judge_all(audit, scene.people["data_steward"])
    actions.close_audit(audit, by=scene.people["review_lead"], conclusion="")
    make_version(scene, train="text,category\n" + rows.replace("Question 7,pay", "Question 7,card"))
    assert "audit_due" not in due(scene.people["review_lead"])


def test_a_sample_that_could_not_be_drawn_says_why_and_is_drawn_again(scene: Scene) -> None:
    from django.core.files.storage import default_storage

    name = SplitFile.objects.filter(version=scene.version).first().storage_name  # type: ignore[union-attr]
    with default_storage.open(name) as file:
        data = file.read()
    default_storage.delete(name)
    audit, lead = draw(scene), scene.people["review_lead"]
    assert (audit.state, "not in the storage" in audit.error) == ("failed", True)
    assert "audit_failed" in due(lead)
    from django.core.files.base import ContentFile

    default_storage.save(name, ContentFile(data))
    actions.draw_again(audit, by=lead)
    jobs.run_waiting()
    audit.refresh_from_db()
    assert audit.state == "reviewing"
    with pytest.raises(AuditUnfinished):
        actions.draw_again(audit, by=lead)


def test_a_draw_is_stopped_and_started_again_from_the_same_seed(scene: Scene) -> None:
    lead, steward = scene.people["review_lead"], scene.people["data_steward"]
    audit = actions.draw_sample(scene.version, by=lead, reviewers=[steward])
    with pytest.raises(NotTheHolder):
        actions.cancel_draw(audit, by=steward)
    actions.cancel_draw(audit, by=lead)
    jobs.run_waiting()
    audit.refresh_from_db()
    assert (audit.state, audit.error, audit.rows.count()) == ("cancelled", f"Stopped by {lead.name}.", 0)
    assert Entry.objects.filter(action="sample_audit.draw_stopped", subject_id=scene.version.pk).exists()
    assert due(lead)["audit_failed"] == audit.error
    with pytest.raises(NothingRuns):
        actions.cancel_draw(audit, by=lead)
    with pytest.raises(AuditUnfinished):
        actions.draw_sample(scene.version, by=lead, reviewers=[steward])
    actions.draw_again(audit, by=lead)
    jobs.run_waiting()
    seed = audit.seed
    audit.refresh_from_db()
    assert (audit.state, audit.seed, audit.rows.count()) == ("reviewing", seed, 4)


def test_a_stopped_draw_is_withdrawn(scene: Scene) -> None:
    lead = scene.people["review_lead"]
    audit = actions.draw_sample(scene.version, by=lead, reviewers=[scene.people["data_steward"]])
    actions.cancel_draw(audit, by=lead)
    assert actions.withdraw_audit(audit, by=lead, reason="Not now").state == "withdrawn"


def test_a_worker_lets_go_of_a_draw_that_was_stopped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = scene.people["review_lead"]
    audit = actions.draw_sample(scene.version, by=lead, reviewers=[scene.people["data_steward"]])

    def stopped(*_files: Any, progress: Any, **_values: Any) -> Any:
        actions.cancel_draw(audit, by=lead)
        progress(1)
        pytest.fail("The worker went on.")

    monkeypatch.setattr(sampling, "draw", stopped)
    jobs.run_waiting()
    audit.refresh_from_db()
    assert (audit.state, SampledText.objects.count()) == ("cancelled", 0)


def test_an_ended_audit_takes_nothing_more(scene: Scene) -> None:
    audit, lead = closed(scene), scene.people["review_lead"]
    with pytest.raises(AuditEnded):
        actions.judge(audit, 1, by=scene.people["data_steward"], verdict="good")
    with pytest.raises(AuditEnded):
        actions.adjudicate(audit, 1, by=lead, verdict="good", note="Late")
    with pytest.raises(AuditEnded):
        actions.close_audit(audit, by=lead, conclusion="Again")
    with pytest.raises(AuditEnded):
        actions.withdraw_audit(audit, by=lead, reason="Late")
    with pytest.raises(AuditEnded):
        actions.invite_reviewers(audit, [scene.people["sponsor"]], by=lead)


def test_texts_are_erased_and_the_verdicts_stay(scene: Scene) -> None:
    audit, lead = draw(scene), scene.people["review_lead"]
    with pytest.raises(AuditUnfinished):
        actions.erase_texts(audit, by=lead, reason="Retention")
    actions.withdraw_audit(audit, by=lead, reason="Not needed")
    with pytest.raises(NotTheHolder):
        actions.erase_texts(audit, by=scene.engineer, reason="Retention")
    assert actions.erase_texts(audit, by=lead, reason="Retention") == 4
    assert not SampledText.objects.exists()
    assert audit.rows.count() == 4
    assert actions.erase_texts(audit, by=lead, reason="Retention") == 0


ATTACKS = {
    "a result": "UPDATE datasets_sampleaudit SET result = '{}'",
    "a reopening": "UPDATE datasets_sampleaudit SET state = 'reviewing'",
    "a seed": "UPDATE datasets_sampleaudit SET seed = 'mine'",
    "an audit": "DELETE FROM datasets_sampleaudit",
    "every audit": "TRUNCATE datasets_sampleaudit CASCADE",
    "a judgement": "UPDATE datasets_judgement SET verdict = 'good', defect = ''",
    "a judgement gone": "DELETE FROM datasets_judgement",
    "every judgement": "TRUNCATE datasets_judgement",
    "a row": "UPDATE datasets_sampledrow SET row = 7",
    "a row gone": "DELETE FROM datasets_sampledrow",
    "a text": "UPDATE datasets_sampledtext SET text = 'x'",
    "every text": "TRUNCATE datasets_sampledtext",
    "a reviewer": "UPDATE datasets_auditreviewer SET is_author = false, dismissed_at = now()",
    "a reviewer gone": "DELETE FROM datasets_auditreviewer",
    "every adjudication": "TRUNCATE datasets_adjudication",
}


@pytest.mark.parametrize("what", ATTACKS)
def test_a_closed_audit_cannot_be_changed_from_below(scene: Scene, what: str) -> None:
    closed(scene)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    attack = f"SET LOCAL session_replication_role = replica; {ATTACKS[what]}"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


def test_an_open_audit_keeps_its_sample_from_below(scene: Scene) -> None:
    audit = draw(scene)
    row = audit.rows.get(position=1)
    actions.judge(audit, 1, by=scene.people["data_steward"], verdict="good")
    for attack in (
        "UPDATE datasets_sampleaudit SET seed = 'mine'",
        "UPDATE datasets_sampleaudit SET strata = '[]'",
        "UPDATE datasets_sampleaudit SET state = 'drawing'",
        "UPDATE datasets_sampleaudit SET state = 'closed'",
        "DELETE FROM datasets_sampledtext",
        "DELETE FROM datasets_judgement",
        f"UPDATE datasets_judgement SET reviewer_id = '{scene.lead.pk}'",
        f"INSERT INTO datasets_sampledtext VALUES ('{row.pk}', 'x', '{{}}')",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)


def test_a_job_that_runs_again_draws_nothing_twice(scene: Scene) -> None:
    from apps.core.models import Job

    audit = draw(scene)
    Job.objects.filter(pk=audit.job_id).update(state="queued")
    jobs.run_waiting()
    assert audit.rows.count() == 4


def test_an_audit_is_a_subject_of_the_trail(scene: Scene) -> None:
    from apps.core import subjects

    audit = draw(scene)
    assert [str(ref.type) for ref, _obj in subjects.chain(audit_ref(audit))] == [
        "sample_audit", "dataset_version", "dataset", "use_case",
    ]  # fmt: skip
    assert subjects.label(SubjectRef("sample_audit", audit.pk)) == "Questions v1, audit 1"
    assert member(scene.team, "member").may("view", scene.team.pk)
