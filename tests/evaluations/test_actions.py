"""Suites, signatures, runs: what is taken, what is refused, and that nothing of it changes afterwards."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from apps.core import clock
from apps.core.errors import InvalidInput, NameTaken, NotFound, NotPermitted, StaleEdit
from apps.datasets.errors import ReasonNeeded
from apps.evaluations import actions
from apps.evaluations.errors import (
    EvaluationTimesImpossible,
    EvaluatorOutsideTeam,
    NothingMeasured,
    NotTheThresholdsOwner,
    ResultTooLarge,
    ResultUnreadable,
    SameBaseline,
    SameEvaluation,
    SameSuite,
    StaleSuite,
    SubjectElsewhere,
    SuiteDataUnknown,
    SuiteDraftStands,
    SuiteInvalid,
    SuiteNotPublished,
    SuitePublished,
    SuiteRetired,
    ThresholdsSigned,
)
from apps.evaluations.models import EvaluationImport, EvaluationRun, LeakageCheck, RunFile, SuiteVersion
from apps.gates.errors import ServiceAccountCannotSign
from apps.ledger.models import Entry
from apps.people.errors import ConfirmationRequired, ConfirmationUsed
from apps.people.models import User
from tests.evaluations.scenery import (
    SOURCE,
    a_file,
    ago,
    evaluate,
    figures,
    make_baseline,
    make_candidate,
    make_suite,
    make_suite_version,
    scores,
    sign_suite,
    source_of,
)
from tests.people.factories import confirmation_for, make_user, member
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_a_suite_is_created_edited_and_retired(scene: Scene) -> None:
    suite = make_suite(scene)
    with pytest.raises(NameTaken):
        make_suite(scene, name="INTENTS")
    actions.edit_suite(suite.pk, by=scene.engineer, revision=1, purpose="Another")
    with pytest.raises(StaleEdit):
        actions.edit_suite(suite.pk, by=scene.engineer, revision=1, purpose="Yet another")
    with pytest.raises(ReasonNeeded):
        actions.retire_suite(suite, by=scene.engineer, reason=" ")
    actions.retire_suite(suite, by=scene.engineer, reason="Replaced")
    with pytest.raises(SuiteRetired):
        actions.retire_suite(suite, by=scene.engineer, reason="Again")
    with pytest.raises(SuiteRetired):
        actions.draft_suite_version(suite, by=scene.engineer, source=source_of(scene))


def test_only_those_with_the_permission_write_suites(scene: Scene) -> None:
    suite = make_suite(scene)
    with pytest.raises(NotPermitted):
        actions.draft_suite_version(suite, by=scene.people["sponsor"], source=source_of(scene))
    with pytest.raises(NotPermitted):
        make_baseline(scene, by=scene.people["compliance_reviewer"])


def test_a_draft_is_edited_and_published_once(scene: Scene) -> None:
    suite = make_suite(scene)
    draft = make_suite_version(scene, suite, publish=False)
    with pytest.raises(SuiteDraftStands):
        actions.draft_suite_version(suite, by=scene.engineer, source=source_of(scene))
    draft = actions.edit_suite_version(draft.pk, by=scene.engineer, revision=1, note="First")
    with pytest.raises(StaleEdit):
        actions.publish_suite_version(draft.pk, by=scene.engineer, revision=1)
    version = actions.publish_suite_version(draft.pk, by=scene.engineer, revision=2)
    assert version.digest.startswith("sha256:")
    assert version.datasets.get().digest == scene.version.digest
    with pytest.raises(SuitePublished):
        actions.edit_suite_version(version.pk, by=scene.engineer, revision=None, note="Second")
    with pytest.raises(SuitePublished):
        actions.publish_suite_version(version.pk, by=scene.engineer, revision=None)
    copy = actions.draft_suite_version(suite, by=scene.engineer)
    assert copy.source == version.source
    with pytest.raises(SameSuite):
        actions.publish_suite_version(copy.pk, by=scene.engineer, revision=None)


def test_data_that_is_not_registered_in_the_team_is_refused(scene: Scene) -> None:
    other = make_scene(name="Others", complete=False, train="text,category\nx,y\n")
    suite = make_suite(scene)
    draft = actions.draft_suite_version(suite, by=scene.engineer, source=source_of(other))
    with pytest.raises(SuiteDataUnknown):
        actions.publish_suite_version(draft.pk, by=scene.engineer, revision=None)
    actions.edit_suite_version(
        draft.pk, by=scene.engineer, revision=None, source=source_of(scene).replace("split: test", "split: validation")
    )
    with pytest.raises(SuiteDataUnknown):
        actions.publish_suite_version(draft.pk, by=scene.engineer, revision=None)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("group: task", "group: taste", 7),
        ("better: higher\n    source: accuracy", "better: bigger\n    source: accuracy", 9),
        ("at_least: 0.8", "at_most: 0.8", 16),
        ("at_least: 0.8", "at_least: much", 16),
        ("at_least: 0.8", "at_least: .nan", 16),
        ("at_least: 0.8", "at_least: 0.8, at_most: 1", 16),
        ("{metric: latency, at_most", "{metric: speed, at_most", 20),
        ("segment: card", "segment: cards", 17),
        ("key: accuracy", "key: Accuracy!", 5),
        ("unit: ratio\n", "unit: ratio\n    colour: red\n", 9),
        ("segments: [pay, card]", "segments: [pay, pay]", 12),
        ('dataset: "%(digest)s"', 'dataset: "sha256:1"', 3),
        (", split: test", "", 3),
        ("segment: card, at_least: 0.5", "at_least: 0.5", 15),
    ],
)
def test_what_is_wrong_in_a_suite_is_said_with_its_line(scene: Scene, before: str, after: str, line: int) -> None:
    assert before in SOURCE
    suite = make_suite(scene)
    with pytest.raises(SuiteInvalid) as refused:
        actions.draft_suite_version(suite, by=scene.engineer, source=source_of(scene, SOURCE.replace(before, after, 1)))
    assert line in [row["line"] for row in refused.value.extra["messages"]], refused.value.extra


def test_thresholds_are_signed_by_the_business_owner_freshly_confirmed(scene: Scene) -> None:
    draft = make_suite_version(scene, publish=False)
    owner = scene.people["business_owner"]
    with pytest.raises(SuiteNotPublished):
        sign_suite(scene, draft)
    version = actions.publish_suite_version(draft.pk, by=scene.engineer, revision=None)
    with pytest.raises(StaleSuite):
        sign_suite(scene, version, digest="sha256:other")
    with pytest.raises(NotTheThresholdsOwner):
        sign_suite(scene, version, by=scene.engineer)
    with pytest.raises(ConfirmationRequired):
        sign_suite(scene, version, confirmation_id=None)
    robot = member(scene.team, "technical_owner", name="Robot", kind=User.Kind.SERVICE)
    with pytest.raises(ServiceAccountCannotSign):
        actions.sign_thresholds(version, by=robot, digest=version.digest, confirmation_id=None)
    used = confirmation_for(owner)
    signature = sign_suite(scene, version, confirmation_id=used.pk)
    assert signature.digest == version.digest
    assert "business owner" in signature.meaning
    with pytest.raises(ThresholdsSigned):
        sign_suite(scene, version)
    other = make_suite_version(scene, make_suite(scene, name="Second"), sign=False)
    with pytest.raises(ConfirmationUsed):
        sign_suite(scene, other, confirmation_id=used.pk)
    assert Entry.objects.filter(action="suite_version.thresholds_signed").count() == 1


def test_a_run_before_the_signature_is_kept_and_does_not_count(scene: Scene) -> None:
    version = make_suite_version(scene, sign=False)
    candidate = make_candidate(scene)
    early = evaluate(scene, version, candidate)
    sign_suite(scene, version)
    told_late = evaluate(scene, version, candidate, values={"accuracy": 0.7}, started_at=ago(days=1))
    counted = evaluate(scene, version, candidate, values={"accuracy": 0.6})
    rows = {run.pk: run.counts for run in EvaluationRun.objects.select_related("suite_version__signature")}
    assert rows == {early.pk: False, told_late.pk: False, counted.pk: True}
    assert list(EvaluationRun.objects.counted()) == [counted]


def test_a_run_keeps_the_files_of_the_tool_and_the_scores(scene: Scene) -> None:
    version = make_suite_version(scene)
    run = evaluate(scene, version, make_candidate(scene), figures({"latency": 200.0, "extra": 1.0}), scores())
    values = {(row["metric"], row["segment"]): (row["value"], row["cases"]) for row in run.values}
    assert values == {
        ("accuracy", ""): (0.8, 5),
        ("accuracy", "pay"): (1.0, 2),
        ("accuracy", "card"): (0.5, 2),
        ("latency", ""): (200.0, None),
    }
    assert run.unmatched == [{"name": "extra", "segment": "", "value": 1.0}]
    files = {file.kind: file for file in run.files.all()}
    assert files["scores"].rows == 5
    assert all(default_storage.exists(file.storage_name) for file in run.files.all())
    assert run.files.filter(kind="result").count() == 2
    assert not EvaluationImport.objects.exists()


def test_what_was_confirmed_is_not_confirmed_again(scene: Scene) -> None:
    version, candidate = make_suite_version(scene), make_candidate(scene)
    imported = actions.start_import(version, [figures()], by=scene.engineer)
    values: dict[str, Any] = {"by": scene.engineer, "model_version": candidate, "started_at": clock.now()}
    actions.confirm_import(imported, **values)
    again = actions.start_import(version, [figures()], by=scene.engineer)
    with pytest.raises(SameEvaluation):
        actions.confirm_import(again, **values)
    EvaluationImport.objects.all().delete()
    with pytest.raises(NotFound):
        actions.confirm_import(again, **{**values, "started_at": clock.now()})


def test_subjects_of_other_use_cases_and_impossible_times_are_refused(scene: Scene) -> None:
    version, candidate = make_suite_version(scene), make_candidate(scene)
    baseline = make_baseline(scene)
    other = make_scene(name="Others", complete=False)
    imported = actions.start_import(version, [figures()], by=scene.engineer)

    def confirm(**values: Any) -> Any:
        return actions.confirm_import(imported, by=scene.engineer, **values)

    for sides in ({}, {"model_version": candidate, "baseline": baseline}, {"baseline": make_baseline(other)}):
        with pytest.raises(SubjectElsewhere):
            confirm(started_at=clock.now(), **sides)
    with pytest.raises(EvaluationTimesImpossible):
        confirm(model_version=candidate)
    with pytest.raises(EvaluationTimesImpossible):
        confirm(model_version=candidate, started_at=clock.now(), finished_at=ago(hours=1))
    with pytest.raises(EvaluationTimesImpossible):
        confirm(model_version=candidate, started_at=clock.now() + dt.timedelta(hours=1))
    with pytest.raises(EvaluatorOutsideTeam):
        confirm(model_version=candidate, started_at=clock.now(), evaluated_by=make_user("Stranger"))
    assert confirm(model_version=candidate, started_at=clock.now()).number == 1


def test_files_that_say_nothing_of_the_suite_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    version = make_suite_version(scene)
    with pytest.raises(NothingMeasured) as refused:
        actions.start_import(version, [figures({"bleu": 1.0})], by=scene.engineer)
    assert "bleu" in str(refused.value.detail)
    with pytest.raises(ResultUnreadable) as broken:
        actions.start_import(version, [a_file("a.json", '{"fourgate_evaluation": 1,')], by=scene.engineer)
    assert broken.value.extra["file"] == "a.json"
    with pytest.raises(ResultUnreadable):
        actions.start_import(version, [], by=scene.engineer)
    monkeypatch.setattr("apps.evaluations.actions.imports.LARGEST_FILES", 10)
    with pytest.raises(ResultTooLarge):
        actions.start_import(version, [figures()], by=scene.engineer)
    draft = make_suite_version(scene, make_suite(scene, name="Second"), publish=False)
    with pytest.raises(SuiteNotPublished):
        actions.start_import(draft, [figures()], by=scene.engineer)


def test_baselines_have_names_and_contents_of_their_own(scene: Scene) -> None:
    make_baseline(scene)
    with pytest.raises(SameBaseline):
        make_baseline(scene, name="Another")
    with pytest.raises(NameTaken):
        make_baseline(scene, name="FEW-shot prompt", prompts="Other")
    with pytest.raises(InvalidInput):
        make_baseline(scene, name="Third", kind="magic")


def test_imports_that_nobody_confirmed_are_forgotten_with_their_files(scene: Scene) -> None:
    version = make_suite_version(scene)
    kept = evaluate(scene, version, make_candidate(scene))
    with clock.replay(ago(days=3)):
        stale = actions.start_import(version, [figures({"accuracy": 0.1})], by=scene.engineer)
        actions.start_import(version, [figures()], by=scene.engineer)
    fresh = actions.start_import(version, [figures({"accuracy": 0.2})], by=scene.engineer)
    assert actions.forget_imports() == 2
    assert list(EvaluationImport.objects.all()) == [fresh]
    assert not default_storage.exists(stale.files[0]["storage_name"])
    assert default_storage.exists(kept.files.get().storage_name)


IMMUTABLE = (
    "evaluations_baseline", "evaluations_suiteversion", "evaluations_suitedataset",
    "evaluations_thresholdsignature", "evaluations_evaluationrun", "evaluations_runfile", "evaluations_leakagecheck",
)  # fmt: skip


@pytest.mark.parametrize("table", IMMUTABLE)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_is_registered_never_changes(scene: Scene, table: str, statement: str) -> None:
    version = make_suite_version(scene)
    evaluate(scene, version, make_baseline(scene))
    evaluate(scene, version, make_candidate(scene))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="are only added"), transaction.atomic():
            cursor.execute(statement.format(table))


def _insert(query: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, [uuid.uuid4(), *values])


def test_from_below_no_run_of_a_draft_no_more_files_no_other_signature(scene: Scene) -> None:
    version = make_suite_version(scene, sign=False)
    run = evaluate(scene, version, make_baseline(scene))
    draft = make_suite_version(scene, make_suite(scene, name="Second"), publish=False)
    file = run.files.get()
    with pytest.raises(IntegrityError, match="takes no more files"):
        _insert(
            "INSERT INTO evaluations_runfile (id, run_id, kind, name, storage_name, digest, size)"
            " VALUES (%s, %s, 'result', 'x', 'x', %s, 1)",
            run.pk,
            file.digest,
        )
    with pytest.raises(IntegrityError, match="takes no more data"):
        _insert(
            "INSERT INTO evaluations_suitedataset (id, version_id, task, dataset_version_id, split, digest)"
            " VALUES (%s, %s, 'more', %s, 'test', %s)",
            version.pk,
            scene.version.pk,
            scene.version.digest,
        )
    with pytest.raises(IntegrityError, match="by its digest"):
        _insert(
            "INSERT INTO evaluations_suitedataset (id, version_id, task, dataset_version_id, split, digest)"
            " VALUES (%s, %s, 'more', %s, 'test', 'sha256:x')",
            draft.pk,
            scene.version.pk,
        )
    columns = (
        "id, version_id, by_id, by_name, responsibility, stands_in_for, meaning, comment, digest, confirmed_by, via"
    )
    with pytest.raises(IntegrityError, match="as they were published"):
        _insert(
            f"INSERT INTO evaluations_thresholdsignature ({columns}, signed_at)"
            " VALUES (%s, %s, %s, 'n', 'business_owner', '', 'm', '', 'sha256:x', 'p', 'v', now())",
            version.pk,
            scene.lead.pk,
        )
    with pytest.raises(IntegrityError, match="Only published"), transaction.atomic():
        EvaluationRun.objects.create(
            suite_version=draft, baseline=run.baseline, number=9, digest="sha256:x", tool="t", file_count=0,
            started_at=clock.now(), finished_at=clock.now(), evaluated_by=scene.engineer, registered_by=scene.engineer,
        )  # fmt: skip


def test_a_run_has_one_subject_and_ends_after_its_start(scene: Scene) -> None:
    version = make_suite_version(scene)
    row: dict[str, Any] = {
        "suite_version": version, "number": 9, "digest": "sha256:x", "tool": "t", "file_count": 0,
        "started_at": clock.now(), "finished_at": clock.now(), "evaluated_by": scene.engineer,
        "registered_by": scene.engineer,
    }  # fmt: skip
    for more in ({}, {"baseline": make_baseline(scene), "model_version": make_candidate(scene)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            EvaluationRun.objects.create(**row, **more)
    with pytest.raises(IntegrityError), transaction.atomic():
        EvaluationRun.objects.create(
            **{**row, "finished_at": ago(days=1)}, baseline=version.suite.use_case.baselines.get()
        )


def test_the_digest_covers_subject_figures_files_and_times(scene: Scene) -> None:
    version, candidate = make_suite_version(scene), make_candidate(scene)
    moment = clock.now()
    first = evaluate(scene, version, candidate, started_at=moment)
    others = [
        evaluate(scene, version, make_candidate(scene, "2.0.0"), started_at=moment),
        evaluate(scene, version, candidate, values={"accuracy": 0.91, "latency": 300.0}, started_at=moment),
        evaluate(scene, version, candidate, started_at=moment, seed=7),
        evaluate(scene, version, candidate, started_at=moment, finished_at=moment + dt.timedelta(seconds=1)),
        evaluate(scene, version, candidate, started_at=moment, evaluated_by=scene.lead),
    ]
    assert len({first.digest, *(run.digest for run in others)}) == 6
    assert RunFile.objects.filter(run=first).get().digest == RunFile.objects.filter(run=others[2]).get().digest
    assert SuiteVersion.objects.get().runs.count() == 6
    assert LeakageCheck.objects.count() == 1
