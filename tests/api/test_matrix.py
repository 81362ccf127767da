"""Role × team × endpoint × method, generated from the URL configuration.

Nobody gets 401, the wrong team 404, the wrong role 403, the right role neither.
"""

import copy
import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.agenda import duties
from apps.assessments import actions as assessments
from apps.assessments.models import FrameworkVersion
from apps.core import clock
from apps.core.models import Job
from apps.datasets import actions as datasets
from apps.evaluations.models import (
    Baseline,
    Comparison,
    EvaluationImport,
    FailureCase,
    OutputReview,
    RedTeamFinding,
    SuiteVersion,
)
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import Gate, PolicyVersion
from apps.ledger.models import Checkpoint, Entry, Export
from apps.owners import actions as owners
from apps.owners.continuity import scenario
from apps.owners.models import Ownership
from apps.people.models import Absence, ApiToken
from apps.people.roles import ROLE_PERMISSIONS, Role
from config.api import router
from tests.agenda.scenery import furnish_webhook, make_notification
from tests.api.client import Caller
from tests.assessments.scenery import make_assessment
from tests.commits import sign
from tests.datasets.audits import draw
from tests.datasets.scenery import make_lineage, run_event
from tests.datasets.sensitive_scenery import decide, put_sensitive
from tests.evaluations.scenery import furnish as furnish_evaluations
from tests.gates.scenery import with_exceptions
from tests.operations.scenery import furnish_rhythm
from tests.people.factories import make_user, member
from tests.registry.scenery import furnish
from tests.releases.scenery import furnish_releases
from tests.scenery import (
    Scene,
    add_annotations,
    make_copy,
    make_export,
    make_gate,
    make_scene,
    publish_guideline,
    upload,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept")]


@dataclass
class World:
    scene: Scene
    gate: Gate
    objects: dict[str, Any]


@pytest.fixture(scope="module")
def made(kept: Path) -> World:
    scene = make_scene(name="Ours")
    put_sensitive(scene.version)
    decide(scene, "email", "masked")
    decide(scene, "phone", "excluded")
    gate = make_gate(scene)
    holder = scene.people["review_lead"]
    lineage = make_lineage(scene)
    attestation = evidence.attest(gate.subject, "sample_audited", by=holder)
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    proposed = gates.propose_policy(source.replace("at_most: 0.5", "at_most: 0.4"), by=scene.lead, note="n")
    steward = Ownership.objects.get(responsibility="data_steward")
    offer = owners.hand_over(steward, scene.people["source_owner"], by=scene.lead)
    drill = owners.record_drill(scenario([scene.people["business_owner"]], [], None), by=scene.lead)
    assessment = make_assessment(scene)
    asked = FrameworkVersion.objects.get().source.replace("valid_days: 90", "valid_days: 60")
    framework = assessments.propose_framework(asked, by=scene.lead)
    publish_guideline(scene)
    model_version = furnish(scene)
    evaluation = furnish_evaluations(scene)
    released = furnish_releases(scene, model_version)
    rhythm = furnish_rhythm(scene)
    draft = datasets.draft_guideline(scene.dataset, by=scene.engineer)
    annotations = add_annotations(scene)
    training_copy, export = make_copy(scene), make_export(scene, is_for_anyone=True)
    audit = draw(scene)
    webhook = furnish_webhook(scene)
    sign()
    waiver, thread, condition = with_exceptions(scene, gate)
    upload_id = upload(scene.dataset, "more.csv", "text,category\nx,y\n", scene.engineer).upload
    objects = {
        "team": scene.team.pk,
        "user": scene.people["sponsor"].pk,
        "use-case": scene.use_case.pk,
        "ownership": Ownership.objects.filter(responsibility="sponsor").get().pk,
        "handover": offer.pk,
        "continuity-drill": drill.pk,
        "source": scene.dataset.sources.get().pk,
        "dataset": scene.dataset.pk,
        "dataset-version": scene.version.pk,
        "lineage-node": lineage.extract.pk,
        "lineage-edge": lineage.edge.pk,
        "dataset-description": lineage.description.pk,
        "dataset-copy": training_copy.pk,
        "dataset-export": export.pk,
        "document": Document.objects.filter(kind="exclusions").get().pk,
        "attestation": attestation.pk,
        "gate": gate.pk,
        "waiver": waiver.pk,
        "gate-thread": thread.pk,
        "gate-condition": condition.pk,
        "assessment": assessment.pk,
        "framework": framework.pk,
        "policy": proposed.pk,
        "ledger-entry": Entry.objects.filter(team_id=scene.team.pk, seq__isnull=False).latest("seq").seq,
        "ledger-checkpoint": Checkpoint.objects.values_list("size", flat=True)[0],
        "job": Job.objects.filter(kind="inspect_version").latest("id").pk,
        "upload": upload_id,
        "guideline": draft.pk,
        "annotation": annotations.pk,
        "sample-audit": audit.pk,
        "model": model_version.model_id,
        "training-run": model_version.run_id,
        "model-version": model_version.pk,
        "suite": evaluation.suite_version.suite_id,
        "suite-version": SuiteVersion.objects.get(state="published", signature=None).pk,
        "baseline": Baseline.objects.get().pk,
        "evaluation-import": EvaluationImport.objects.get().pk,
        "evaluation-run": evaluation.pk,
        "evaluation-failure": FailureCase.objects.latest("id").pk,
        "red-team-finding": RedTeamFinding.objects.get().pk,
        "output-review": OutputReview.objects.get().pk,
        "comparison": Comparison.objects.get().pk,
        "environment": released.live.environment_id,
        "release": released.live.pk,
        "rollback": released.rollback.pk,
        "rehearsal": released.rehearsal.pk,
        "webhook": webhook.pk,
        "review": rhythm.open.pk,
        "review-plan": rhythm.plan.pk,
        "review-template": rhythm.template.pk,
        "review-follow-up": rhythm.follow_up.pk,
        "team-calendar": rhythm.calendar.pk,
    }
    return World(scene, gate, objects)


@pytest.fixture
def world(made: World) -> World:
    """Return the world as it was made: what a test remembers in it, no other one does."""
    return copy.deepcopy(made)


@dataclass(frozen=True)
class Act:
    """What an unsafe endpoint asks for: the permission, and a body that is good."""

    permission: str
    body: Callable[[World], dict[str, Any]] = lambda world: {}
    scope: str = "write"


def _subject(world: World) -> dict[str, str]:
    return {"subject_type": "dataset_version", "subject_id": str(world.scene.version.pk)}


def _shared(world: World) -> dict[str, str]:
    return {
        "subject_type": "dataset",
        "subject_id": str(world.scene.dataset.pk),
        "user": str(world.scene.lead.pk),
    }


def _copy(world: World) -> dict[str, str]:
    return {
        "version": str(world.scene.version.pk),
        "kind": "backup",
        "place": "Tape 7",
        "owner": str(world.scene.engineer.pk),
        "purpose": "p",
    }


def _run(world: World) -> dict[str, Any]:
    return {
        "model": str(world.objects["model"]),
        "datasets": [{"digest": world.scene.version.digest}],
        "started_at": "2026-03-01T09:00:00Z",
        "finished_at": "2026-03-01T11:00:00Z",
        "trained_by": str(world.scene.engineer.pk),
    }


def _model_version(world: World) -> dict[str, Any]:
    return {
        "training_run": str(world.objects["training-run"]),
        "number": "9",
        "artefact_digest": "sha256:" + "9" * 64,
        "size": 9,
        "place": "s3://models/9",
    }


def _rehearsal(world: World) -> dict[str, Any]:
    return {
        "rehearsed_by": str(world.scene.engineer.pk),
        "rehearsed_at": clock.now().isoformat(),
        "duration_seconds": 60,
        "outcome": "passed",
        "link": "https://example.org/rehearsal",
    }


def _offered(world: World) -> dict[str, str]:
    """Return the key of the offer that waits for its answer."""
    moment = clock.now()
    found = duties.between(moment, moment + dt.timedelta(days=14))
    return {"key": next(duty.key for duty in found if duty.kind.startswith("offer."))}


ACTS: dict[str, Act] = {
    "team:create": Act("organisation", lambda w: {"name": "New"}),
    "team:partial_update": Act("people.manage", lambda w: {"description": "x"}),
    "user:create": Act(
        "people.manage",
        lambda w: {
            "email": f"{uuid.uuid4()}@example.org",
            "name": "N",
            "team": str(w.scene.team.pk),
            "roles": ["member"],
        },
    ),
    "user:invitations": Act("people.manage"),
    "user:deactivations": Act("people.manage"),
    "user:reactivations": Act("people.manage"),
    "user:roles": Act("people.manage", lambda w: {"team": str(w.scene.team.pk), "roles": ["member"]}),
    "user:organisation_roles": Act("organisation", lambda w: {"role": "auditor"}),
    "service-account:create": Act("token.manage_service", lambda w: {"team": str(w.scene.team.pk), "name": "Robot"}),
    "grant:create": Act("grant.give", _shared),
    "grant:withdrawals": Act("grant.give", _shared),
    "use-case:create": Act(
        "usecase.create",
        lambda w: {"team": str(w.scene.team.pk), "name": "N", "summary": "s", "task": "t", "risk_tier": "low"},
    ),
    "use-case:partial_update": Act("usecase.edit", lambda w: {"summary": "Other"}),
    "ownership:create": Act(
        "owner.assign",
        lambda w: {
            "subject_type": "dataset",
            "subject_id": str(w.scene.dataset.pk),
            "responsibility": "business_owner",
            "holder": str(w.scene.people["sponsor"].pk),
        },
    ),
    "ownership:handovers": Act("owner.assign", lambda w: {"to": str(w.scene.lead.pk)}),
    "ownership:deputies": Act("owner.assign", lambda w: {"deputy": str(w.scene.lead.pk)}),
    "ownership:endings": Act("owner.assign", lambda w: {"note": "n"}),
    "handover:create": Act(
        "owner.assign",
        lambda w: {"items": [{"ownership": str(w.objects["ownership"]), "to": str(w.scene.lead.pk)}]},
    ),
    "handover:acceptances": Act("asked"),
    "handover:refusals": Act("asked", lambda w: {"reason": "r"}),
    "handover:withdrawals": Act("owner.assign"),
    "continuity-drill:create": Act("owner.assign", lambda w: {"people": [str(w.scene.people["sponsor"].pk)]}),
    "source:create": Act("source.edit", lambda w: {"team": str(w.scene.team.pk), "name": "N", "kind": "other"}),
    "source:partial_update": Act("source.edit", lambda w: {"location": "There"}),
    "dataset:create": Act("dataset.create", lambda w: {"use_case": str(w.scene.use_case.pk), "name": "N"}),
    "dataset:partial_update": Act("dataset.edit", lambda w: {"description": "d"}),
    "dataset:versions": Act("dataset.register", lambda w: {"splits": {}}),
    "dataset:table_reads": Act("dataset.register", lambda w: {"table": "support.tickets"}),
    "dataset:reading": Act("dataset.edit", lambda w: {"policy": {"near_words": 3}}),
    "dataset-version:feedback_decisions": Act("feedback.decide", lambda w: {"decision": "accepted"}),
    "dataset-version:inspections": Act("dataset.register"),
    "dataset-version:inspection_stops": Act("dataset.register"),
    "dataset-version:annotations": Act("dataset.register", lambda w: {"upload": str(w.objects["upload"])}),
    "guideline:create": Act("dataset.edit", lambda w: {"dataset": str(w.scene.dataset.pk), "rules": ["r"]}),
    "guideline:partial_update": Act("dataset.edit", lambda w: {"rules": ["Another rule"]}),
    "guideline:publications": Act("holder", lambda w: {"revision": 1}),
    "dataset-description:create": Act(
        "dataset.edit", lambda w: {"dataset": str(w.scene.dataset.pk), "content": "---\npretty_name: N\n---\n"}
    ),
    "dataset-description:acceptances": Act("dataset.edit", lambda w: {"parts": ["description"]}),
    "dataset-description:refusals": Act("dataset.edit"),
    "lineage-node:create": Act(
        "lineage.record", lambda w: {"team": str(w.scene.team.pk), "kind": "extract", "name": "N"}
    ),
    "lineage-edge:create": Act(
        "lineage.record",
        lambda w: {
            "input": {"type": "source", "id": str(w.objects["source"])},
            "output": {"type": "dataset_version", "id": str(w.scene.version.pk)},
        },
    ),
    "lineage-edge:withdrawals": Act("lineage.record", lambda w: {"reason": "r"}),
    "openlineage:create": Act("lineage.record", lambda w: run_event()),
    "dataset-version:unmaskings": Act("samples.unmask", lambda w: {"reason": "r"}),
    "dataset-version:exports": Act(
        "dataset.export", lambda w: {"format": "csv", "reason": "r", "delete_by": "2100-01-01"}
    ),
    "dataset-version:erasures": Act("dataset.erase", lambda w: {"confirm": str(w.scene.version)}),
    "dataset-copy:create": Act("copy.register", _copy),
    "dataset-copy:deletions": Act("copy.register", lambda w: {"method": "removed", "proof": "p"}),
    "dataset-copy:extensions": Act("copy.extend", lambda w: {"keep_until": "2100-01-01", "reason": "r"}),
    "dataset-copy:handovers": Act("copy.register", lambda w: {"owner": str(w.scene.lead.pk)}),
    "dataset-export:revocations": Act("dataset.export", lambda w: {"reason": "r"}),
    "dataset-version:difference_stops": Act("dataset.register", lambda w: {"against": str(w.scene.version.pk)}),
    "dataset-version:differences": Act("view", lambda w: {"against": str(w.scene.version.pk)}),
    "sample-audit:create": Act(
        "holder",
        lambda w: {"version": str(w.scene.version.pk), "reviewers": [str(w.scene.people["data_steward"].pk)]},
    ),
    "sample-audit:draws": Act("holder"),
    "sample-audit:draw_stops": Act("holder"),
    "sample-audit:reviewers": Act("holder", lambda w: {"reviewers": [str(w.scene.people["sponsor"].pk)]}),
    "sample-audit:dismissals": Act("holder", lambda w: {"reviewer": str(w.scene.people["data_steward"].pk)}),
    "sample-audit:judgements": Act("invited", lambda w: {"row": 1, "verdict": "good"}),
    "sample-audit:adjudications": Act("holder", lambda w: {"row": 1, "verdict": "good", "note": "n"}),
    "sample-audit:closures": Act("holder", lambda w: {"conclusion": "c"}),
    "sample-audit:withdrawals": Act("holder", lambda w: {"reason": "r"}),
    "sample-audit:erasures": Act("holder", lambda w: {"reason": "r"}),
    "dataset-version:sensitive_decisions": Act("holder", lambda w: {"kind": "email", "decision": "masked"}),
    "dataset-version:derivations": Act("dataset.register"),
    "suite:create": Act("evaluation.edit", lambda w: {"use_case": str(w.scene.use_case.pk), "name": "N"}),
    "suite:partial_update": Act("evaluation.edit", lambda w: {"purpose": "p"}),
    "suite:versions": Act("evaluation.edit"),
    "suite:retirements": Act("evaluation.edit", lambda w: {"reason": "r"}),
    "suite-version:partial_update": Act("evaluation.edit", lambda w: {"note": "n"}),
    "suite-version:publications": Act("evaluation.edit"),
    "suite-version:signatures": Act(
        "holder", lambda w: {"digest": SuiteVersion.objects.get(pk=w.objects["suite-version"]).digest}, "sign"
    ),
    "suite-version:leakage_checks": Act(
        "evaluation.register", lambda w: {"model_version": str(w.objects["model-version"])}
    ),
    "baseline:create": Act(
        "evaluation.register",
        lambda w: {
            "use_case": str(w.scene.use_case.pk),
            "name": "N",
            "kind": "rag",
            "description": "d",
            "model_name": "m",
        },
    ),
    "evaluation-import:create": Act(
        "evaluation.register", lambda w: {"suite_version": str(w.objects["suite-version"])}
    ),
    "evaluation-import:confirmations": Act(
        "evaluation.register",
        lambda w: {"baseline": str(w.objects["baseline"]), "started_at": "2026-03-01T09:00:00Z"},
    ),
    "evaluation-run:failures": Act("evaluation.register", lambda w: {"case": "1", "cause": "model", "note": "n"}),
    "evaluation-run:reviews": Act("evaluation.register", lambda w: {"judges": [str(w.scene.people["review_lead"].pk)]}),
    "evaluation-failure:decisions": Act("evaluation.register", lambda w: {"decision": "accept", "note": "n"}),
    "red-team-finding:create": Act(
        "evaluation.report",
        lambda w: {
            "model_version": str(w.objects["model-version"]),
            "title": "t",
            "description": "d",
            "severity": "low",
        },
    ),
    "red-team-finding:retests": Act("evaluation.report", lambda w: {"outcome": "gone", "note": "n"}),
    "red-team-finding:closures": Act("evaluation.report", lambda w: {"reason": "r"}),
    "output-review:judgements": Act("invited", lambda w: {"position": 1, "verdict": "good"}),
    "output-review:closures": Act("evaluation.register", lambda w: {"conclusion": "c"}),
    "comparison:create": Act(
        "view",
        lambda w: {
            "suite_version": str(w.objects["suite-version"]),
            "candidate": str(w.objects["evaluation-run"]),
            "others": [str(w.objects["baseline"])],
        },
    ),
    "model:create": Act(
        "model.create",
        lambda w: {
            "use_case": str(w.scene.use_case.pk),
            "name": "N",
            "purpose": "p",
            "base_model": "b",
            "base_provider": "p",
        },
    ),
    "model:partial_update": Act("model.edit", lambda w: {"licence": "MIT"}),
    "training-run:create": Act("model.register", _run),
    "model-version:create": Act("model.register", _model_version),
    "model-version:withdrawals": Act("model.register", lambda w: {"reason": "r"}),
    "model-version:checks": Act("model.register"),
    "environment:create": Act(
        "environment.edit", lambda w: {"team": str(w.scene.team.pk), "name": "N", "kind": "staging"}
    ),
    "environment:partial_update": Act("environment.edit", lambda w: {"description": "d"}),
    "release:create": Act(
        "release.propose",
        lambda w: {
            "version": str(w.objects["model-version"]),
            "environment": str(w.objects["environment"]),
            "prompt_digest": "sha256:" + "7" * 64,
        },
    ),
    "release:comparisons": Act("release.propose"),
    "release:promotions": Act("release.promote"),
    "release:withdrawals": Act("release.promote", lambda w: {"reason": "r"}),
    "release:rollbacks": Act("holder", lambda w: {"reason": "r"}),
    "release:rehearsals": Act("release.propose", _rehearsal),
    "rollback:reviews": Act("holder", lambda w: {"verdict": "justified", "comment": "c"}),
    "review-template:create": Act("review_template.propose", lambda w: {"source": "kind: daily"}),
    "review-template:publications": Act("review_template.publish"),
    "review-template:withdrawals": Act("review_template.propose"),
    "team-calendar:create": Act("review.plan", lambda w: {"team": str(w.scene.team.pk), "time_zone": "Europe/Madrid"}),
    "team-calendar:partial_update": Act("review.plan", lambda w: {"time_zone": "Europe/Madrid"}),
    "review-plan:create": Act("review.plan", lambda w: {"use_case": str(w.scene.use_case.pk), "cadence": "monthly"}),
    "review-plan:endings": Act("review.plan", lambda w: {"reason": "r"}),
    "review:performances": Act(
        "holder",
        lambda w: {"shown": "sha256:x", "answers": [{"item": "drift_checked", "answer": "ok"}], "outcome": "fine"},
        "sign",
    ),
    "review:comments": Act("evidence.add", lambda w: {"text": "t"}),
    "review-follow-up:settlements": Act("asked", lambda w: {"note": "n"}),
    "upload:create": Act(
        "dataset.register", lambda w: {"dataset": str(w.scene.dataset.pk), "name": "a.csv", "size": 10}
    ),
    "document:create": Act(
        "evidence.add",
        lambda w: {**_subject(w), "kind": "other", "title": "T", "link": "https://example.org/x"},
    ),
    "document:withdrawals": Act("evidence.add", lambda w: {"reason": "r"}),
    "attestation:create": Act("holder", lambda w: {**_subject(w), "kind": "labels_reviewed"}),
    "attestation:withdrawals": Act("gate.withdraw", lambda w: {"reason": "r"}),
    "policy:create": Act("policy.propose", lambda w: {"source": "kind: start"}),
    "policy:publications": Act("policy.publish"),
    "policy:withdrawals": Act("policy.propose"),
    "use-case:phase_moves": Act("usecase.move_phase", lambda w: {"to": "pilot"}),
    "framework:create": Act("framework.propose", lambda w: {"source": "kind: readiness"}),
    "framework:publications": Act("framework.publish"),
    "framework:withdrawals": Act("framework.propose"),
    "assessment:create": Act("assessment.manage", lambda w: {"use_case": str(w.scene.use_case.pk)}),
    "assessment:answers": Act(
        "assessment.answer", lambda w: {"question": "scope_narrow", "level": "yes", "revision": 0}
    ),
    "assessment:fit": Act("assessment.answer", lambda w: {"values": {"stability": "stable"}, "revision": 0}),
    "assessment:submissions": Act("assessment.manage"),
    "assessment:signatures": Act("holder", lambda w: {"digest": "sha256:x"}, "sign"),
    "assessment:reopenings": Act("assessment.manage", lambda w: {"reason": "r"}),
    "gate:create": Act("gate.open", lambda w: {"policy_kind": "start", **_subject(w)}),
    "gate:sign_offs": Act(
        "holder",
        lambda w: {
            "responsibility": "business_owner",
            "verdict": "approve",
            "dossier_digest": w.gate.dossier_digest,
        },
        "sign",
    ),
    "gate:waivers": Act(
        "holder",
        lambda w: {
            "requirement": "exclusions",
            "reason": "r",
            "until": "2100-01-01",
            "dossier_digest": w.gate.dossier_digest,
        },
        "sign",
    ),
    "gate:threads": Act("evidence.add", lambda w: {"requirement": "leakage", "text": "t"}),
    "waiver:revocations": Act("holder", lambda w: {"reason": "r"}),
    "gate-thread:comments": Act("evidence.add", lambda w: {"text": "t"}),
    "gate-thread:resolutions": Act("asked"),
    "gate-condition:fulfilments": Act("holder", lambda w: {"note": "n"}),
    "gate-condition:answers": Act("holder", lambda w: {"is_accepted": True}, "sign"),
    "gate:withdrawals": Act("gate.withdraw", lambda w: {"reason": "r"}),
    "due-item:nudges": Act("due.nudge", _offered),
    "webhook:create": Act(
        "webhook.manage",
        lambda w: {"team": str(w.scene.team.pk), "name": "N", "url": "https://hooks.example.org/x"},
    ),
    "webhook:destroy": Act("webhook.manage"),
    "webhook:secrets": Act("webhook.manage"),
    "webhook:tests": Act("webhook.manage"),
    "webhook:switch_offs": Act("webhook.manage"),
    "webhook:switch_ons": Act("webhook.manage"),
    "webhook:repeats": Act("webhook.manage"),
    "ledger-export:create": Act("trail.export"),
    "ledger-verification:create": Act("trail.verify"),
}
OWN = {
    "user:me", "token:create", "token:destroy", "absence:create", "absence:destroy", "confirmation:create",
    "session:destroy", "upload:partial_update", "upload:destroy", "notification:readings", "mail-preferences:create",
    "subscription:create", "subscription:destroy", "review-feed:create",
}  # fmt: skip
ORGANISATION_WIDE = {"policy", "framework", "review-template", "ledger-checkpoint"}


def endpoints() -> list[tuple[str, str, str, str]]:
    """Return (basename, action, method, path template) of every endpoint and method."""
    found = []
    for prefix, view, basename in router.registry:
        for route in router.get_routes(view):
            for method, action in router.get_method_map(view, route.mapping).items():
                path = route.url.format(prefix=prefix, lookup="{pk}", trailing_slash="/").lstrip("^").rstrip("$\\Z")
                found.append((basename, action, method.upper(), path))
    return found


def path_of(basename: str, template: str, world: World) -> str:
    unknown: Any = 1 if basename == "session" else uuid.uuid4()
    return template.replace("{pk}", str(world.objects.get(basename, unknown)))


def headers_of(action: str) -> dict[str, str]:
    return {"If-Match": '"1"'} if action in ("partial_update", "reading") else {}


def test_every_unsafe_endpoint_is_in_the_table() -> None:
    unsafe = {f"{basename}:{action}" for basename, action, method, _path in endpoints() if method != "GET"}
    assert unsafe == set(ACTS) | OWN


def test_nobody_gets_401(world: World) -> None:
    for basename, action, method, template in endpoints():
        status, problem = Caller(None).call(method, path_of(basename, template, world), {})
        assert status == 401, (basename, action, status)
        assert problem["code"] in ("not_authenticated", "authentication_failed")


def test_the_wrong_team_finds_nothing(world: World) -> None:
    stranger = member(make_scene(name="Theirs", complete=False).team, *Role.values, name="Stranger")
    caller = Caller(stranger, "read", "write", "sign")
    for basename, action, method, template in endpoints():
        if "{pk}" not in template or basename in ORGANISATION_WIDE:
            continue
        act = ACTS.get(f"{basename}:{action}")
        body = act.body(world) if act and method != "GET" else None
        status, _data = caller.call(method, path_of(basename, template, world), body, **headers_of(action))
        assert status == 404, (basename, action, method, status)


def test_lists_show_another_team_nothing(world: World) -> None:
    theirs = make_scene(name="Theirs", complete=False)
    caller = Caller(member(theirs.team, *Role.values, name="Stranger"), "read")
    ours = {str(value) for key, value in world.objects.items() if key not in ORGANISATION_WIDE}
    for basename, action, method, template in endpoints():
        if method != "GET" or "{pk}" in template or action != "list" or basename in ORGANISATION_WIDE:
            continue
        status, data = caller.get(template)
        if basename == "ledger-consistency":
            continue
        assert status == 200, (basename, status, data)
        rows = data if isinstance(data, list) else data["results"]
        assert not ours & {str(row.get("id", row.get("seq"))) for row in rows}, basename


@pytest.mark.parametrize("role", Role.values)
def test_a_role_does_what_the_table_says_and_nothing_else(world: World, role: str) -> None:
    person = member(world.scene.team, role, name=f"Only {role}")
    held = ROLE_PERMISSIONS[role]
    callers = {"write": Caller(person, "read", "write"), "sign": Caller(person, "read", "sign")}
    for basename, action, method, template in endpoints():
        act = ACTS.get(f"{basename}:{action}")
        if act is None or method == "GET":
            continue
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT before")
            status, data = callers[act.scope].call(
                method, path_of(basename, template, world), act.body(world), **headers_of(action)
            )
            cursor.execute("ROLLBACK TO SAVEPOINT before")
        if act.permission in held:
            assert status not in (401, 403, 404, 500) or data.get("code") in (
                "second_person_needed",
                "not_the_holder",
            ), (basename, action, status, data)
        else:
            assert status == 403, (basename, action, status, data)


def test_every_get_answers_those_who_may_see(world: World) -> None:
    person = member(world.scene.team, *Role.values, name="Everything")
    caller = Caller(person, "read")
    mine = {
        "token": ApiToken.objects.get(user=person).id,
        "absence": Absence.objects.create(user=person, starts_on="2026-01-01", ends_on="2026-01-02").pk,
        "ledger-export": Export.objects.create(requested_by=person.pk, requested_by_name="x").pk,
        "notification": make_notification(person).pk,
    }
    world.objects |= mine
    for basename, action, method, template in endpoints():
        if method != "GET":
            continue
        status, data = caller.get(path_of(basename, template, world))
        if basename == "ledger-consistency" or action in ("preview", "check"):
            assert status == 422
        elif (basename, action) == ("ledger-export", "download"):
            assert status == 404
        elif basename == "upload":
            assert status == 404, "an upload is its sender's"
        else:
            assert status == 200, (basename, action, status, data)


def test_an_exceptional_grant_shows_one_thing_and_its_trail(world: World) -> None:
    outsider = make_user(name="Outsider")
    admin = member(world.scene.team, "governance_lead", name="Giver")
    body = {"subject_type": "dataset", "subject_id": str(world.scene.dataset.pk), "user": str(outsider.pk)}
    caller = Caller(outsider, "read")
    path = f"datasets/{world.scene.dataset.pk}/"
    assert caller.get(path)[0] == 404
    assert Caller(admin).post("grants/", body)[0] == 201
    assert caller.get(path)[0] == 200
    assert caller.get(f"dataset-versions/{world.scene.version.pk}/")[0] == 200
    assert caller.get(f"use-cases/{world.scene.use_case.pk}/")[0] == 404
    assert caller.get(f"ledger/entries/?subject_id={world.scene.dataset.pk}")[1]["results"]
    status, refused = Caller(outsider).call("PATCH", path, {"description": "x"}, **{"If-Match": '"1"'})
    assert (status, refused["code"]) == (403, "not_permitted")
    assert Caller(admin).post("grants/withdrawals/", body)[0] == 201
    assert caller.get(path)[0] == 404


def test_a_file_upload_is_only_for_its_sender(world: World) -> None:
    other = Caller(world.scene.people["data_steward"])
    path = f"uploads/{world.objects['upload']}/"
    assert other.get(path)[0] == 404
    assert Caller(world.scene.engineer).get(path)[0] == 200
