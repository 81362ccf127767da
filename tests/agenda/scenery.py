"""Duties, notifications and mails for tests."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from apps.agenda import actions, duties
from apps.agenda.duties import Duty
from apps.agenda.models import Mail, Notification, Webhook, WebhookDelivery, WebhookTry
from apps.agenda.webhooks import reading
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.people.models import Team, User
from tests.commits import settle
from tests.people.factories import make_team, member
from tests.scenery import Scene


def make_mail(user: User, **values: Any) -> Mail:
    """Write a mail that waits."""
    values = {
        "key": f"test:{uuid.uuid4()}",
        "to": user.email,
        "subject": "Two things wait for you",
        "text": "One and two.",
        "html": "<p>One and two.</p>",
        "next_try_at": now(),
    } | values
    return Mail.objects.create(user=user, **values)


def make_notification(user: User, **values: Any) -> Notification:
    values = {
        "key": f"test:{uuid.uuid4()}",
        "kind": "copy_deletion",
        "step": "due",
        "subject_type": "use_case",
        "subject_id": uuid.uuid4(),
        "title": "A copy",
        "text": "It is to be deleted",
        "reason": "You are its owner",
        "url": "/",
        "told_at": now(),
    } | values
    return Notification.objects.create(user=user, **values)


class Desk:
    """Duties that a test puts on people's desks, offered like an app's own."""

    def __init__(self, monkeypatch: Any) -> None:
        self.duties: list[Duty] = []
        monkeypatch.setattr(duties, "_providers", {"desk": self.between})

    def between(self, start: dt.datetime, end: dt.datetime) -> list[Duty]:
        return [duty for duty in self.duties if start <= duty.due_at < end]

    def put(self, scene: Scene, due_at: dt.datetime, **values: Any) -> Duty:
        """Have something due from the business owner of the scene's use case."""
        values = {
            "kind": f"review_weekly.{len(self.duties)}",
            "subject": SubjectRef("use_case", scene.use_case.pk),
            "title": f"Review {len(self.duties)}",
            "reason": "The week is over",
            "url": "/use-cases/",
            "team_id": scene.team.pk,
            "responsibility": "business_owner",
            "person_ids": (),
        } | values
        duty = Duty(due_at=due_at, **values)
        self.duties.append(duty)
        return duty


def told(user: User) -> list[str]:
    """Return the steps that the person was told, in order."""
    return list(Notification.objects.filter(user=user).order_by("told_at", "id").values_list("step", flat=True))


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
