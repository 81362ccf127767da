"""What an answer, a verdict and the portfolio cost does not grow with what there is."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assessments import actions
from apps.usecases import actions as usecases
from tests.api.client import Caller
from tests.assessments.scenery import answer, answer_all, make_assessment
from tests.scenery import Scene, make_scene, make_version

pytestmark = pytest.mark.django_db


def queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(path).status_code == 200
    return len(found)


def test_answering_and_reading_the_verdict_cost_the_same_however_much_is_answered() -> None:
    scene = make_scene()
    assessment = make_assessment(scene)
    caller = Caller(scene.engineer, "read", "write")

    def cost(revision: int) -> int:
        with CaptureQueriesContext(connection) as found:
            body = {"question": "scope_narrow", "level": "yes", "revision": revision}
            assert caller.post(f"assessments/{assessment.pk}/answers/", body)[0] == 201
            assert caller.get(f"assessments/{assessment.pk}/verdict/")[0] == 200
        return len(found)

    answer(assessment, "task_stable", "yes", scene, link="https://wiki.example.org/a")
    caller.get("users/me/")
    few = cost(0)
    answer_all(assessment, scene)
    for number in range(3):
        make_version(scene, train=f"text,category\nQuestion {number}?,pay\nOther {number},card\n")
    assert cost(2) <= few


def add_use_cases(scene: Scene, count: int, start: int) -> None:
    for number in range(start, start + count):
        made = usecases.create_use_case(
            scene.team, by=scene.lead, name=f"Case {number}", summary="s", task="t", risk_tier="low"
        )
        actions.start(made, by=scene.lead)


def test_the_portfolio_costs_the_same_for_few_and_for_many_use_cases() -> None:
    scene = make_scene()
    client = Client()
    client.force_login(scene.lead)
    caller = Caller(scene.lead, "read")
    add_use_cases(scene, 2, 0)
    few = queries(client, "/readiness/")
    with CaptureQueriesContext(connection) as found:
        caller.get("portfolio/")
    by_api = len(found)
    add_use_cases(scene, 20, 2)
    assert queries(client, "/readiness/") == few
    with CaptureQueriesContext(connection) as found:
        assert len(caller.get("portfolio/")[1]["results"]) == 23
    assert len(found) <= by_api
    body = client.get("/readiness/?format=csv").getvalue().decode()
    assert body.count("\n") == 24
    assert "not_ready" in body
