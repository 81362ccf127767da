"""Duties, notifications and mails for tests."""

import datetime as dt
import uuid
from typing import Any

from apps.agenda import duties
from apps.agenda.duties import Duty
from apps.agenda.models import Mail, Notification
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.people.models import User
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
