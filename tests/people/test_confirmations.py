"""That the person is here now: what confirms, what does not, and what is counted."""

import datetime as dt
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client, RequestFactory

from apps.core.models import KeptAnswer
from apps.people import confirmations
from apps.people.errors import ConfirmationFailed, TooManyAttempts
from apps.people.models import ApiToken, Confirmation, FailedConfirmation
from tests.api.client import Caller
from tests.people.factories import PASSWORD, make_user
from tests.scenery import make_gate, make_scene

pytestmark = pytest.mark.django_db


def test_a_confirmation_needs_the_password_or_the_code_of_now() -> None:
    person = make_user()
    person.credential = "session:x"
    assert confirmations.confirm(person, password=PASSWORD).method == "password"
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(person, secret)
    assert Authenticator.objects.filter(user=person).count() == 1
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert confirmations.confirm(person, code=code).method == "one-time code"


def test_five_failures_in_ten_minutes_end_the_attempts_for_a_while() -> None:
    person = make_user()
    for _attempt in range(confirmations.MOST_FAILURES):
        with pytest.raises(ConfirmationFailed):
            confirmations.confirm(person, password="wrong")
    with pytest.raises(TooManyAttempts):
        confirmations.confirm(person, password=PASSWORD)
    FailedConfirmation.objects.update(created_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=11))
    assert confirmations.confirm(person, password=PASSWORD)


def test_failures_count_whatever_idempotency_key_they_carry_and_without_redis(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    person = make_user()
    caller = Caller(person, "sign")
    answers = [
        caller.post("me/confirmations/", {"password": "wrong"}, Idempotency_Key=f"key-{number}") for number in range(6)
    ]
    assert [status for status, _data in answers] == [403] * 5 + [429]
    assert FailedConfirmation.objects.filter(user=person).count() == 5


def test_a_reauthentication_in_the_browser_signs_once() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    signer = scene.people["business_owner"]
    page = f"/gates/{gate.pk}/"
    form = {"dossier_digest": gate.dossier_digest, "responsibility": "business_owner", "verdict": "approve"}
    client = Client()
    client.post("/accounts/login/", {"login": signer.email, "password": PASSWORD})
    assert client.post(page, form).status_code == 403
    again = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": page})
    assert again.status_code == 302
    assert again.headers["Location"] == page
    assert client.post(page, form).status_code == 302
    assert gate.sign_offs.get().confirmed_by == "password"
    request = RequestFactory().get(page)
    request.session = client.session
    signer.credential = Confirmation.objects.get(user=signer).credential
    assert confirmations.from_reauthentication(request, signer) is None


def test_a_kept_answer_holds_no_secret_in_the_clear() -> None:
    caller = Caller(make_user(), "read", "write")
    asked = {"name": "pipeline", "scopes": ["read"]}
    _status, first = caller.post("tokens/", asked, Idempotency_Key="k")
    assert first["token"].encode() not in bytes(KeptAnswer.objects.get(key="k").body)
    _status, second = caller.post("tokens/", asked, Idempotency_Key="k")
    assert second == first
    assert ApiToken.objects.filter(name="pipeline").count() == 1
