"""Signatures, addresses and formats: what holds without a database, or with one entry in it."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.conf import settings as configured

from apps.agenda.errors import WebhookAddressRefused
from apps.agenda.models import Webhook
from apps.agenda.webhooks import addresses, messages, sending, signing
from apps.core.ciphers import cipher
from apps.ledger.models import Entry
from tests.agenda.scenery import few, make_webhook
from tests.commits import settle

# The example of the specification's reference libraries, and the one of its first implementer's documentation.
VECTORS = [
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    (
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        "msg_loFOjxBNrRLzqYUf",
        1731705121,
        b'{"event_type":"ping","data":{"success":true}}',
        "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    ),
]
REFUSED = [
    "", "no address", "https://", "ftp://example.org/x", "http://example.org/x", "https://example.org:0/x",
    "https://name:password@example.org/x", "https://token@example.org/x", "https://example.org/x#part",
    "https://example.org/a b", "https://example.org\\@10.0.0.1/", "https://exämple.org/x", "https://[::1/x",
    "https://example.org:99999/", "https://localhost/x", "https://intranet/x", "https://db.internal/x",
    "https://printer.local/", "https://a.localhost/", "https://127.0.0.1/x", "https://127.1/x", "https://2130706433/",
    "https://0x7f000001/", "https://10.1.2.3/", "https://192.168.0.1/", "https://172.16.0.1/", "https://[::1]/",
    "https://169.254.169.254/latest/meta-data", "https://100.100.100.200/", "https://168.63.129.16/", "https://0.0.0.0/",
    "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[::127.0.0.1]/", "https://224.0.0.1/", "https://255.255.255.255/",
    "https://127.0.0.1./", "https://example.org/" + "x" * 2000,
]  # fmt: skip


@pytest.mark.parametrize(("secret", "message_id", "timestamp", "body", "expected"), VECTORS)
def test_a_signature_is_that_of_the_standard(
    secret: str, message_id: str, timestamp: int, body: bytes, expected: str
) -> None:
    assert signing.signature(secret, message_id, timestamp, body) == expected


def test_the_example_in_the_docs_accepts_what_is_signed_and_nothing_else() -> None:
    text = (Path(configured.BASE_DIR) / "docs" / "webhooks.md").read_text()
    names: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1), names)  # type: ignore[union-attr]
    old, new, body = signing.new_secret(), signing.new_secret(), b'{"a": 1}'
    now = int(names["time"].time())
    headers = signing.headers([new, old], "1", now, body)
    assert names["is_genuine"](new, headers, body)
    assert names["is_genuine"](old, headers, body)
    assert not names["is_genuine"](signing.new_secret(), headers, body)
    assert not names["is_genuine"](new, headers, body + b" ")
    assert not names["is_genuine"](new, {**headers, "webhook-id": "2"}, body)
    assert not names["is_genuine"](new, signing.headers([new], "1", now - 3600, body), body)


def test_secrets_are_long_random_and_in_the_form_of_the_standard() -> None:
    found = {signing.new_secret() for _number in range(20)}
    assert len(found) == 20
    assert all(re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret) for secret in found)


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_private_or_tricky_is_refused(url: str) -> None:
    with pytest.raises(WebhookAddressRefused) as refusal:
        addresses.checked_url(url)
    assert refusal.value.code == "webhook_address_refused"
    assert refusal.value.errors["/url"]


@pytest.mark.parametrize(
    "url", ["https://hooks.slack.com/services/T/B/x", "https://1.1.1.1/", "https://[2606:4700::1]/"]
)
def test_a_public_address_is_accepted(url: str) -> None:
    assert addresses.checked_url(url).scheme == "https"


def test_a_host_that_the_setting_names_may_be_private_and_without_tls(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    assert addresses.checked_url("http://127.0.0.1:9/x").port == 9
    assert addresses.resolve("127.0.0.1", 9) == ["127.0.0.1"]
    with pytest.raises(WebhookAddressRefused):
        addresses.checked_url("http://127.0.0.2:9/x")


@pytest.mark.parametrize("leads_to", [["127.0.0.1"], ["93.184.215.14", "10.0.0.7"], ["::ffff:169.254.169.254"]])
def test_a_name_that_leads_to_a_private_address_is_refused(leads_to: list[str], monkeypatch: Any) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in leads_to]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **values: rows)
    with pytest.raises(WebhookAddressRefused, match="private network"):
        addresses.resolve("innocent.example.org", 443)


def test_waits_grow_with_jitter_and_end(monkeypatch: Any) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)
    seconds = [sending.wait_after(tries) for tries in range(1, 10)]
    assert [wait.total_seconds() if wait else None for wait in seconds] == [
        5, 30, 120, 600, 3600, 10800, 28800, 57600, None,
    ]  # fmt: skip
    monkeypatch.undo()
    first = {sending.wait_after(3) for _number in range(20)}
    assert len(first) == 20
    assert all(wait is not None and 0 <= wait.total_seconds() <= 240 for wait in first)


def test_an_older_key_of_the_settings_still_opens_and_another_purpose_does_not(settings: Any) -> None:
    sealed = cipher("webhooks").encrypt(b"whsec_x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert cipher("webhooks").decrypt(sealed) == b"whsec_x"
    with pytest.raises(InvalidToken):
        cipher("something else").decrypt(sealed)


@pytest.fixture
def entry(db: None) -> Entry:
    scene = few()
    make_webhook(scene.team, scene.lead, name="<!channel> & [x](https://evil.example) *b*")
    settle()
    return Entry.objects.get(action="webhook.created")


def test_an_entry_is_a_cloud_event_without_its_payload(entry: Entry, settings: Any) -> None:
    settings.PUBLIC_URL = "https://fourgate.example/"
    event = json.loads(messages.body(Webhook(format="cloudevents"), entry))
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": str(entry.pk),
        "source": "https://fourgate.example/",
        "type": "fourgate.webhook.created",
        "subject": f"webhook/{entry.subject_id}",
        "time": entry.occurred,
        "datacontenttype": "application/json",
    }
    assert set(data) == {"seq", "id", "time", "actor", "action", "sentence", "subject", "team", "url"}
    assert set(data["actor"]) == {"id", "name", "kind"}, "how somebody signed in is not for outside"
    assert data["url"] == f"https://fourgate.example/settings/webhooks/{entry.subject_id}/"
    assert data["sentence"].startswith(f"{entry.actor_name} created the webhook")


def test_a_slack_message_links_and_calls_only_what_fourgate_wrote(entry: Entry) -> None:
    message = json.loads(messages.body(Webhook(format="slack"), entry))
    assert set(message) == {"text"}
    assert "&lt;!channel&gt; &amp; " in message["text"]
    assert message["text"].count("<") == 1
    assert message["text"].endswith("|Fourgate>)")


def test_a_teams_message_is_a_card_of_plain_text_and_a_button(entry: Entry) -> None:
    message = json.loads(messages.body(Webhook(format="teams"), entry))
    (attachment,) = message["attachments"]
    card = attachment["content"]
    assert (message["type"], attachment["contentType"], card["type"]) == (
        "message", "application/vnd.microsoft.card.adaptive", "AdaptiveCard",
    )  # fmt: skip
    assert card["body"][0]["type"] == "RichTextBlock", "a text block would read what people wrote as markdown"
    assert card["body"][0]["inlines"][0]["text"] == messages.sentence(entry)
    assert card["actions"][0]["url"] == messages.link(entry)


def test_what_has_no_page_of_its_own_leads_to_its_entry(entry: Entry) -> None:
    Webhook.objects.all().delete()
    assert messages.link(entry).endswith(f"/trail/{entry.seq}/")
