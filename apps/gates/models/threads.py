"""Talk about single requirements: threads of comments, append-only, resolved by another row."""

from typing import Any, ClassVar

from django.db import models

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.gates.models.gates import Gate
from apps.gates.models.signing import SignOff
from apps.people.models import User


class Thread(Record, TeamOwned):
    """What is asked about one requirement; ``sign_off`` is the request for changes that opened it, if one did."""

    TEAM_PATH: ClassVar[str] = "gate__team_id"
    GRANT_PATHS = ("gate__subject_id", "gate__root_id")

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="threads")
    requirement = models.CharField(max_length=45)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sign_off = models.ForeignKey(SignOff, on_delete=models.PROTECT, null=True, related_name="threads")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["gate", "requirement"], name="thread_requirement")]


class Comment(Record):
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="comments")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    text = models.TextField(max_length=4000)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class ThreadResolution(Record):
    thread = models.OneToOneField(Thread, on_delete=models.PROTECT, related_name="resolution")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    resolved_at = models.DateTimeField()
