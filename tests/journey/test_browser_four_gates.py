"""All four gates in a real browser, by five people, on Banking77: to a live release and back to the one before."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.core import clock, jobs
from apps.datasets.refs import version_ref
from apps.evaluations import actions as evaluations
from apps.evaluations.models import EvaluationRun, SuiteVersion
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.registry import actions as registry
from apps.registry.models import ModelVersion
from apps.registry.refs import model_ref
from apps.releases.models import Release
from config.demo import material
from tests.evaluations.scenery import a_file
from tests.journey import four_gates
from tests.journey.test_api_journey import leaking_test_rows_removed
from tests.journey.test_browser_journey import sign_in
from tests.people.factories import PASSWORD, make_user, member
from tests.registry.scenery import MODEL
from tests.releases.scenery import rehearse
from tests.scenery import DOCUMENTS, Scene, make_scene, make_version, name_holder, publish_guideline

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
ACTS = (
    "gate.approved",
    "suite_version.thresholds_signed",
    "evaluation_run.registered",
    "release.went_live",
    "release.rolled_back",
)
SIGNERS = ("model_owner", "business_owner", "compliance_reviewer", "governance_owner")


class Walk:
    """The engineer's and the signers' clicks."""

    def __init__(self, page: Any, url: str, scratch: Path, scene: Scene) -> None:
        self.page, self.url, self.scratch, self.scene = page, url, scratch, scene
        self.sessions: dict[Any, Any] = {}

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.fill(f"[name={name}]", value)

    def be(self, person: Any) -> None:
        """Go on as somebody: signed in once, for so many sign-ins in a minute would be refused."""
        if person.pk in self.sessions:
            self.page.context.clear_cookies()
            self.page.context.add_cookies(self.sessions[person.pk])
        else:
            sign_in(self.page, self.url, person)
            self.sessions[person.pk] = self.page.context.cookies()

    def engineer(self) -> None:
        self.be(self.scene.engineer)

    def attach(self, kind: str) -> None:
        self.page.locator("#evidence").get_by_role("link", name="Attach").click()
        self.page.select_option("[name=kind]", kind)
        self.fill(title=kind, link=f"https://wiki.example.org/{kind}")
        self.press("Attach")
        self.page.locator("#evidence").get_by_text(kind).first.wait_for()

    def ask(self, title: str) -> str:
        """Ask for a gate; return where its page is."""
        self.page.get_by_role("link", name=title).first.click()
        self.press("Open the gate")
        self.page.locator("h1").wait_for()
        return str(self.page.url.removeprefix(self.url))

    def sign(self, gate: str, *responsibilities: str) -> None:
        for responsibility in responsibilities:
            self.be(self.scene.people[responsibility])
            self.go(gate)
            self.fill(password=PASSWORD)
            self.press("Sign")
            self.page.get_by_text("on exactly the evidence of this dossier").first.wait_for()
        self.engineer()

    def train(self, model: str, number: str, seed: int) -> ModelVersion:
        """Register a run and its version on pages, with an approved build gate; stay on the version's page."""
        place, digest, size = four_gates.adapter(number)
        run = four_gates.training(model, {"digest": ""}, "", "", seed=seed)
        self.go(f"/models/{model}/runs/new/")
        self.page.locator("[name=datasets]").first.check()
        self.page.locator("[name=guidelines]").first.check()
        self.page.select_option("[name=trained_by]", str(self.scene.engineer.pk))
        self.fill(
            started_at=run["started_at"][:19],
            finished_at=run["finished_at"][:19],
            code_repository=run["code_repository"],
            code_commit=run["code_commit"],
            base_digest=run["base_digest"],
            hyperparameters='{"epochs": 3}',
            seed=str(seed),
        )
        self.press("Register the run")
        self.attach("sensitive_data_statement")
        where = self.page.url
        gate = self.ask("Build gate")
        self.sign(gate, *SIGNERS[:3])
        self.page.goto(where)
        self.follow("Register a version")
        self.fill(number=number, artefact_digest=digest, size=str(size), place=place)
        self.press("Register the version")
        self.page.get_by_role("heading", name=number).first.wait_for()
        jobs.run_waiting()
        return ModelVersion.objects.get(number=number)

    def evaluate(self, suite: SuiteVersion, version: ModelVersion, files: dict[str, bytes]) -> EvaluationRun:
        self.go(f"/evaluations/versions/{suite.pk}/import/")
        paths = []
        for name, content in files.items():
            paths.append(self.scratch / name)
            paths[-1].write_bytes(content)
        self.page.set_input_files("[name=files]", [str(path) for path in paths])
        self.press("Read it")
        self.page.get_by_role("heading", name="Recognised").wait_for()
        self.page.select_option("[name=subject]", str(version.pk))
        self.press("Register the run")
        self.page.wait_for_url("**/evaluations/runs/**")
        jobs.run_waiting()
        return EvaluationRun.objects.latest("id")

    def explain(self, run: EvaluationRun) -> None:
        self.go(f"/evaluations/runs/{run.pk}/failures/new/")
        self.fill(case="banking77:1", note="Nobody says “nicked” in train.")
        self.press("Put it on the list")
        self.follow("Decide")
        self.page.select_option("[name=decision]", "accept")
        self.fill(note="One word; the desk sends it on.")
        self.press("Decide")

    def prove(self, suites: tuple[SuiteVersion, SuiteVersion], version: ModelVersion, accuracy: float) -> str:
        """Import what a harness wrote and what was measured beside it; ask for the proof gate."""
        run = self.evaluate(suites[0], version, four_gates.harness_files(accuracy))
        self.explain(run)
        self.evaluate(suites[1], version, {"other.json": four_gates.other_results(0.95, 310)})
        self.go(f"/models/versions/{version.pk}/")
        self.attach("red_team_report")
        return self.ask("Proof gate")

    def release(self, version: ModelVersion) -> Release:
        self.go(f"/releases/of-version/{version.pk}/propose/")
        self.page.select_option("[name=environment]", label="Production")
        self.press("Propose it")
        self.page.wait_for_url("**/releases/*-*/")
        self.attach("sensitive_data_statement")
        return Release.objects.latest("id")

    def bring_live(self, release: Release) -> None:
        self.go(f"/releases/{release.pk}/")
        gate = self.ask("Release gate")
        self.sign(gate, *SIGNERS)
        self.go(f"/releases/{release.pk}/")
        self.follow("Bring it live")
        self.press("Bring it live now")
        self.page.get_by_text("Live", exact=True).first.wait_for()


def sign_suite(walk: Walk, name: str, source: str, digest: str) -> SuiteVersion:
    """Write and publish a suite as the engineer, and sign its thresholds as the business owner."""
    walk.go(f"/evaluations/new/{walk.scene.use_case.pk}/")
    walk.fill(name=name, purpose="Whether it is good enough")
    walk.press("Create the suite")
    walk.follow("Write a version")
    walk.fill(source=source.format(digest=digest))
    walk.press("Keep as draft")
    walk.follow("Publish")
    walk.press("Publish it")
    walk.page.wait_for_url(re.compile(r"/evaluations/versions/[^/]+/$"))
    where = walk.page.url
    walk.be(walk.scene.people["business_owner"])
    walk.page.goto(where)
    walk.fill(password=PASSWORD)
    walk.press("Sign")
    walk.page.get_by_text("Signed").first.wait_for()
    walk.engineer()
    return SuiteVersion.objects.latest("id")


def prepared(scene: Scene) -> Any:
    """Give the scene Banking77 with an approved start gate, a guideline, and a model whose owner accepted."""
    scene.version = make_version(scene, material.published("train.csv"), leaking_test_rows_removed())
    for kind in DOCUMENTS:
        link = f"https://wiki.example.org/{kind}"
        evidence.add_document(version_ref(scene.version), kind, kind, by=scene.engineer, link=link)
    scene.approve(gates.open_gate("start", version_ref(scene.version), by=scene.engineer))
    publish_guideline(scene)
    model = registry.create_model(scene.use_case, by=scene.engineer, **MODEL)
    scene.people["model_owner"] = member(scene.team, "business_owner", name="Model Owner")
    name_holder(model_ref(model), "model_owner", scene.people["model_owner"], by=scene.lead)
    return model


def test_five_people_take_a_model_through_four_gates_and_back(page: Any, live_server: Any, scratch: Path) -> None:
    scene = make_scene()
    model = prepared(scene)
    walk = Walk(page, live_server.url, scratch, scene)
    walk.engineer()
    suites = (
        sign_suite(walk, "Intents", four_gates.TASK_SUITE, scene.version.digest),
        sign_suite(walk, "Safe and fast", four_gates.OTHER_SUITE, scene.version.digest),
    )
    baseline = evaluations.register_baseline(scene.use_case, by=scene.engineer, **four_gates.BASELINE)
    results = [a_file(name, content.decode()) for name, content in four_gates.harness_files(0.7).items()]
    imported = evaluations.start_import(suites[0], results, by=scene.engineer)
    evaluations.confirm_import(imported, by=scene.engineer, baseline=baseline)
    jobs.run_waiting()

    poor = walk.train(str(model.pk), "0.9.0", seed=1)
    walk.prove(suites, poor, accuracy=0.75)
    page.locator("#blocked").get_by_text("1 threshold is missed: Intents named rightly: at least 0.9.").wait_for()
    assert page.locator("#sign-off").count() == 0
    assert page.locator(".gates .done").count() == 2, "the start and build gates before it are shown as approved"

    walk.go("/releases/environments/new/")
    page.select_option("[name=team]", str(scene.team.pk))
    page.locator("[name=kind][value=production]").check()
    walk.fill(name="Production")
    walk.press("Create the environment")

    first = walk.train(str(model.pk), "1.0.0", seed=2)
    walk.sign(walk.prove(suites, first, accuracy=0.93), *SIGNERS[:3])
    walk.bring_live(walk.release(first))
    second = walk.train(str(model.pk), "1.1.0", seed=3)
    walk.sign(walk.prove(suites, second, accuracy=0.94), *SIGNERS[:3])
    candidate = walk.release(second)
    rehearse(scene, candidate, rehearsed_at=clock.now())
    walk.bring_live(candidate)
    assert Release.objects.live().get().version == second

    walk.go(f"/releases/{candidate.pk}/")
    walk.follow("Roll back")
    walk.fill(reason="It answers in French")
    walk.press("Roll back now")
    page.get_by_text("Live", exact=True).first.wait_for()
    assert Release.objects.live().get().version == first

    call_command("notary", "--once")
    sign_in(page, live_server.url, make_user(organisation_role="auditor", name="Audrey Quill"))
    for act in ACTS:
        walk.go(f"/trail/?action={act}")
        page.get_by_role("cell").get_by_role("link").first.click()
        page.get_by_text("stands in the signed tree").wait_for()
