"""The API's plumbing: keys, revisions, problems, and the database being away."""

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from apps.agenda.views import work as agenda
from apps.core.models import KeptAnswer
from apps.people.models import Team, User
from tests.api.client import Caller
from tests.people.factories import make_user, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Caller:
    return Caller(make_user(organisation_role="administrator"))


def test_what_is_not_there_is_not_found_in_the_callers_own_words(admin: Caller) -> None:
    for path in ("teams/01920000-0000-7000-8000-000000000000/", "nowhere/", "teams/x/"):
        status, problem = admin.get(path)
        assert (status, problem["code"], problem["status"]) == (404, "not_found", 404)
        assert admin.last.headers["Content-Type"] == "application/problem+json"


def test_an_edit_names_the_revision_it_changes(admin: Caller) -> None:
    _status, team = admin.post("teams/", {"name": "One"})
    path = f"teams/{team['id']}/"
    assert admin.call("PATCH", path, {"name": "Two"})[1]["code"] == "precondition_required"
    assert admin.call("PATCH", path, {"name": "Two"}, If_Match='"nonsense"')[1]["code"] == "stale_edit"
    assert admin.call("PATCH", path, {"name": "Two"}, If_Match='"7"')[1]["code"] == "stale_edit"
    assert Team.objects.get().name == "One"


def test_a_key_keeps_its_answer_and_belongs_to_one_request(admin: Caller) -> None:
    first = admin.post("teams/", {"name": "One"}, Idempotency_Key="k")
    assert admin.post("teams/", {"name": "One"}, Idempotency_Key="k") == first
    assert admin.last.headers["Idempotency-Replayed"] == "true"
    assert admin.post("teams/", {"name": "Two"}, Idempotency_Key="k")[1]["code"] == "idempotency_key_reused"
    refused = admin.post("teams/", {"name": "One"}, Idempotency_Key="other")
    assert refused[1]["code"] == "name_taken"
    Team.objects.all().delete()
    assert admin.post("teams/", {"name": "One"}, Idempotency_Key="other") == refused, "a refusal is an answer too"


@pytest.fixture
def taken_key(admin: Caller) -> Iterator[str]:
    """Hold the key in another session, as a request that runs does."""
    held, release = threading.Event(), threading.Event()
    user = admin.get("users/me/")[1]["id"]

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"{user}:busy"])
            held.set()
            release.wait(20)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    yield "busy"
    release.set()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_request_runs_is_refused(admin: Caller, taken_key: str) -> None:
    status, problem = admin.post("teams/", {"name": "One"}, Idempotency_Key=taken_key)
    assert (status, problem["code"]) == (409, "idempotency_key_in_use")
    assert not Team.objects.exists()
    assert not KeptAnswer.objects.exists()


def test_the_api_speaks_utc_whatever_the_callers_zone(admin: Caller) -> None:
    User.objects.update(time_zone="Asia/Tokyo")
    client = Client()
    client.force_login(User.objects.get())
    made = client.post("/api/v1/teams/", {"name": "East"}, content_type="application/json").json()
    told = dt.datetime.fromisoformat(made["created_at"])
    assert abs(told - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize("place", ["middleware", "view"])
def test_a_database_that_is_away_is_said_in_page_and_api(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    person = member(Team.objects.create(name="One"))
    caller = Caller(person)
    page = Client(raise_request_exception=False)
    page.force_login(person)
    caller.client.raise_request_exception = False
    if place == "middleware":
        monkeypatch.setattr("django.contrib.auth.middleware.get_user", away)
        monkeypatch.setattr("apps.people.authentication.TokenAuthentication.authenticate", away)
    else:
        monkeypatch.setattr("apps.core.api.views.ApiView.get_queryset", away)
        monkeypatch.setattr(agenda.MyWork, "get", away)
    status, problem = caller.get("teams/")
    assert (status, problem["code"], caller.last.headers["Retry-After"]) == (503, "service_unavailable", "5")
    answer = page.get("/")
    assert answer.status_code == 503
    assert b"Nothing was changed" in answer.content


def test_what_nobody_foresaw_is_a_problem_without_details(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError("secret inner working")

    monkeypatch.setattr("apps.core.api.views.ApiView.get_queryset", broken)
    admin.client.raise_request_exception = False
    status, problem = admin.get("teams/")
    assert (status, problem["code"]) == (500, "server_error")
    assert "secret" not in str(problem)
