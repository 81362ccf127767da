"""What happened: entries, the signed checkpoints over them, and the stored nodes of their tree."""

import datetime as dt
import json
from functools import cached_property
from typing import Any, ClassVar

from django.db import connections, models
from django.db.models import F, Func, GeneratedField
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.identifiers import new_id
from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef


class BodyPath(Func):
    """One member of an entry's body, by its path (``actor,id``); immutable, so PostgreSQL can store it."""

    template = "((%(expressions)s)::jsonb #>> '{%(path)s}')%(cast)s"

    def __init__(self, path: str, cast: str = "", **extra: Any) -> None:
        super().__init__(F("body"), path=path, cast=cast, **extra)


def _generated(path: str, field: models.Field[Any, Any], cast: str = "") -> Any:
    return GeneratedField(expression=BodyPath(path, cast), output_field=field, db_persist=True)


class EntryQuerySet(TeamOwnedQuerySet["Entry"]):
    def about(self, ref: SubjectRef) -> "EntryQuerySet":
        return self.filter(subject_type=ref.type, subject_id=ref.id)


def head(alias: str = "default") -> int:
    """Return the number of the newest entry that was committed, 0 before the first; one look into an index."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), 0) FROM ledger_entry")
        return int(cursor.fetchone()[0])


class Entry(TeamOwned):
    """One decision or change: its canonical body, its place in the order of commits, its leaf hash.

    ``body`` is RFC 8785 JSON and the only truth; the other columns are generated from it by PostgreSQL.
    ``seq`` (from 1, without gaps) and ``leaf`` (RFC 6962: SHA-256 of 0x00 and the body) are given at commit.
    """

    TEAM_PATH: ClassVar[str] = "team_id"
    GRANT_PATHS = ("subject_id",)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    body = models.TextField()
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    leaf = models.BinaryField(null=True, editable=False)
    occurred = _generated("time", models.CharField(max_length=27))
    actor_id = _generated("actor,id", models.UUIDField(), "::uuid")
    actor_name = _generated("actor,name", models.TextField())
    action = _generated("action", models.TextField())
    subject_type = _generated("subject,type", models.TextField())
    subject_id = _generated("subject,id", models.UUIDField(), "::uuid")
    subject_label = _generated("subject,label", models.TextField())
    team_id = _generated("team,id", models.UUIDField(null=True), "::uuid")

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["team_id", "-seq"], name="entry_team"),
            models.Index(fields=["actor_id", "-seq"], name="entry_actor"),
            models.Index(fields=["action", "-seq"], name="entry_action"),
            models.Index(fields=["subject_id", "-seq"], name="entry_subject"),
            models.Index(fields=["subject_type", "-seq"], name="entry_subject_type"),
            models.Index(fields=["occurred"], name="entry_time"),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.action}"

    @cached_property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def time(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.occurred)

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = self.content["payload"]
        return found

    @property
    def team_name(self) -> str:
        team = self.content["team"]
        return str(team["name"]) if team else ""


class Checkpoint(Record):
    """A signed statement of the tree at one size (C2SP signed note); written by the notary alone."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"Checkpoint {self.size}"

    @property
    def root_hex(self) -> str:
        return bytes(self.root).hex()


class Node(models.Model):
    """The hash of one full subtree: ``level`` 0 are leaves, ``position`` counts from the left; never the truth."""

    pk = models.CompositePrimaryKey("level", "position")
    level = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.level}/{self.position}"


class Export(Record):
    """One export of the trail: who asked, for which filter, and the file that came of it."""

    requested_by = models.UUIDField()
    requested_by_name = models.CharField(max_length=120)
    filters = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    job_id = models.UUIDField(null=True)
    size = models.BigIntegerField(null=True)
    entries = models.BigIntegerField(null=True)
    file = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=71, blank=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Export {self.pk}"
