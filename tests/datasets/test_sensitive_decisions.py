"""Each kind of sensitive data is decided by the compliance reviewer, and a version can be derived without it."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.agenda import due
from apps.core import jobs
from apps.core.clock import today
from apps.core.errors import NotPermitted
from apps.core.models import Job
from apps.datasets import actions
from apps.datasets.actions.deriving import derive_job
from apps.datasets.errors import DecisionStands, NothingToDerive, ReasonNeeded, SensitiveKindNotFound
from apps.datasets.inspection import read_rows
from apps.datasets.lineage import registry
from apps.datasets.models import DatasetVersion, Derivation, Inspection, SensitiveDecision
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import facts
from apps.evidence.errors import NotTheHolder
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from tests.api.client import Caller
from tests.datasets.sensitive_scenery import count, decide, make_sensitive_version, put_findings, put_sensitive
from tests.people.factories import member
from tests.scenery import Scene, make_scene, make_version, name_holder

pytestmark = pytest.mark.django_db
NAME = "dataset.sensitive_decisions"


@pytest.fixture
def scene() -> Scene:
    scene = make_scene()
    scene.version = make_sensitive_version(scene)
    return scene


def fact(version: DatasetVersion) -> facts.Fact:
    return facts.read(version_ref(version), version, [NAME])[NAME]


def waiting(user: Any) -> list[str]:
    return [entry.item.reason for entry in due.for_user(user) if entry.item.kind == "sensitive_undecided"]  # type: ignore[misc]


def rows_of(version: DatasetVersion, split: str) -> list[tuple[str, ...]]:
    file = version.files.get(split=split)
    with default_storage.open(file.storage_name) as stream:
        return list(read_rows(stream, file.format, file.is_packed))[1:]  # type: ignore[arg-type]


def derived(scene: Scene) -> DatasetVersion:
    actions.derive_version(scene.version, by=scene.engineer)
    jobs.run_waiting()
    return Derivation.objects.get(parent=scene.version).version


def test_the_fact_counts_what_is_undecided_accepted_and_still_there(scene: Scene) -> None:
    assert dict(fact(scene.version).figures) == {
        "kinds_found": 2, "undecided_kinds": 2, "accepted_kinds": 0, "untreated_kinds": 0,
    }  # fmt: skip
    before = fact(scene.version).computed_from
    decide(scene, "email", "masked")
    decide(scene, "phone", "accepted", "A hotline, printed on every card")
    now = fact(scene.version)
    assert dict(now.figures) == {
        "kinds_found": 2, "undecided_kinds": 0, "accepted_kinds": 1, "untreated_kinds": 1,
    }  # fmt: skip
    assert "still in this version: E-mail address" in now.sentence
    assert now.computed_from != before


def test_nothing_found_needs_no_decision(scene: Scene) -> None:
    put_sensitive(scene.version, email=count(0, 0))
    assert fact(scene.version).figures["undecided_kinds"] == 0
    assert fact(scene.version).sentence == "No personal data and no secret was found."


@pytest.mark.parametrize(
    ("state", "status"), [("pending", "pending"), ("failed", "failed"), ("cancelled", "failed"), ("done", "unknown")]
)
def test_a_version_that_was_not_searched_is_never_taken_for_clean(scene: Scene, state: str, status: str) -> None:
    put_findings(scene.version, {"sensitive": None})
    Inspection.objects.filter(version=scene.version).update(state=state, error="Broken")
    assert fact(scene.version).status == status
    assert not fact(scene.version).figures


def test_a_decision_is_recorded_with_what_it_was_about(scene: Scene) -> None:
    row = decide(scene, "email", "masked", "  By the house rules ")
    entry = Entry.objects.filter(action="dataset_version.sensitive_decided").latest("seq")
    assert (row.reason, row.decided_by) == ("By the house rules", scene.people["compliance_reviewer"])
    assert entry.payload == {
        "kind": "email", "decision": "masked", "reason": "By the house rules", "before": "", "rows": 2, "values": 3,
    }  # fmt: skip


def test_a_later_decision_supersedes_the_earlier_one(scene: Scene) -> None:
    first = decide(scene, "email", "masked")
    second = decide(scene, "email", "excluded")
    assert second.supersedes == first
    assert SensitiveDecision.objects.filter(superseded_by=None).get(kind="email") == second
    with pytest.raises(DecisionStands, match="exactly this"):
        decide(scene, "email", "excluded")


def test_a_decision_is_about_one_version_only(scene: Scene) -> None:
    decide(scene, "email", "masked")
    other = make_version(scene, "text,category\nann@example.com,pay\n")
    put_sensitive(other)
    assert fact(other).figures["undecided_kinds"] == 2


def test_an_acceptance_needs_a_reason(scene: Scene) -> None:
    with pytest.raises(ReasonNeeded):
        decide(scene, "email", "accepted", "  ")
    with pytest.raises(IntegrityError, match="accepted_for_a_reason"), transaction.atomic():
        SensitiveDecision.objects.create(
            version=scene.version, kind="email", decision="accepted", decided_by=scene.engineer
        )


def test_only_what_was_found_is_decided(scene: Scene) -> None:
    with pytest.raises(SensitiveKindNotFound, match="iban"):
        decide(scene, "iban", "masked")
    put_findings(scene.version, {"sensitive": None})
    with pytest.raises(SensitiveKindNotFound):
        decide(scene, "email", "masked")


def test_only_the_compliance_reviewer_decides(scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        decide(scene, "email", "masked", by=scene.engineer)
    colleague = member(scene.team, "compliance_reviewer", name="Another reviewer")
    with pytest.raises(NotTheHolder):
        decide(scene, "email", "masked", by=colleague)
    name_holder(dataset_ref(scene.dataset), "compliance_reviewer", colleague, by=scene.lead)
    assert decide(scene, "email", "masked", by=colleague)
    with pytest.raises(NotTheHolder):
        decide(scene, "phone", "masked")


@pytest.mark.parametrize("table", ["datasets_sensitivedecision", "datasets_derivation"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_keeps_decisions_and_derivations_as_they_were(scene: Scene, table: str, statement: str) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "excluded")
    derived(scene)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="only added"), transaction.atomic():
            cursor.execute(statement.format(table))


def test_two_first_decisions_on_one_kind_cannot_both_stand(scene: Scene) -> None:
    first = decide(scene, "email", "masked")
    with pytest.raises(IntegrityError, match="one_first_sensitive_decision"), transaction.atomic():
        SensitiveDecision.objects.create(
            version=scene.version, kind="email", decision="excluded", decided_by=first.decided_by
        )


def test_undecided_kinds_wait_for_the_reviewer_of_the_newest_version(scene: Scene) -> None:
    reviewer = scene.people["compliance_reviewer"]
    assert waiting(reviewer) == ["2 kinds of sensitive data are not decided"]
    assert waiting(scene.engineer) == []
    decide(scene, "email", "masked")
    assert waiting(reviewer) == ["1 kind of sensitive data is not decided"]
    decide(scene, "phone", "excluded")
    assert waiting(reviewer) == []
    put_sensitive(scene.dataset.versions.get(number=1))
    assert waiting(reviewer) == [], "an older version waits for nobody"


def test_a_nearer_reviewer_and_a_deputy_of_an_absent_one_are_asked_instead(scene: Scene) -> None:
    reviewer = scene.people["compliance_reviewer"]
    deputy, nearer = (member(scene.team, "compliance_reviewer", name=name) for name in ("Deputy", "Nearer"))
    held = Ownership.objects.active().get(team=scene.team, responsibility="compliance_reviewer")
    owners.appoint_deputy(held, deputy, by=scene.lead)
    assert waiting(deputy) == []
    people.record_absence(reviewer, today(), today(), by=reviewer)
    assert waiting(deputy)
    name_holder(dataset_ref(scene.dataset), "compliance_reviewer", nearer, by=scene.lead)
    assert (waiting(reviewer), waiting(deputy)) == ([], [])
    assert waiting(nearer)


def test_a_derived_version_is_masked_and_shortened_and_says_so(scene: Scene) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "excluded")
    version = derived(scene)
    assert rows_of(version, "train") == [
        ("Write to [e-mail] or [e-mail]", "pay"),
        ("Where is my card?", "card"),
    ]
    assert rows_of(version, "test") == [("Mail: [e-mail]", "pay")]
    row = version.derivation
    assert (row.parent, row.rows_changed, row.rows_removed) == (scene.version, 2, 1)
    assert row.values_masked == {"email": 3}
    assert version.note == (
        "Derived from version 2. Masked: E-mail address. Left out: Phone number. 2 rows changed, 1 row removed."
    )
    assert (version.input_column, version.fewer_splits_reason) == ("text", scene.version.fewer_splits_reason)
    assert Entry.objects.get(action="dataset_version.derived").payload["parent"] == str(scene.version.pk)


def test_however_often_a_derivation_is_started_there_is_one_result(scene: Scene) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "masked")
    first = actions.derive_version(scene.version, by=scene.engineer)
    assert actions.derive_version(scene.version, by=scene.engineer) == first
    jobs.run_waiting()
    assert actions.derive_version(scene.version, by=scene.lead) == first
    again = Job.objects.get(pk=first.pk)
    assert derive_job(again, lambda *_args: None) == again.result
    assert Derivation.objects.count() == 1
    assert scene.dataset.versions.count() == 3


def test_a_worker_that_lost_its_claim_registers_nothing(scene: Scene) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "masked")
    job = actions.derive_version(scene.version, by=scene.engineer)
    with pytest.raises(jobs.LostClaim):
        derive_job(job, lambda *_args: None)
    assert scene.dataset.versions.count() == 2
    jobs.run_waiting()
    assert Derivation.objects.count() == 1


def test_a_failed_derivation_starts_again(scene: Scene) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "masked")
    job = actions.derive_version(scene.version, by=scene.engineer)
    Job.objects.filter(pk=job.pk).update(state="failed", error="The storage was away")
    assert actions.derive_version(scene.version, by=scene.engineer).state == "queued"


def test_nothing_is_derived_while_a_kind_is_undecided_or_none_is_to_be_treated(scene: Scene) -> None:
    with pytest.raises(NothingToDerive, match="Not decided yet: E-mail address, Phone number"):
        actions.derive_version(scene.version, by=scene.engineer)
    decide(scene, "email", "accepted", "Addresses of the shop")
    decide(scene, "phone", "minimised")
    with pytest.raises(NothingToDerive, match="No kind"):
        actions.derive_version(scene.version, by=scene.engineer)
    with pytest.raises(NotPermitted):
        actions.derive_version(scene.version, by=scene.people["sponsor"])


def test_what_the_files_do_not_hold_is_not_derived(scene: Scene) -> None:
    put_sensitive(scene.version, iban=count(1, 1, train=1))
    decide(scene, "iban", "masked")
    job = actions.derive_version(scene.version, by=scene.engineer)
    jobs.run_waiting()
    job.refresh_from_db()
    assert (job.state, Derivation.objects.count()) == ("failed", 0)
    assert "Inspect the version again" in job.error


def test_a_file_that_is_gone_ends_the_derivation_with_its_name(scene: Scene) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "masked")
    job = actions.derive_version(scene.version, by=scene.engineer)
    default_storage.delete(scene.version.files.get(split="test").storage_name)
    jobs.run_waiting()
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "Not in the storage any more: test.csv. Ask for it to be restored.")


def test_lineage_knows_what_a_version_was_derived_from(scene: Scene) -> None:
    decide(scene, "email", "masked")
    decide(scene, "phone", "masked")
    version = derived(scene)
    before, after = version_ref(scene.version), version_ref(version)
    (provider,) = [row for row in registry.providers() if row.name == "datasets.derived"]
    (into,), (out_of,) = provider.into([after]), provider.out_of([before])
    assert (into.input, into.output, into.note) == (before, after, version.note)
    assert out_of == into


def test_whoever_sees_sampled_rows_stands_in_the_trail(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    for _time in range(2):
        client.get(reverse("datasets:version_sensitive", args=[scene.version.pk]))
    seen = Entry.objects.filter(action="dataset_version.samples_viewed", subject_id=scene.version.pk)
    assert seen.count() == 1


def test_the_reviewer_decides_on_the_page_and_errors_stand_beside_the_field(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.people["compliance_reviewer"])
    url = reverse("datasets:version_sensitive_decide", args=[scene.version.pk, "email"])
    refused = client.post(url, {"decision": "accepted", "reason": ""})
    assert refused.status_code == 422
    assert "An acceptance needs a reason." in refused.content.decode()
    assert client.post(url, {"decision": "masked", "reason": "House rules"}).status_code == 302
    shown = client.get(reverse("datasets:version_sensitive", args=[scene.version.pk])).content.decode()
    assert "Mask it" in shown
    assert "House rules" in shown
    assert "To [e-mail]" in shown


def test_others_read_the_page_without_a_form(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    url = reverse("datasets:version_sensitive_decide", args=[scene.version.pk, "email"])
    shown = client.get(url).content.decode()
    assert "Compliance Reviewer, the compliance reviewer, decides on this." in shown
    assert 'name="decision"' not in shown
    assert client.post(url, {"decision": "masked"}).status_code == 403
    assert client.get(reverse("datasets:version_sensitive_decide", args=[scene.version.pk, "iban"])).status_code == 404


def test_the_page_says_what_it_does_not_know(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    url = reverse("datasets:version_sensitive", args=[scene.version.pk])
    put_sensitive(scene.version, email=count(0, 0))
    assert "Nothing sensitive was found" in client.get(url).content.decode()
    put_findings(scene.version, {"sensitive": None})
    assert "Nobody looked yet" in client.get(url).content.decode()


def test_the_button_derives_and_the_refused_one_says_why(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    page, button = (
        reverse(f"datasets:{name}", args=[scene.version.pk]) for name in ("version_sensitive", "version_derive")
    )
    assert "Not decided yet" in client.post(button, follow=True).content.decode()
    decide(scene, "email", "masked")
    decide(scene, "phone", "excluded")
    assert "Derive a version without it" in client.get(page).content.decode()
    assert client.post(button).status_code == 302
    assert client.get(reverse("datasets:version_derivation_panel", args=[scene.version.pk])).status_code == 200
    jobs.run_waiting()
    shown = client.get(page).content.decode()
    assert "Questions v3" in shown
    assert "Derive a version without it" not in shown


def test_a_pipeline_reads_decides_and_derives(scene: Scene) -> None:
    reviewer, engineer = Caller(scene.people["compliance_reviewer"]), Caller(scene.engineer)
    path = f"dataset-versions/{scene.version.pk}/"
    kinds = engineer.get(f"{path}sensitive-data/")[1]
    assert [(row["key"], row["values"], row["decision"]) for row in kinds] == [("email", 3, None), ("phone", 1, None)]
    status, refused = reviewer.post(f"{path}sensitive-decisions/", {"kind": "email", "decision": "accepted"})
    assert (status, refused["code"]) == (422, "reason_needed")
    for kind in ("email", "phone"):
        assert reviewer.post(f"{path}sensitive-decisions/", {"kind": kind, "decision": "masked"})[0] == 201
    assert len(engineer.get(f"{path}sensitive-decisions/")[1]) == 2
    status, job = engineer.post(f"{path}derivations/", {})
    assert (status, job["state"]) == (202, "queued")
    jobs.run_waiting()
    (row,) = engineer.get(f"{path}derivations/")[1]
    assert row["treatment"] == {"email": "masked", "phone": "masked"}
    names = [row["name"] for row in engineer.get(f"{path}facts/")[1]]
    assert NAME in names
