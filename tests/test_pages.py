"""Every page answers, for whom it is for, and costs the same for one row and for many."""

import datetime as dt
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apps.agenda import mailing
from apps.agenda.models import Mail, Notification, Webhook, WebhookDelivery
from apps.assessments import actions as assessments
from apps.assessments.models import Assessment
from apps.core.templatetags.fourgate import day
from apps.datasets import actions as datasets
from apps.datasets.actions import link_token
from apps.datasets.models import (
    Copy,
    Description,
    Guideline,
    LineageEdge,
    LineageNode,
    SampleAudit,
    Upload,
    VersionExport,
)
from apps.datasets.refs import version_ref
from apps.evaluations.models import (
    Baseline,
    Comparison,
    EvaluationImport,
    EvaluationRun,
    FailureCase,
    OutputReview,
    RedTeamFinding,
    Suite,
    SuiteVersion,
)
from apps.evidence import actions as evidence
from apps.evidence.models import Attestation, Document
from apps.gates.models import Condition, Thread, Waiver
from apps.ledger.models import Entry
from apps.operations.models import FollowUp, Review, ReviewPlan, ReviewTemplate
from apps.owners import actions as owners
from apps.owners.continuity import scenario
from apps.owners.models import ContinuityDrill, Ownership, OwnershipOffer
from apps.registry.models import Model, ModelVersion, TrainingRun
from apps.releases.models import Environment, Release, Rollback
from tests.agenda.scenery import furnish_webhook, make_mail, make_notification
from tests.assessments.scenery import answer, make_assessment
from tests.datasets.audits import draw
from tests.datasets.scenery import make_lineage
from tests.datasets.sensitive_scenery import decide, put_sensitive
from tests.evaluations.scenery import furnish as furnish_evaluations
from tests.gates.scenery import with_exceptions
from tests.operations.scenery import furnish_rhythm
from tests.people.factories import make_user, member
from tests.registry.scenery import furnish
from tests.releases.scenery import furnish_releases
from tests.scenery import (
    TRAIN,
    Scene,
    add_annotations,
    ask_for_table,
    make_copy,
    make_export,
    make_gate,
    make_scene,
    make_version,
    publish_guideline,
)

pytestmark = pytest.mark.django_db
NAMESPACES = (
    "agenda", "core", "people", "owners", "usecases", "datasets", "evidence", "gates", "ledger", "assessments",
    "registry", "evaluations", "releases", "operations",
)  # fmt: skip
ONLY_POST = {
    "agenda:webhook_test", "agenda:webhook_rotate", "agenda:webhook_switch_off", "agenda:webhook_switch_on",
    "agenda:webhook_send_dead_again", "agenda:delivery_send_again",
    "people:token_revoke", "people:absence_cancel", "people:session_end", "people:sharing_end",
    "people:person_invite_again", "people:team_switch", "owners:offer_accept",
    "assessments:assessment_start", "assessments:submit", "assessments:sign", "assessments:framework_publish",
    "assessments:framework_withdraw", "ledger:verify", "ledger:export_create",
    "gates:policy_publish", "gates:policy_withdraw", "gates:thread_resolve",
    "datasets:inspect_again", "datasets:inspection_stop", "datasets:guideline_publish", "datasets:version_derive",
    "datasets:description_discard", "datasets:audit_draw_again", "datasets:audit_draw_stop",
    "datasets:version_compare_stop", "datasets:audit_dismiss", "datasets:table_read_forget", "registry:version_check",
    "agenda:nudge", "agenda:notification_open", "agenda:notifications_read",
    "operations:template_publish", "operations:template_withdraw",
}  # fmt: skip
FOR_ANYBODY = {"agenda:unsubscribe", "operations:feed"}
OF_ITS_HOLDER = {
    "evidence:attest", "datasets:version_audit_draw", "datasets:audit_invite", "datasets:audit_close",
    "datasets:audit_withdraw", "datasets:audit_erase", "datasets:audit_review", "datasets:audit_adjudicate",
    "evaluations:review_judge",
    "releases:release_roll_back", "releases:rollback_review", "operations:review_perform",
    "operations:follow_up_settle",
}  # fmt: skip


def furnished() -> tuple[Scene, Any]:
    """Return a scene with one of everything that a page can be about, and its gate."""
    scene = make_scene()
    later = make_version(scene, TRAIN.replace("I lost it,lost", "I lost it,card"))
    datasets.compare_versions(scene.version, later, by=scene.engineer)
    draw(scene)
    put_sensitive(scene.version)
    decide(scene, "email", "masked")
    decide(scene, "phone", "excluded")
    datasets.derive_version(scene.version, by=scene.engineer)
    evidence.attest(version_ref(scene.version), "sample_audited", by=scene.people["review_lead"])
    publish_guideline(scene)
    datasets.draft_guideline(scene.dataset, by=scene.engineer)
    add_annotations(scene)
    sponsor = Ownership.objects.get(responsibility="sponsor", subject_id=scene.use_case.pk)
    heir = member(scene.team, "member", name="Heir")
    owners.hand_over(sponsor, heir, by=scene.lead, note="New job")
    owners.record_drill(scenario([scene.people["business_owner"]], [], None), by=scene.lead)
    make_lineage(scene)
    make_copy(scene)
    make_export(scene)
    ask_for_table(scene)
    assessment = make_assessment(scene)
    answer(assessment, "splits_identified", "yes", scene)
    assessments.submit(assessment, by=scene.engineer)
    assessments.reopen(assessment, by=scene.engineer, reason="Once more")
    furnish_releases(scene, furnish(scene))
    furnish_evaluations(scene)
    furnish_rhythm(scene)
    gate = make_gate(scene)
    with_exceptions(scene, gate)
    make_notification(scene.lead, mail=make_mail(scene.lead))
    furnish_webhook(scene)
    return scene, gate


def pages() -> list[tuple[str, dict[str, str]]]:
    """Return every named page of the apps with the converters of its parameters."""
    found = []

    def walk(patterns: list[Any], namespace: str) -> None:
        for row in patterns:
            if isinstance(row, URLResolver):
                walk(row.url_patterns, row.app_name or namespace)
            elif isinstance(row, URLPattern) and namespace in NAMESPACES and row.name:
                converters = {key: type(value).__name__ for key, value in row.pattern.converters.items()}
                found.append((f"{namespace}:{row.name}", converters))

    walk(get_resolver().url_patterns, "")
    return found


def _kind(name: str) -> str:
    if name.startswith("datasets"):
        return "email"
    if name.startswith("operations"):
        return "daily"
    return "readiness" if name.startswith("assessments") else "start"


def arguments(name: str, keys: dict[str, str], scene: Scene, gate: Any) -> dict[str, Any]:
    version, dataset = scene.version, scene.dataset
    newest = Assessment.objects.order_by("-number").first()
    ids: dict[str, Any] = {
        "assessments": newest.pk if newest else None,
        "assessments:history": scene.use_case.pk,
        "assessments:assessment_start": scene.use_case.pk,
        "assessments:framework": newest.framework_id if newest else None,
        "usecases": scene.use_case.pk,
        "datasets:source": dataset.sources.first().pk,
        "datasets:version_register": dataset.pk,
        "datasets:version": version.pk,
        "datasets:inspect": version.pk,
        "datasets:annotation": version.pk,
        "datasets:contested_list": version.pk,
        "datasets:guideline": Guideline.objects.order_by("-id").values_list("pk", flat=True)[0],
        "datasets:guideline_list": dataset.pk,
        "datasets:guideline_draft": dataset.pk,
        "datasets:lineage_node": LineageNode.objects.filter(team=scene.team, kind__in=("extract", "run"))
        .order_by("-kind", "id")[0]
        .pk,
        "datasets:lineage_edge": LineageEdge.objects.filter(team=scene.team).first().pk,
        "datasets:description": Description.objects.filter(dataset=dataset).first().pk,
        "datasets:copy": Copy.objects.filter(version=version).latest("id").pk,
        "datasets:export": VersionExport.objects.filter(version=version).latest("id").pk,
        "datasets:audit": SampleAudit.objects.order_by("-id").values_list("pk", flat=True).first(),
        "datasets:table_read_": Upload.objects.of_tables(dataset).values_list("pk", flat=True).last(),
        "datasets": dataset.pk,
        "evaluations:suite": Suite.objects.filter(use_case=scene.use_case).earliest("id").pk,
        "evaluations:version": SuiteVersion.objects.filter(suite__use_case=scene.use_case, state="published")
        .earliest("id")
        .pk,
        "evaluations:version_edit": SuiteVersion.objects.filter(suite__use_case=scene.use_case).latest("id").pk,
        "evaluations:import": EvaluationImport.objects.latest("id").pk,
        "evaluations:run": EvaluationRun.objects.filter(model_version__model__use_case=scene.use_case).latest("id").pk,
        "evaluations:failure": FailureCase.objects.filter(run__model_version__model__use_case=scene.use_case)
        .latest("id")
        .pk,
        "evaluations:baseline": Baseline.objects.filter(use_case=scene.use_case).latest("id").pk,
        "evaluations:comparison": Comparison.objects.latest("id").pk,
        "evaluations:review": OutputReview.objects.latest("id").pk,
        "evaluations:model_version": EvaluationRun.objects.filter(model_version__model__use_case=scene.use_case)
        .latest("id")
        .model_version_id,
        "evaluations:finding": RedTeamFinding.objects.latest("id").pk,
        "registry:model": Model.objects.filter(use_case=scene.use_case).latest("id").pk,
        "registry:run": TrainingRun.objects.filter(model__use_case=scene.use_case).latest("id").pk,
        "registry:version": ModelVersion.objects.filter(model__use_case=scene.use_case).latest("id").pk,
        "releases:environment": Environment.objects.filter(team=scene.team).latest("id").pk,
        "releases:version": ModelVersion.objects.filter(model__use_case=scene.use_case).latest("id").pk,
        "releases:release": Release.objects.live().filter(environment__team=scene.team).latest("id").pk,
        "releases:rollback": Rollback.objects.filter(release__environment__team=scene.team).latest("id").pk,
        "operations:review": Review.objects.filter(plan__use_case=scene.use_case).latest("id").pk,
        "operations:follow_up": FollowUp.objects.filter(review__plan__use_case=scene.use_case).latest("id").pk,
        "operations:plan": ReviewPlan.objects.filter(use_case=scene.use_case).earliest("id").pk,
        "operations:plan_make": scene.use_case.pk,
        "operations:team_calendar": scene.team.pk,
        "operations:template": ReviewTemplate.objects.latest("id").pk,
        "gates:policy": gate.policy_version_id,
        "gates:waiver": Waiver.objects.filter(gate=gate).first().pk,
        "gates:thread": Thread.objects.filter(gate=gate).first().pk,
        "gates:condition": Condition.objects.filter(sign_off__gate=gate).first().pk,
        "gates": gate.pk,
        "evidence:attestation": Attestation.objects.first().pk,
        "evidence:document": Document.objects.first().pk,
        "owners:offer": OwnershipOffer.objects.filter(state="pending").first().pk,
        "owners:drill": ContinuityDrill.objects.first().pk,
        "owners:person": scene.engineer.pk,
        "owners:ownership": Ownership.objects.filter(subject_type="dataset").first().pk,
        "agenda:webhook": Webhook.objects.filter(team=scene.team).order_by("id").values_list("pk", flat=True).first(),
        "agenda:delivery": WebhookDelivery.objects.filter(webhook__team=scene.team)
        .order_by("id")
        .values_list("pk", flat=True)
        .first(),
        "people:person": scene.engineer.pk,
        "people:service_token": scene.engineer.pk,
        "people": scene.team.pk,
        "ledger": gate.pk,
        "agenda:notification": Notification.objects.latest("id").pk,
        "agenda:mail": Mail.objects.latest("id").pk,
    }
    values: dict[str, Any] = {}
    for key, converter in keys.items():
        if converter == "IntConverter" and key == "pk":
            values[key] = 1
        elif key == "pk":
            prefix = max((row for row in ids if name.startswith(row)), key=len)
            values[key] = ids[prefix]
        elif key == "seq":
            values[key] = Entry.objects.filter(seq__isnull=False).order_by("-seq").values_list("seq", flat=True)[0]
        else:
            values[key] = {
                "use_case": scene.use_case.pk,
                "model_version": ids["evaluations:model_version"],
                "file": EvaluationRun.objects.get(pk=ids["evaluations:run"]).files.earliest("id").pk,
                "token": signing.dumps({"user": str(scene.lead.pk), "group": "data"}, salt=mailing.UNSUBSCRIBE)
                if name.startswith("agenda")
                else link_token(VersionExport.objects.filter(version=version).latest("id")),
                "user": scene.people["data_steward"].pk,
                "question": "splits_identified",
                "other": newest.reopened_from_id if newest else None,
                "to": "pilot",
                "team": scene.team.pk,
                "kind": _kind(name),
                "subject_type": "dataset" if name.startswith("people") else "dataset_version",
                "subject_id": dataset.pk if name.startswith("people") else version.pk,
                "responsibility": "business_owner",
            }[key]
    if name == "operations:feed":
        values["token"] = "nobodys"
    if name == "owners:ownership_assign":
        values |= {"subject_type": "dataset", "subject_id": dataset.pk}
    return values


def test_every_page_answers(notary: Any) -> None:
    scene, gate = furnished()
    scene.sign(gate, "business_owner", "request_changes", comment="Look again")
    notary()
    admin = member(scene.team, "administrator", "governance_lead", "auditor", "technical_owner", name="Ada Min")
    admin.organisation_role = "administrator"
    admin.save()
    client = Client()
    client.force_login(admin)
    broken = []
    for name, keys in pages():
        if name in ONLY_POST:
            continue
        url = reverse(name, kwargs=arguments(name, keys, scene, gate))
        response = client.get(url)
        missing = ("ledger:export_download", "ledger:job_panel", "datasets:export_link", "datasets:export_file")
        missing += (
            "operations:feed",
            "gates:requirement_state",
            "gates:requirement_waive",
            "gates:requirement_comment",
        )
        expected = 404 if name in missing else 403 if name in OF_ITS_HOLDER else 200
        if response.status_code != expected:
            broken.append((name, response.status_code))
    assert not broken


def test_nobody_reads_a_page_without_signing_in() -> None:
    scene, gate = furnished()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name, keys in pages():
        if name in FOR_ANYBODY:
            continue
        response = Client().get(reverse(name, kwargs=arguments(name, keys, scene, gate)))
        assert response.status_code == 302, name
        assert response.url.startswith("/accounts/login/"), name


def test_another_team_finds_nothing(notary: Any) -> None:
    other, (scene, gate) = make_scene(name="Two", complete=False), furnished()
    notary()
    client = Client()
    client.force_login(other.lead)
    for name, keys in pages():
        values = arguments(name, keys, scene, gate)
        if not ({"pk", "subject_id", "use_case", "seq"} & set(values)) or name.startswith(
            ("gates:policy", "assessments:framework", "operations:template")
        ):
            continue
        response = client.get(reverse(name, kwargs=values))
        assert response.status_code in (404, 405), (name, response.status_code)


def test_a_filter_that_cannot_be_read_shows_nothing_and_says_why() -> None:
    scene, _gate = furnished()
    client = Client()
    client.force_login(scene.lead)
    for query in ("?since=yesterday", "?since=yesterday&format=csv"):
        response = client.get(f"/trail/{query}")
        assert response.status_code == 422
        assert not response.context["rows"]
        assert "Enter a valid date/time" in response.content.decode()


def test_a_day_of_an_instant_is_the_readers() -> None:
    with timezone.override("Asia/Tokyo"):
        assert day(dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)) == "1 Feb 2026"
        assert day(dt.date(2026, 1, 31)) == "31 Jan 2026"


def test_a_deactivated_persons_session_stops() -> None:
    person = make_user()
    client = Client()
    client.force_login(person)
    assert client.get("/").status_code == 200
    person.is_active = False
    person.save()
    assert client.get("/").status_code == 302
