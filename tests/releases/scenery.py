"""An environment, a proposal, and a live release for a scene."""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.core import clock
from apps.core.errors import Refusal
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.gates.actions.gates import newest_policy
from apps.gates.models import Gate
from apps.gates.policy import parse
from apps.owners import holders
from apps.people.models import User
from apps.registry.models import ModelVersion
from apps.registry.refs import model_version_ref
from apps.releases import actions
from apps.releases.models import Environment, Rehearsal, Release, ReleaseState, Rollback
from apps.releases.refs import release_ref
from tests.api.client import Caller
from tests.gates.scenery import browser, refused_by_sql
from tests.people.factories import member
from tests.registry.scenery import digest_of_bytes, make_model, make_model_version, make_run, stored
from tests.scenery import Scene, make_scene

SIGNERS = ("model_owner", "business_owner", "compliance_reviewer", "governance_owner")
PROMPTS = "sha256:" + hashlib.sha256(b"prompts").hexdigest()
PROOF_POLICY = """\
kind: proof
title: Proof gate
subject: model_version
requirements:
  - id: version_stands
    title: The model version is not withdrawn
    fact: model_version.standing
    figure: withdrawn
    equals: false
sign_offs:
  - responsibility: business_owner
"""
THRESHOLD = re.compile(r"  - id: business_threshold\n(    .*\n)+")


def make_stage(**values: Any) -> Scene:
    """Return a scene whose model has a version in the storage, and a policy for proof gates."""
    scene = make_scene(**values)
    publish_policies(scene)
    run = make_run(scene, make_model(scene))
    make_model_version(scene, run, place=stored(), artefact_digest=digest_of_bytes())
    return scene


def release_policy() -> str:
    """Return the release policy that Fourgate comes with, without its threshold."""
    return THRESHOLD.sub("", (Path(settings.GATE_POLICY_FOLDER) / "release.yaml").read_text(encoding="utf-8"))


def publish_policies(scene: Scene) -> None:
    """Publish policies that ask for no evaluation: proof for nothing but a signature, release for no threshold."""
    for source in (PROOF_POLICY, release_policy()):
        if newest_policy(parse(source).kind).source != source:
            proposed = gates.propose_policy(source, by=scene.lead)
            gates.publish_policy(proposed, by=member(scene.team, "governance_lead", name="Second Lead"))


def first_version(scene: Scene) -> ModelVersion:
    return (
        ModelVersion.objects.filter(model__use_case=scene.use_case)
        .select_related("model__use_case__team")
        .earliest("id")
    )


def next_version(scene: Scene, number: str = "2.0.0", **values: Any) -> ModelVersion:
    """Register another version of the scene's model, from a run with another recipe, its bytes in the storage."""
    first, data = first_version(scene), f"weights of {number}".encode()
    recipe = {"learning_rate": 0.0001, "epochs": 3, "lora": {"r": 32, "alpha": 32}}
    run = make_run(scene, first.model, **{"hyperparameters": recipe, "seed": 7} | values)
    place = stored(f"incoming/{number}.safetensors", data)
    return make_model_version(scene, run, number, place=place, artefact_digest=digest_of_bytes(data), size=len(data))


def make_environment(scene: Scene, name: str = "Production", kind: str = "production") -> Environment:
    return actions.create_environment(scene.team, by=scene.engineer, name=name, kind=kind)


def propose(scene: Scene, environment: Environment, version: ModelVersion | None = None, **values: Any) -> Release:
    """Propose a version, with the document that its gate asks for."""
    by = values.pop("by", scene.engineer)
    release = actions.propose_release(version or first_version(scene), environment, by=by, **values)
    evidence.add_document(
        release_ref(release),
        "sensitive_data_statement",
        "What it may repeat",
        by=scene.engineer,
        link="https://wiki.example.org/repeat",
    )
    return release


def prove(scene: Scene, version: ModelVersion) -> Gate:
    """Have the proof gate of the version approved."""
    gate = Gate.objects.live().on(model_version_ref(version)).filter(kind="proof").first()
    if gate is None:
        gate = gates.open_gate("proof", model_version_ref(version), by=scene.engineer)
        scene.sign(gate, "business_owner", by=holders.holders(gate.subject)["business_owner"].holder)
        gate.refresh_from_db()
    return gate


def ask(scene: Scene, release: Release) -> Gate:
    gate = gates.open_gate("release", release_ref(release), by=scene.engineer)
    gate.refresh_from_db()
    return gate


def sign_all(scene: Scene, gate: Gate) -> Gate:
    held = holders.holders(gate.subject)
    for responsibility in SIGNERS:
        scene.sign(gate, responsibility, by=held[responsibility].holder)
    gate.refresh_from_db()
    return gate


def approve(scene: Scene, release: Release) -> Gate:
    """Have the release gate approved, the version's proof gate first."""
    prove(scene, release.version)
    return sign_all(scene, ask(scene, release))


def make_live(scene: Scene, environment: Environment, version: ModelVersion | None = None, **values: Any) -> Release:
    """Propose, rehearse where there is a way back, have it approved, and bring it live."""
    release = propose(scene, environment, version, **values)
    if release.rollback_target_id is not None:
        rehearse(scene, release)
    approve(scene, release)
    return actions.go_live(release, by=scene.engineer)


def rehearse(scene: Scene, release: Release, **values: Any) -> Rehearsal:
    values = {
        "by": scene.engineer,
        "rehearsed_by": scene.engineer,
        "rehearsed_at": clock.now() - dt.timedelta(days=1),
        "duration_seconds": 95,
        "outcome": "passed",
        "link": "https://wiki.example.org/rehearsals/1",
    } | values
    return actions.record_rehearsal(release, **values)


def two_live(scene: Scene) -> tuple[Release, Release]:
    """Return what was live and superseded, and what is live now."""
    environment = make_environment(scene)
    first = make_live(scene, environment)
    second = make_live(scene, environment, next_version(scene))
    first.refresh_from_db()
    return first, second


@dataclass(frozen=True, slots=True)
class Released:
    """One of everything: what is live by a rollback or otherwise, what was rolled back, and how it was rehearsed."""

    live: Release
    rollback: Rollback
    rehearsal: Rehearsal


def furnish_releases(scene: Scene, version: ModelVersion) -> Released:
    """Give the scene a release that is live, after another one was rolled back; a proposal waits beside it."""
    publish_policies(scene)
    environment = make_environment(scene)
    make_live(scene, environment, version)
    second = make_live(scene, environment, next_version(scene))
    rollback = actions.roll_back(second, by=scene.engineer, reason="It answers in French")
    third = propose(scene, environment, next_version(scene, "3.0.0", seed=3))
    rehearsal = rehearse(scene, third)
    approve(scene, third)
    live = actions.go_live(third, by=scene.engineer)
    propose(scene, environment, version, prompt_digest=PROMPTS)
    return Released(live, rollback, rehearsal)


def where(release: Release) -> str:
    """Return the question whether the release may be deployed, as a pipeline asks it."""
    return f"releases/check/?model={release.model_id}&version={release.version_id}&environment={release.environment_id}"


def may_deploy(release: Release, by: User) -> bool:
    status, answer = Caller(by, "read").get(where(release))
    assert status == 200
    return bool(answer["allowed"])


def stays_proposed(release: Release, by: User, code: str) -> None:
    """Try to bring it live by the action, over the API and on the page: each refuses alike, and no pipeline may."""
    with pytest.raises(Refusal) as refused:
        actions.go_live(release, by=by)
    assert refused.value.code == code
    status, answer = Caller(by, "read", "write").post(f"releases/{release.pk}/promotions/")
    assert (status, answer.get("code")) == (refused.value.status, code), answer
    page = browser(by).post(f"/releases/{release.pk}/go-live/")
    assert (page.status_code, page.context["refusal"].code) == (status, code)
    release.refresh_from_db()
    assert release.state == ReleaseState.PROPOSED
    assert not may_deploy(release, by)


def live_by_sql_is_refused(release: Release, gate: Gate, by: User) -> None:
    """Set it live from below, on the gate as it is and on what was signed of it."""
    signed = gate.sign_offs.values_list("dossier_digest", flat=True).last()
    for digest in {gate.dossier_digest, signed or ""}:
        refused_by_sql(
            "UPDATE releases_release SET state = 'live', live_from = now(), live_by_id = %s, gate_id = %s,"
            " dossier_digest = %s WHERE id = %s",
            by.pk,
            gate.pk,
            digest,
            release.pk,
        )
