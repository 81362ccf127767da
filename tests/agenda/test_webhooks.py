"""Who may do what with webhooks, on pages and over the API; and that no secret of theirs is anywhere."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.agenda import actions
from apps.agenda.errors import DeliveryWaits, WebhookIsDeleted, WebhookIsOff
from apps.agenda.models import Webhook, WebhookDelivery
from apps.core.errors import InvalidInput, NotPermitted
from apps.ledger.models import Entry
from apps.people.models import User
from tests.agenda.scenery import URL, Few, few, furnish_webhook, make_webhook, read
from tests.api.client import Caller
from tests.people.factories import make_user, member

pytestmark = pytest.mark.django_db
HERE = "/settings/webhooks/"


@pytest.fixture
def scene() -> Few:
    return few()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# Making one


@pytest.mark.parametrize("role", ["governance_lead", "administrator"])
def test_governance_leads_and_administrators_make_webhooks_of_their_team(scene: Few, role: str) -> None:
    by = member(scene.team, role)
    webhook, secret = make_webhook(scene.team, by)
    assert (webhook.host, webhook.url, webhook.secrets_at(webhook.created_at)) == ("hooks.example.org", URL, [secret])
    with pytest.raises(NotPermitted):
        make_webhook(few().team, by)
    with pytest.raises(NotPermitted):
        make_webhook(None, by)


def test_an_administrator_of_the_organisation_makes_one_for_every_team(scene: Few) -> None:
    make_webhook(None, make_user(organisation_role="administrator"))
    with pytest.raises(NotPermitted):
        make_webhook(None, make_user(organisation_role="auditor"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "  "), ("format", "xml"), ("kinds", ["nothing."]), ("kinds", [""]), ("kinds", ["gate.%"])],
)
def test_what_makes_no_sense_is_refused_beside_its_field(scene: Few, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make_webhook(scene.team, scene.lead, **{field: value})
    assert f"/{field}" in refusal.value.errors
    assert not Webhook.objects.exists()


def test_too_many_kinds_are_refused(scene: Few, monkeypatch: Any) -> None:
    monkeypatch.setattr("apps.agenda.actions.webhooks.MOST_KINDS", 1)
    with pytest.raises(InvalidInput):
        make_webhook(scene.team, scene.lead, kinds=["gate.", "team."])


def test_the_page_shows_the_secret_once_and_puts_a_refusal_on_the_form(scene: Few) -> None:
    client = browser(scene.lead)
    values = {"team": str(scene.team.pk), "name": "Ours", "url": "https://10.0.0.1/x", "format": "slack"}
    refused = client.post(f"{HERE}new/", values)
    assert refused.status_code == 422
    assert "private network" in text(refused)
    assert 'value="https://10.0.0.1/x"' in text(refused)
    made = client.post(f"{HERE}new/", {**values, "url": URL, "kinds": ["gate.", "release."]})
    webhook = Webhook.objects.get()
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", made.content.decode()))
    assert webhook.secrets_at(webhook.created_at) == [secret]
    assert made["Cache-Control"] == "no-store"
    assert webhook.kinds == ["gate.", "release."]
    page = text(client.get(f"{HERE}{webhook.pk}/"))
    assert "hooks.example.org" in page
    assert secret not in page


def test_the_form_offers_teams_in_which_one_may(scene: Few) -> None:
    other = few("Elsewhere")
    person = member(scene.team, "governance_lead")
    other.team.memberships.create(user=person, role="member")
    form = browser(person).get(f"{HERE}new/").context["form"]
    assert list(form.fields["team"].queryset) == [scene.team]
    admin = make_user(organisation_role="administrator")
    assert browser(admin).get(f"{HERE}new/").context["form"].fields["team"].queryset.count() == 2


# Secrets


def test_secrets_and_addresses_are_nowhere_to_be_read(scene: Few) -> None:
    """Not in the ledger, not on a page, not in an answer of the API, not in the clear in the tables."""
    first, old = make_webhook(scene.team, scene.lead)
    _same, new = actions.rotate_secret(first, by=scene.lead)
    read()
    client, caller = browser(scene.lead), Caller(scene.lead, "read")
    delivery = first.deliveries.earliest("id")
    places = [entry.body for entry in Entry.objects.all()]
    places += [text(client.get(path)) for path in (HERE, f"{HERE}{first.pk}/", f"{HERE}deliveries/{delivery.pk}/")]
    for path in ("webhooks/", f"webhooks/{first.pk}/", f"webhooks/{first.pk}/deliveries/"):
        assert caller.get(path)[0] == 200
        places.append(caller.last.content.decode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT w::text, convert_from(sealed_url, 'UTF8'), convert_from(sealed_secret, 'UTF8') "
                       "FROM agenda_webhook w")  # fmt: skip
        places += [str(row) for row in cursor.fetchall()]
    for place in places:
        assert "secret-path" not in place
        assert old[6:] not in place
        assert new[6:] not in place


def test_a_deleted_webhook_keeps_neither_address_nor_secret(scene: Few) -> None:
    webhook = furnish_webhook(scene)
    client = browser(scene.lead)
    assert client.get(f"{HERE}{webhook.pk}/delete/").status_code == 200
    assert client.post(f"{HERE}{webhook.pk}/delete/").status_code == 302
    webhook.refresh_from_db()
    assert webhook.state == "deleted"
    assert {bytes(webhook.sealed_url), bytes(webhook.sealed_secret), bytes(webhook.sealed_old_secret)} == {b""}
    assert set(webhook.deliveries.values_list("state", flat=True)) == {"dead"}
    assert webhook.name not in text(client.get(HERE))
    assert client.get(f"{HERE}{webhook.pk}/").status_code == 200, "the trail still leads to it"
    for act in (actions.rotate_secret, actions.switch_on_webhook, actions.send_test, actions.send_dead_again):
        with pytest.raises(WebhookIsDeleted) as refusal:
            act(webhook, by=scene.lead)
        assert refusal.value.code == "webhook_is_deleted"
    status, problem = Caller(scene.lead).post(f"webhooks/{webhook.pk}/switch-ons/")
    assert (status, problem["code"]) == (409, "webhook_is_deleted")


# Switching


def test_what_waits_is_dead_when_it_is_switched_off_and_nothing_is_sent_meanwhile(scene: Few) -> None:
    webhook = furnish_webhook(scene)
    client = browser(scene.lead)
    client.post(f"{HERE}{webhook.pk}/off/")
    assert set(webhook.deliveries.values_list("state", flat=True)) == {"dead"}
    sent = webhook.deliveries.count()
    make_webhook(scene.team, scene.lead)
    read()
    assert webhook.deliveries.count() == sent
    for act in (actions.send_test, actions.send_dead_again):
        with pytest.raises(WebhookIsOff) as refusal:
            act(webhook, by=scene.lead)
        assert refusal.value.code == "webhook_is_off"
    refused = client.post(f"{HERE}{webhook.pk}/test/")
    assert refused.status_code == 409
    assert "Switch the webhook on first" in text(refused)
    client.post(f"{HERE}{webhook.pk}/on/")
    read()
    newest = webhook.deliveries.latest("id")
    assert webhook.deliveries.count() == sent + 1, "what happened while it was off is not sent"
    assert Entry.objects.get(seq=newest.seq).action == "webhook.switched_on"


def test_switching_twice_is_recorded_once(scene: Few) -> None:
    webhook, _secret = make_webhook(scene.team, scene.lead)
    for act in (actions.switch_off_webhook, actions.switch_on_webhook):
        for _number in range(2):
            act(webhook, by=scene.lead)
    recorded = (
        Entry.objects.filter(action__startswith="webhook.switched").order_by("id").values_list("action", flat=True)
    )
    assert list(recorded) == ["webhook.switched_off", "webhook.switched_on"]


# Dead letters


def test_dead_deliveries_are_found_read_and_sent_again(scene: Few) -> None:
    webhook = furnish_webhook(scene)
    dead = webhook.deliveries.get(state="dead")
    client = browser(scene.lead)
    page = client.get(f"{HERE}{webhook.pk}/?state=dead")
    assert [row["delivery"] for row in page.context["rows"]] == [dead]
    assert "Send all of them again" in text(page)
    one = text(client.get(f"{HERE}deliveries/{dead.pk}/"))
    assert "500" in one
    assert str(dead.pk) in one
    assert client.post(f"{HERE}deliveries/{dead.pk}/again/").status_code == 302
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("waiting", 0)
    refused = client.post(f"{HERE}deliveries/{dead.pk}/again/")
    assert refused.status_code == 409
    WebhookDelivery.objects.update(state="dead")
    client.post(f"{HERE}{webhook.pk}/again/")
    assert set(webhook.deliveries.values_list("state", flat=True)) == {"waiting"}
    assert [row.payload["count"] for row in Entry.objects.filter(action="webhook.sent_again").order_by("id")] == [1, 2]


def test_what_waits_is_not_sent_again(scene: Few) -> None:
    webhook = furnish_webhook(scene)
    with pytest.raises(DeliveryWaits) as refusal:
        actions.send_again(webhook.deliveries.get(state="waiting"), by=scene.lead)
    assert refusal.value.code == "delivery_waits"
    WebhookDelivery.objects.update(state="delivered")
    assert actions.send_dead_again(webhook, by=scene.lead) == 0
    assert actions.send_again(webhook.deliveries.earliest("id"), by=scene.lead).state == "waiting"


# Over the API


def test_a_program_makes_tests_rotates_repeats_and_deletes(scene: Few) -> None:
    caller = Caller(scene.lead)
    body = {"team": str(scene.team.pk), "name": "CI", "url": URL, "kinds": ["gate.", "release.went_live"]}
    status, made = caller.post("webhooks/", body)
    assert status == 201
    assert made["secret"].startswith("whsec_")
    assert (made["format"], made["kinds"]) == ("cloudevents", ["gate.", "release.went_live"])
    path = f"webhooks/{made['id']}/"
    status, rotated = caller.post(f"{path}secrets/")
    assert status == 201
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"]
    assert caller.post(f"{path}tests/")[0] == 201
    read()
    status, page = caller.get(f"{path}deliveries/?state=waiting")
    assert status == 200
    (row,) = page["results"]
    assert (row["action"], row["attempts"], row["tries"]) == ("webhook.tested", 0, [])
    assert caller.post(f"{path}repeats/", {"delivery": row["id"]})[1]["code"] == "delivery_waits"
    WebhookDelivery.objects.update(state="dead")
    assert caller.post(f"{path}repeats/", {"delivery": row["id"]}) == (201, {"count": 1})
    assert caller.post(f"{path}repeats/") == (201, {"count": 0})
    assert caller.post(f"{path}repeats/", {"delivery": made["id"]})[0] == 404
    assert caller.get(f"{path}deliveries/?state=lost")[0] == 422
    assert caller.post(f"{path}switch-offs/")[1]["is_active"] is False
    assert caller.post(f"{path}tests/")[1]["code"] == "webhook_is_off"
    assert caller.post(f"{path}switch-ons/")[1]["is_active"] is True
    assert caller.call("DELETE", path)[0] == 204
    assert caller.get("webhooks/")[1]["results"] == []
    assert caller.get(path)[1]["ended_at"]


def test_a_private_address_is_refused_over_the_api(scene: Few) -> None:
    body = {"team": str(scene.team.pk), "name": "CI", "url": "https://169.254.169.254/"}
    status, problem = Caller(scene.lead).post("webhooks/", body)
    assert (status, problem["code"]) == (422, "webhook_address_refused")
    assert problem["errors"]["/url"]


def test_a_member_sees_that_there_is_a_webhook_and_not_what_it_sends(scene: Few) -> None:
    webhook = furnish_webhook(scene)
    delivery = webhook.deliveries.earliest("id")
    person = member(scene.team, "member")
    client, caller = browser(person), Caller(person)
    page = client.get(f"{HERE}{webhook.pk}/")
    assert page.status_code == 200
    assert not page.context["rows"]
    assert "Deliveries are not for you" in text(page)
    assert client.get(f"{HERE}deliveries/{delivery.pk}/").status_code == 403
    assert client.get(f"{HERE}{webhook.pk}/delete/").status_code == 403
    assert client.post(f"{HERE}{webhook.pk}/secret/").status_code == 403
    assert caller.get(f"webhooks/{webhook.pk}/")[0] == 200
    assert caller.get(f"webhooks/{webhook.pk}/deliveries/")[0] == 403
    assert caller.post(f"webhooks/{webhook.pk}/repeats/", {"delivery": str(delivery.pk)})[0] == 403


def test_another_team_finds_no_webhook_and_nobody_but_the_organisation_one_of_every_team(scene: Few) -> None:
    webhook = furnish_webhook(scene)
    everywhere, _secret = make_webhook(None, make_user(organisation_role="administrator"))
    stranger = few().lead
    for hook, person in ((webhook, stranger), (everywhere, stranger), (everywhere, scene.lead)):
        assert browser(person).get(f"{HERE}{hook.pk}/").status_code == 404
        assert Caller(person).get(f"webhooks/{hook.pk}/deliveries/")[0] == 404
        assert Caller(person).post(f"webhooks/{hook.pk}/secrets/")[0] == 404
        assert browser(person).post(f"{HERE}{hook.pk}/secret/").status_code == 404
    auditor = make_user(organisation_role="auditor")
    assert Caller(auditor).get(f"webhooks/{everywhere.pk}/")[0] == 200
    assert Caller(auditor).get(f"webhooks/{everywhere.pk}/deliveries/")[0] == 403
