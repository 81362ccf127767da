"""All four gates over the API, on Banking77: from the files to a live release, and back to the one before."""

import datetime as dt
from typing import Any

import pytest

from apps.core import clock, jobs
from config.demo import material
from tests.api.client import Caller
from tests.evaluations.scenery import a_file
from tests.journey import four_gates
from tests.journey.test_api_journey import confirm_and_sign, leaking_test_rows_removed
from tests.people.factories import PASSWORD, make_user, member
from tests.registry.scenery import MODEL
from tests.scenery import DOCUMENTS, Scene, make_scene, upload

pytestmark = pytest.mark.django_db
SIGNERS = ("model_owner", "business_owner", "compliance_reviewer", "governance_owner")


class Pipeline:
    """The engineer's pipeline, and the people who sign, each with a token of their own."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.caller = Caller(scene.engineer)
        scene.people["model_owner"] = member(scene.team, "business_owner", name="Model Owner")

    def post(self, path: str, data: Any = None) -> Any:
        status, found = self.caller.post(path, data)
        assert status == 201, found
        return found

    def get(self, path: str) -> Any:
        status, found = self.caller.get(path)
        assert status == 200, found
        return found

    def document(self, type_: str, pk: str, kind: str) -> None:
        link = f"https://wiki.example.org/{kind}"
        subject = {"subject_type": type_, "subject_id": pk}
        self.post("documents/", {**subject, "kind": kind, "title": kind, "link": link})

    def ask(self, kind: str, type_: str, pk: str) -> Any:
        return self.post("gates/", {"policy_kind": kind, "subject_type": type_, "subject_id": pk})

    def sign(self, gate: Any, *responsibilities: str) -> Any:
        for responsibility in responsibilities:
            signer = Caller(self.scene.people[responsibility], "read", "sign")
            status, found = confirm_and_sign(signer, gate["id"], responsibility)
            assert status == 201, found
        found = self.get(f"gates/{gate['id']}/")
        assert found["state"] == "approved"
        return found

    def approved_data(self) -> Any:
        dataset = self.scene.dataset
        splits = {"train": material.published("train.csv"), "test": leaking_test_rows_removed()}
        offers = {
            name: [{"upload": str(upload(dataset, f"{name}.csv", data, self.scene.engineer).upload)}]
            for name, data in splits.items()
        }
        body = {"splits": offers, "fewer_splits_reason": "The publisher made two"}
        data = self.post(f"datasets/{dataset.pk}/versions/", body)
        jobs.run_waiting()
        for kind in DOCUMENTS:
            self.document("dataset_version", data["id"], kind)
        self.sign(self.ask("start", "dataset_version", data["id"]), "business_owner", "compliance_reviewer")
        return data

    def guideline(self) -> str:
        made = self.post(
            "guidelines/", {"dataset": str(self.scene.dataset.pk), "rules": ["Label what the customer wants."]}
        )
        owner = Caller(self.scene.people["annotation_owner"])
        assert owner.post(f"guidelines/{made['id']}/publications/", {"revision": made["revision"]})[0] == 201
        return str(made["id"])

    def model(self) -> str:
        made = self.post("models/", {**MODEL, "use_case": str(self.scene.use_case.pk)})
        owner = self.scene.people["model_owner"]
        offer = {"subject_type": "model", "subject_id": made["id"], "responsibility": "model_owner"}
        status, asked = Caller(self.scene.lead).post("ownerships/", {**offer, "holder": str(owner.pk)})
        assert status in (201, 202), asked
        handovers = Caller(owner).get("handovers/")[1]["results"]
        assert Caller(owner).post(f"handovers/{handovers[0]['id']}/acceptances/")[0] == 201
        return str(made["id"])

    def version(self, model: str, data: Any, guideline: str, number: str, seed: int) -> Any:
        """Register a run with an approved build gate and the version that came of it."""
        run = self.post(
            "training-runs/", four_gates.training(model, data, guideline, str(self.scene.engineer.pk), seed=seed)
        )
        self.document("training_run", run["id"], "sensitive_data_statement")
        self.sign(self.ask("build", "training_run", run["id"]), *SIGNERS[:3])
        place, digest, size = four_gates.adapter(number)
        body = {"training_run": run["id"], "number": number, "artefact_digest": digest, "size": size, "place": place}
        made = self.post("model-versions/", body)
        jobs.run_waiting()
        return made

    def suite(self, name: str, source: str, data: Any) -> str:
        suite = self.post("suites/", {"use_case": str(self.scene.use_case.pk), "name": name})
        body = {"source": source.format(digest=data["digest"])}
        draft = self.post(f"suites/{suite['id']}/versions/", body)
        published = self.post(f"suite-versions/{draft['id']}/publications/")
        owner = Caller(self.scene.people["business_owner"], "sign", "write")
        confirmation = owner.post("me/confirmations/", {"password": PASSWORD})[1]["id"]
        body = {"digest": published["digest"], "confirmation": confirmation}
        assert owner.post(f"suite-versions/{draft['id']}/signatures/", body)[0] == 201
        return str(draft["id"])

    def measure(self, suite: str, files: dict[str, bytes], **subject: str) -> Any:
        sent = [a_file(name, content.decode()) for name, content in files.items()]
        status, imported = self.caller.multipart("evaluation-imports/", {"suite_version": suite, "files": sent})
        assert status == 201, imported
        run = self.post(f"evaluation-imports/{imported['id']}/confirmations/", subject)
        jobs.run_waiting()
        return run

    def evaluate(self, suites: tuple[str, str], version: Any, accuracy: float) -> None:
        task, other = suites
        run = self.measure(task, four_gates.harness_files(accuracy), model_version=version["id"])
        assert (run["tool"], run["counts"]) == ("lm-evaluation-harness", True)
        failure = {"case": "banking77:1", "cause": "data_missing", "note": "Nobody says “nicked” in train."}
        failure = self.post(f"evaluation-runs/{run['id']}/failures/", failure)
        decision = {"decision": "accept", "note": "One word; the desk sends it on."}
        self.post(f"evaluation-failures/{failure['id']}/decisions/", decision)
        self.document("model_version", version["id"], "red_team_report")
        self.measure(other, {"other.json": four_gates.other_results(0.95, 310)}, model_version=version["id"])

    def proven(self, *trained: Any, accuracy: float) -> Any:
        """Return a version with an approved proof gate."""
        model, data, guideline, suites, number = trained
        version = self.version(model, data, guideline, number, seed=int(100 * accuracy))
        self.evaluate(suites, version, accuracy)
        self.sign(self.ask("proof", "model_version", version["id"]), *SIGNERS[:3])
        return version

    def release(self, version: Any, environment: Any) -> Any:
        return self.post("releases/", {"version": version["id"], "environment": environment["id"]})

    def bring_live(self, release: Any) -> Any:
        self.document("release", release["id"], "sensitive_data_statement")
        self.sign(self.ask("release", "release", release["id"]), *SIGNERS)
        return self.post(f"releases/{release['id']}/promotions/")

    def is_allowed(self, version: str) -> tuple[bool, list[str]]:
        answer = self.get(f"releases/check/?model=Intent%20classifier&version={version}&environment=Production")
        return answer["allowed"], [row["code"] for row in answer["reasons"]]


def test_four_gates_a_release_and_the_way_back_over_the_api(notary: Any) -> None:
    pipeline = Pipeline(make_scene())
    scene = pipeline.scene
    data, guideline, model = pipeline.approved_data(), pipeline.guideline(), pipeline.model()
    suites = (
        pipeline.suite("Intents", four_gates.TASK_SUITE, data),
        pipeline.suite("Safe and fast", four_gates.OTHER_SUITE, data),
    )
    baseline = pipeline.post("baselines/", {**four_gates.BASELINE, "use_case": str(scene.use_case.pk)})
    pipeline.measure(suites[0], four_gates.harness_files(0.88), baseline=baseline["id"])

    poor = pipeline.version(model, data, guideline, "0.9.0", seed=1)
    pipeline.evaluate(suites, poor, accuracy=0.75)
    blocked = pipeline.ask("proof", "model_version", poor["id"])
    rows = pipeline.get(f"gates/{blocked['id']}/dossier/")["dossier"]["requirements"]
    assert {row["id"] for row in rows if row["status"] != "met"} == {"thresholds", "baseline"}
    assert blocked["state"] == "open"

    environment = pipeline.post(
        "environments/", {"team": str(scene.team.pk), "name": "Production", "kind": "production"}
    )
    first = pipeline.proven(model, data, guideline, suites, "1.0.0", accuracy=0.93)
    live = pipeline.bring_live(pipeline.release(first, environment))
    assert live["state"] == "live"
    assert pipeline.is_allowed("1.0.0") == (True, ["live_and_approved"])
    second = pipeline.proven(model, data, guideline, suites, "1.1.0", accuracy=0.94)
    candidate = pipeline.release(second, environment)
    rehearsed = clock.now() - dt.timedelta(minutes=5)
    pipeline.post(
        f"releases/{candidate['id']}/rehearsals/",
        {
            "rehearsed_by": str(scene.engineer.pk),
            "rehearsed_at": rehearsed.isoformat(),
            "duration_seconds": 95,
            "outcome": "passed",
            "link": "https://wiki.example.org/rehearsal",
        },
    )
    pipeline.bring_live(candidate)
    assert pipeline.is_allowed("1.0.0")[0] is False
    assert pipeline.is_allowed("1.1.0") == (True, ["live_and_approved"])

    back = pipeline.post(f"releases/{candidate['id']}/rollbacks/", {"reason": "It answers in French"})
    assert pipeline.is_allowed("1.0.0") == (True, ["live_by_rollback"])
    assert pipeline.is_allowed("1.1.0")[1][0] == "rolled_back"
    envelope = pipeline.get(f"releases/{candidate['id']}/attestation/")
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    status, _review = Caller(scene.lead).post(
        f"rollbacks/{back['id']}/reviews/", {"verdict": "justified", "comment": "Yes"}
    )
    assert status == 201

    notary()
    auditor = Caller(make_user(organisation_role="auditor"), "read")
    for subject, acts in (
        (candidate["id"], {"release.proposed", "release.went_live", "release.rolled_back"}),
        (blocked["id"], {"gate.opened"}),
        (second["id"], {"model_version.registered"}),
    ):
        trail = auditor.get(f"ledger/entries/?subject_id={subject}")[1]["results"]
        assert acts <= {row["action"] for row in trail}, sorted({row["action"] for row in trail})
        assert auditor.get(f"ledger/entries/{trail[0]['seq']}/proof/")[0] == 200
