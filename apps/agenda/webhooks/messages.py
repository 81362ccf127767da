"""What a webhook is told of an entry: a CloudEvents envelope for programs, one sentence for a chat."""

from typing import Any

import orjson
from django.conf import settings
from django.urls import reverse

from apps.agenda.models import Webhook
from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.ledger import sentences
from apps.ledger.models import Entry

CONTENT_TYPES: dict[str, str] = {Webhook.Format.CLOUDEVENTS: "application/cloudevents+json"}
CARD = "application/vnd.microsoft.card.adaptive"


def content_type(webhook: Webhook) -> str:
    return CONTENT_TYPES.get(webhook.format, "application/json")


def body(webhook: Webhook, entry: Entry) -> bytes:
    """Return what is sent of the entry: UTF-8 JSON in the webhook's format."""
    made = {
        Webhook.Format.CLOUDEVENTS: cloud_event,
        Webhook.Format.SLACK: slack_message,
        Webhook.Format.TEAMS: teams_message,
    }[Webhook.Format(webhook.format)]
    return orjson.dumps(made(entry))


def link(entry: Entry) -> str:
    """Return where to read on: the subject's page, or the entry's where the subject has none any more."""
    path = reverse("ledger:entry_detail", args=[entry.seq])
    if subjects.is_known(entry.subject_type):
        ref = SubjectRef(entry.subject_type, entry.subject_id)
        found = subjects.find([ref]).get(ref)
        path = subjects.kind(ref.type).url(found) if found is not None else path
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def public(entry: Entry) -> dict[str, Any]:
    """Return what leaves of the entry: who did what to what, in which team.

    The payload stays: it holds reasons and figures that not every member may read. Who may, reads it over the API.
    """
    content = entry.content
    return {
        "seq": entry.seq,
        "id": content["id"],
        "time": content["time"],
        "actor": {name: content["actor"][name] for name in ("id", "name", "kind")},
        "action": entry.action,
        "sentence": sentence(entry),
        "subject": content["subject"],
        "team": content["team"],
        "url": link(entry),
    }


def sentence(entry: Entry) -> str:
    """Return the entry as the trail tells it, on one line."""
    words = (entry.actor_name, str(sentences.of(entry.action).phrase), entry.subject_label)
    return " ".join(" ".join(words).split())


def cloud_event(entry: Entry) -> dict[str, Any]:
    """Return the entry as an event. Source: CloudEvents 1.0.2, JSON format."""
    return {
        "specversion": "1.0",
        "id": str(entry.pk),
        "source": settings.PUBLIC_URL,
        "type": f"fourgate.{entry.action}",
        "subject": f"{entry.subject_type}/{entry.subject_id}",
        "time": entry.occurred,
        "datacontenttype": "application/json",
        "data": public(entry),
    }


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_message(entry: Entry) -> dict[str, Any]:
    """Return one sentence with a link; what people wrote can neither link nor call anybody."""
    return {"text": f"{_slack(sentence(entry))} (<{link(entry)}|Fourgate>)"}


def teams_message(entry: Entry) -> dict[str, Any]:
    """Return a card with one sentence, as plain text runs, and a button."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": sentence(entry)}]}],
        "actions": [{"type": "Action.OpenUrl", "title": "Fourgate", "url": link(entry)}],
    }
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}
