"""Webhooks for tests, with something that was sent."""

from dataclasses import dataclass
from typing import Any

from apps.agenda import actions
from apps.agenda.models import Webhook, WebhookDelivery, WebhookTry
from apps.agenda.webhooks import reading
from apps.people.models import Team, User
from tests.commits import settle
from tests.people.factories import make_team, member
from tests.scenery import Scene

URL = "https://hooks.example.org/in/secret-path"


@dataclass
class Few:
    """A team with a governance lead, and nothing else."""

    team: Team
    lead: User


def few(name: str = "") -> Few:
    team = make_team(name)
    return Few(team, member(team, "governance_lead"))


def make_webhook(team: Team | None, by: User, **values: Any) -> tuple[Webhook, str]:
    """Return a webhook and its secret."""
    return actions.create_webhook(team, by=by, **{"name": "Ours", "url": URL, "format": "cloudevents", **values})


def read() -> int:
    """Let the ledger number what was written, and read it for webhooks."""
    settle()
    return reading.read_all()


def due(webhook: Webhook) -> None:
    """Let the time until the next try be over."""
    webhook.deliveries.update(next_try_at="2020-01-01T00:00:00Z", lease_until=None)


def furnish_webhook(scene: Scene | Few) -> Webhook:
    """Return a webhook of the scene with one dead delivery and one that waits."""
    webhook, _secret = make_webhook(scene.team, scene.lead)
    actions.send_test(webhook, by=scene.lead)
    read()
    dead = webhook.deliveries.earliest("id")
    WebhookTry.objects.create(delivery=dead, status=500, answer="Oh", duration_ms=7)
    WebhookDelivery.objects.filter(pk=dead.pk).update(state="dead")
    return webhook
