"""Rules as versioned data: proposed by one person, published by a second, immutable from then on.

Gate policies and readiness frameworks are of this kind: a text that people edit, read by a parser that names lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.actor import SYSTEM, Actor
from apps.core.canonical import sha256_digest
from apps.core.clock import now
from apps.core.errors import NotPermitted, Refusal, Text
from apps.core.models import Record
from apps.ledger.actions import may_anywhere, record
from apps.people.errors import SecondPersonNeeded, VersionNotProposed
from apps.people.identity import same_person
from apps.people.models import User


class RuleVersion(Record):
    """One version of a text of rules; immutable once published. Its table has a trigger that says so too."""

    class State(models.TextChoices):
        PROPOSED = "proposed", gettext_lazy("Proposed")
        PUBLISHED = "published", gettext_lazy("Published")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    kind = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    source = models.TextField()
    digest = models.CharField(max_length=71)
    note = models.CharField(gettext_lazy("what changes and why"), max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["kind", "-number"]

    def siblings(self) -> models.QuerySet[Any]:
        """Return the versions among which this one is numbered."""
        rows: models.QuerySet[Any] = type(self)._default_manager.filter(kind=self.kind)
        return rows

    def __str__(self) -> str:
        return _("%(title)s, version %(number)d") % {"title": self.title, "number": self.number}


def rule_constraints(name: str, *scope: str) -> list[models.BaseConstraint]:
    """Return what holds in the table of a kind of rules: one number once (in its scope), two people."""
    return [
        models.UniqueConstraint(
            fields=["kind", *scope, "number"],
            name=f"one_{name}_version_per_number",
            nulls_distinct=False if scope else None,
        ),
        models.CheckConstraint(
            condition=models.Q(published_by=None) | ~models.Q(published_by=models.F("proposed_by")),
            name=f"{name}_published_by_a_second_person",
        ),
    ]


def guard(table: str) -> tuple[str, str]:
    """Return the SQL that keeps versions as they were written, and its reverse, for a migration.

    Only a proposed version changes: its state, its publisher and when. ``ENABLE ALWAYS`` holds under
    ``session_replication_role = replica`` too.
    """
    return (
        f"""
        CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
                RAISE EXCEPTION 'Rules are never deleted.' USING ERRCODE = 'check_violation';
            END IF;
            IF OLD.state <> 'proposed' OR (NEW.id, NEW.kind, NEW.number, NEW.title, NEW.source, NEW.digest, NEW.note,
                NEW.proposed_by_id, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.number, OLD.title,
                OLD.source, OLD.digest, OLD.note, OLD.proposed_by_id, OLD.created_at)
            THEN
                RAISE EXCEPTION 'A version does not change.' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guard;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
        """,
        f"""
        DROP TRIGGER {table}_guard ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        DROP FUNCTION {table}_guard();
        """,
    )


def _by_kind(found: Any) -> dict[str, Any]:
    return {"kind": found.kind}


@dataclass(frozen=True, slots=True)
class Rules:
    """One kind of rules: their table, what reads and checks a text, and how their acts are called.

    ``read(source)`` returns something with ``kind`` and ``title``, or raises a refusal that names lines; ``unchanged``
    is what a proposal equal to the newest version raises. ``scope`` tells of what is read the columns within which
    versions are numbered.
    """

    model: type[Any]
    act: str
    subject_type: str
    read: Callable[[str], Any]
    unchanged: type[Refusal]
    who: Text
    scope: Callable[[Any], dict[str, Any]] = _by_kind

    def require(self, by: Any, verb: str) -> None:
        if not by.is_active or not may_anywhere(by, f"{self.act}.{verb}"):
            raise NotPermitted(str(self.who))

    def newest_published(self, kind: str) -> Any:
        """Return the newest published version of the kind, or None."""
        return self.model.objects.filter(kind=kind, state=RuleVersion.State.PUBLISHED).order_by("-number").first()

    @transaction.atomic
    def propose(self, source: str, *, by: User, note: str = "", **owned: Any) -> Any:
        """Keep an edited text as the next version, to be published by a second person; ``owned`` widens its scope."""
        self.require(by, "propose")
        found = self.read(source)
        scope = {**self.scope(found), **owned}
        digest = sha256_digest(source.encode())
        newest = self.model.objects.select_for_update(of=("self",)).filter(**scope).order_by("-number").first()
        if newest is not None and newest.digest == digest:
            raise self.unchanged(
                _("This is version %(n)d word for word. Change something first.") % {"n": newest.number},
                errors={"/source": [_("Nothing was changed.")]},
            )
        version = self.model.objects.create(
            **scope,
            number=self._next_number(scope),
            title=found.title,
            source=source,
            digest=digest,
            note=note.strip(),
            proposed_by=by,
        )
        self._record("proposed", version, by, note=version.note)
        return version

    def _locked(self, version: Any) -> Any:
        found = self.model.objects.select_for_update(of=("self",)).select_related("proposed_by").get(pk=version.pk)
        if found.state != RuleVersion.State.PROPOSED:
            raise VersionNotProposed(_("Only a proposed version can be published or taken back."))
        return found

    @transaction.atomic
    def publish(self, version: Any, *, by: User) -> Any:
        """Publish a proposed version; what began under an earlier one keeps that."""
        self.require(by, "publish")
        version = self._locked(version)
        if version.proposed_by is None or same_person(version.proposed_by, by):
            raise SecondPersonNeeded(_("You proposed this version. Somebody else publishes it."))
        self.read(version.source)
        version.state, version.published_by, version.published_at = RuleVersion.State.PUBLISHED, by, now()
        version.save(update_fields=["state", "published_by", "published_at"])
        self._record("published", version, by)
        return version

    @transaction.atomic
    def withdraw(self, version: Any, *, by: User) -> Any:
        """Take a proposed version back."""
        self.require(by, "propose")
        version = self._locked(version)
        version.state = RuleVersion.State.WITHDRAWN
        version.save(update_fields=["state"])
        self._record("withdrawn", version, by)
        return version

    @transaction.atomic
    def import_defaults(self, folder: Path, note: str) -> list[Any]:
        """Publish the texts of the repository as version 1 of the kinds of which there is none.

        Once an organisation has a kind, in whatever scope, two people alone decide what is in force of it.
        """
        made, present = [], set(self.model.objects.values_list("kind", flat=True))
        for path in sorted(folder.glob("*.yaml")):
            source = path.read_text(encoding="utf-8")
            found = self.read(source)
            scope = self.scope(found)
            if found.kind in present:
                continue
            version = self.model.objects.create(
                **scope,
                number=1,
                title=found.title,
                source=source,
                digest=sha256_digest(source.encode()),
                note=note,
                state=RuleVersion.State.PUBLISHED,
                published_at=now(),
            )
            self._record("imported", version, SYSTEM)
            made.append(version)
        return made

    def _next_number(self, scope: dict[str, Any]) -> int:
        return int(self.model.objects.filter(**scope).aggregate(n=Max("number"))["n"] or 0) + 1

    def _record(self, verb: str, version: Any, by: Actor, **payload: Any) -> None:
        record(
            f"{self.act}.{verb}",
            by=by,
            subject=(self.subject_type, version.pk, str(version)),
            team=None,
            payload={"kind": version.kind, "number": version.number, "digest": version.digest, **payload},
        )
