"""The last day counts, the eleventh minute does not, and only the database's clock says when that is."""

import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client, RequestFactory

from apps.core import jobs
from apps.core.actor import SYSTEM
from apps.core.clock import replay
from apps.core.identifiers import new_id
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates import due
from apps.gates.errors import NotTheHolder
from apps.gates.models import Gate, GateState
from apps.ledger.actions import record
from apps.ledger.models import Entry, Export
from apps.owners import actions as owners
from apps.owners import holders
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people import confirmations
from apps.people.errors import ConfirmationFailed, ConfirmationStale, TooManyAttempts
from apps.people.models import ApiToken, User
from tests.people.factories import PASSWORD, make_user, member
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db
INSTANT = dt.timedelta(microseconds=1)
MINUTES = dt.timedelta(minutes=10)
EDGES = {
    "a month's end": dt.date(2026, 4, 30),
    "a year's end": dt.date(2026, 12, 31),
    "a leap day": dt.date(2028, 2, 29),
    "the day before a leap day": dt.date(2028, 2, 28),
    "summer time begins in Madrid": dt.date(2026, 3, 29),
    "summer time ends in Madrid": dt.date(2026, 10, 25),
}
HOURS = {"summer time begins": dt.datetime(2026, 3, 29, 0, 55), "summer time ends": dt.datetime(2026, 10, 25, 0, 55)}
edges = pytest.mark.parametrize("last", EDGES.values(), ids=EDGES)
hours = pytest.mark.parametrize("start", [row.replace(tzinfo=dt.UTC) for row in HOURS.values()], ids=HOURS)


def midnight(day: dt.date) -> dt.datetime:
    """Return the first instant of the day, which is a day of UTC."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def first_after(day: dt.date) -> dt.datetime:
    return midnight(day) + dt.timedelta(days=1)


def sign(scene: Scene, gate: Gate, responsibility: str, by: User | None = None) -> Any:
    by = by or scene.people[responsibility]
    return scene.sign(gate, responsibility, by=by, confirmation=confirmations.confirm(by, password=PASSWORD).pk)


def in_madrid(**values: Any) -> tuple[User, Client]:
    reader = make_user(time_zone="Europe/Madrid", **values)
    client = Client()
    client.force_login(reader)
    return reader, client


def happened(at: dt.datetime, label: str) -> int:
    with replay(at):
        entry = record("test.happened", by=SYSTEM, subject=("test", new_id(), label), team=None, payload={})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return int(Entry.objects.get(pk=entry.pk).seq or 0)


@edges
def test_a_document_counts_through_its_last_day(last: dt.date) -> None:
    scene = make_scene()
    with replay(midnight(last) - dt.timedelta(days=1)):
        old = Document.objects.get(kind="exclusions")
        evidence.withdraw_document(old, by=scene.engineer, reason="A dated one follows")
        file = SimpleUploadedFile("exclusions.txt", b"Until its day")
        ref = version_ref(scene.version)
        evidence.add_document(ref, "exclusions", "Exclusions", by=scene.engineer, file=file, valid_until=last)
        gate = make_gate(scene)
        sign(scene, gate, "business_owner")
        sign(scene, gate, "compliance_reviewer")
    gate.refresh_from_db()
    assert (gate.state, gate.turns_at) == (GateState.APPROVED, first_after(last))
    for moment in (midnight(last), first_after(last) - dt.timedelta(hours=1), first_after(last) - INSTANT):
        with replay(moment):
            assert gates.refresh_expired() + gates.refresh_all() == 0, moment
    with replay(first_after(last)):
        assert gates.refresh_expired() == 1
    gate.refresh_from_db()
    assert (gate.state, gate.state_since) == (GateState.LAPSED, first_after(last))
    assert f"was valid until {last}" in gate.blocked_by


@edges
def test_a_deputy_acts_from_the_first_day_of_an_absence_through_the_last(last: dt.date) -> None:
    scene = make_scene()
    holder, deputy = scene.people["business_owner"], member(scene.team, "business_owner", name="Deputy")
    held = Ownership.objects.active().get(holder=holder)
    held = owners.appoint_deputy(held, deputy, by=scene.lead)
    first = last - dt.timedelta(days=2)
    people.record_absence(holder, first, last, by=holder)
    with replay(midnight(first) - dt.timedelta(days=1)):
        gate = make_gate(scene)
    expected = {
        midnight(first) - INSTANT: False,
        midnight(first): True,
        midnight(last): True,
        first_after(last) - INSTANT: True,
        first_after(last): False,
    }
    for moment, acts in expected.items():
        with replay(moment):
            assert holders.may_sign(held, deputy) is acts, moment
            assert bool(due.signatures(deputy)) is acts, moment
            assert due.signatures(holder), "the holder may sign on any day"
    with replay(first_after(last)), pytest.raises(NotTheHolder):
        sign(scene, gate, "business_owner", by=deputy)
    with replay(first_after(last) - INSTANT):
        assert sign(scene, gate, "business_owner", by=deputy).stands_in_for == holder.name


@edges
def test_an_absence_of_one_day_is_that_day(last: dt.date) -> None:
    person = make_user()
    people.record_absence(person, last, last, by=person)
    days = [last + dt.timedelta(days=shift) for shift in (-1, 0, 1)]
    assert [holders.absent([person.pk], day) for day in days] == [set(), {person.pk}, set()]


@edges
def test_the_profile_shows_an_absence_through_its_last_day(last: dt.date) -> None:
    person, client = in_madrid()
    people.record_absence(person, last, last, by=person, note="Away for an edge")
    for moment, shown in ((first_after(last) - INSTANT, True), (first_after(last), False)):
        with replay(moment):
            page = client.get("/settings/").content.decode()
        assert ("Away for an edge" in page) is shown, moment


@hours
def test_a_confirmation_ends_at_exactly_ten_minutes(start: dt.datetime) -> None:
    person = make_user(time_zone="Europe/Madrid")
    with replay(start):
        in_time, too_late = (confirmations.confirm(person, password=PASSWORD) for _number in range(2))
    with replay(start + MINUTES - INSTANT), transaction.atomic():
        assert confirmations.use(in_time.pk, person).used_at == start + MINUTES - INSTANT
    with replay(start + MINUTES), transaction.atomic(), pytest.raises(ConfirmationStale):
        confirmations.use(too_late.pk, person)


@hours
def test_a_reauthentication_confirms_for_less_than_ten_minutes(start: dt.datetime) -> None:
    person = make_user()
    request: Any = RequestFactory().get("/")
    record = {"method": "password", "at": start.timestamp(), "reauthenticated": True}
    request.session = {
        "account_authentication_methods": [record],
        "account_authentication_methods_user": user_id_to_str(person),
    }
    with replay(start + MINUTES):
        assert confirmations.from_reauthentication(request, person) is None
    with replay(start + MINUTES - dt.timedelta(milliseconds=1)):
        assert confirmations.from_reauthentication(request, person) is not None


@hours
def test_five_failures_lock_for_exactly_ten_minutes(start: dt.datetime) -> None:
    person = make_user()
    with replay(start):
        for _number in range(confirmations.MOST_FAILURES):
            with pytest.raises(ConfirmationFailed):
                confirmations.confirm(person, password="wrong")
    with replay(start + MINUTES - INSTANT), pytest.raises(TooManyAttempts):
        confirmations.confirm(person, password=PASSWORD)
    with replay(start + MINUTES):
        assert confirmations.confirm(person, password=PASSWORD).method == "password"


@hours
def test_a_token_is_made_for_days_by_the_databases_clock(start: dt.datetime) -> None:
    person = make_user()
    with replay(start):
        token, _secret = people.create_token(person, "Nightly", ["read"], by=person, days=1)
    assert token.expiry == start + dt.timedelta(days=1)


@hours
def test_a_token_ends_by_the_databases_clock(start: dt.datetime) -> None:
    person = make_user()
    token, secret = people.create_token(person, "Nightly", ["read"], by=person, days=1)
    ApiToken.objects.filter(pk=token.pk).update(expiry=start)
    statuses = []
    for moment in (start - INSTANT, start):
        with replay(moment):
            answer = Client().get("/api/v1/users/me/", headers={"Authorization": f"Token {secret}"})
        statuses.append(answer.status_code)
    assert statuses == [200, 401]


def test_a_reader_in_madrid_sees_each_hour_of_a_clock_change_as_the_clock_showed_it() -> None:
    _reader, client = in_madrid(organisation_role="auditor")
    seen = {
        dt.datetime(2026, 3, 29, 0, 59, 59, tzinfo=dt.UTC): "29 Mar 2026, 01:59",
        dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC): "29 Mar 2026, 03:00",
        dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC): "25 Oct 2026, 02:30",
        dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC): "25 Oct 2026, 02:30",
    }
    numbers = [happened(moment, "Edge") for moment in seen]
    assert numbers == sorted(numbers)
    page = client.get("/trail/?search=Edge").content.decode()
    for moment, text in seen.items():
        assert f'<time datetime="{moment.isoformat()}" title="{moment:%Y-%m-%d %H:%M:%S} UTC">{text}</time>' in page


def test_a_reader_in_madrid_sees_the_last_day_of_a_token_as_their_own_day() -> None:
    reader, client = in_madrid()
    token, _secret = people.create_token(reader, "Nightly", ["read"], by=reader)
    ApiToken.objects.filter(pk=token.pk).update(expiry=dt.datetime(2027, 10, 31, 23, 30, tzinfo=dt.UTC))
    assert "1 Nov 2027" in client.get("/settings/").content.decode()


@pytest.mark.parametrize("text", ["2026-03-29T02:30", "2026-10-25T02:30"], ids=["never was", "was twice"])
def test_a_local_time_that_is_not_one_instant_is_refused_and_not_passed_over(text: str) -> None:
    _reader, client = in_madrid(organisation_role="auditor")
    for month in (1, 12):
        happened(dt.datetime(2026, month, 1, tzinfo=dt.UTC), f"Edge {month}")
    answer = client.get("/trail/", {"search": "Edge", "since": text})
    page = answer.content.decode()
    assert answer.status_code in (200, 422)
    assert "Edge 1<" not in page, "the filter was passed over without a word"


def test_an_export_holds_what_the_filtered_page_showed(notary: Any) -> None:
    reader, client = in_madrid(organisation_role="auditor")
    shown_from = dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)
    happened(shown_from - INSTANT, "Edge before")
    happened(shown_from, "Edge first")
    happened(shown_from + dt.timedelta(hours=3), "Edge later")
    notary()
    filters = {"search": "Edge", "since": "2026-07-01T00:00:00"}
    page = client.get("/trail/", filters).content.decode()
    on_page = [label for label in ("Edge before", "Edge first", "Edge later") if label in page]
    assert on_page == ["Edge first", "Edge later"]
    assert client.post("/trail/exports/new/", filters).status_code == 302
    jobs.run_waiting()
    export = Export.objects.get(requested_by=reader.pk)
    with default_storage.open(export.file) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        lines = archive.read("entries.ndjson").decode().splitlines()
    assert [json.loads(json.loads(line)["body"])["subject"]["label"] for line in lines] == on_page
