"""Attacks by time: what a client says of the hour, and what the machine's own clock says, counts for nothing."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from apps.core.clock import now, today
from apps.gates.models import SignOff, Waiver
from apps.ledger.models import Entry
from apps.people.models import Confirmation
from tests.api.client import Caller
from tests.gates.policies import publish, text
from tests.gates.scenery import DAY, on_page, opened, proof
from tests.people.factories import PASSWORD
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db
FORGED = "2031-03-30T01:59:00Z"
DATE = "Sun, 30 Mar 2031 01:59:00 GMT"


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def forged(*names: str) -> dict[str, Any]:
    return dict.fromkeys((*names, "created_at", "time", "occurred", "moment", "now"), FORGED)


def is_of_now(*moments: dt.datetime) -> bool:
    return all(abs(moment - now()) < dt.timedelta(minutes=1) for moment in moments)


@pytest.mark.parametrize("step", [-3 * DAY, 3 * DAY])
def test_attack_32_a_signature_is_of_the_databases_time(scene: Scene, step: dt.timedelta) -> None:
    gate = make_gate(scene)
    caller = Caller(scene.people["business_owner"], "read", "sign")
    body = {"responsibility": "business_owner", "verdict": "approve", "dossier_digest": gate.dossier_digest}
    with time_machine.travel(now() + step):
        confirmed = proof(caller)
        asked = {**body, **forged("signed_at"), "confirmation": confirmed}
        assert caller.post(f"gates/{gate.pk}/sign-offs/", asked, Date=DATE)[0] == 201
    row = SignOff.objects.get()
    confirmation = Confirmation.objects.get(pk=confirmed)
    assert confirmation.used_at is not None
    told = Entry.objects.get(action="gate.signed_off").time
    assert is_of_now(row.signed_at, row.created_at, confirmation.created_at, confirmation.used_at, told)


def test_attack_32_a_client_does_not_make_a_confirmation_last(scene: Scene) -> None:
    caller = Caller(scene.people["business_owner"], "read", "sign")
    body = {"password": PASSWORD, **forged("expires_at")}
    with time_machine.travel(now() + 3 * DAY):
        assert caller.post("me/confirmations/", body, Date=DATE)[0] == 201
    made = Confirmation.objects.get()
    assert is_of_now(made.created_at, made.expires_at - dt.timedelta(minutes=10))


def test_attack_32_the_page_takes_no_time_from_its_form(scene: Scene) -> None:
    assert on_page(scene.people["business_owner"], make_gate(scene), "business_owner", **forged("signed_at"))[0] == 302
    assert is_of_now(SignOff.objects.get().signed_at)


def test_attack_32_a_waiver_is_of_the_databases_day(scene: Scene) -> None:
    publish(scene, text("document: other", more="longest_waiver_days: 30"))
    gate = opened(scene)
    caller = Caller(scene.lead, "read", "sign")
    body = {"requirement": "r0", "reason": "Soon", "dossier_digest": gate.dossier_digest, **forged("waived_at")}
    path, day = f"gates/{gate.pk}/waivers/", today()
    with time_machine.travel(now() + 3 * DAY):
        for until in (day, day + 31 * DAY):
            asked = {**body, "until": str(until), "confirmation": proof(caller)}
            status, answer = caller.post(path, asked, Date=DATE)
            assert (status, answer["code"]) == (422, "invalid_input")
        asked = {**body, "until": str(day + DAY), "confirmation": proof(caller)}
        assert caller.post(path, asked, Date=DATE)[0] == 201
    row = Waiver.objects.get()
    assert is_of_now(row.waived_at, row.created_at, Entry.objects.get(action="gate.waived").time)
