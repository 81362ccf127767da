"""Every place where bytes of a version live: until when, for whom, and that they are gone."""

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Least, TruncDate
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.catalogue import Source
from apps.datasets.models.versions import DatasetVersion
from apps.evidence.models import Document
from apps.people.models import Team, User

NEVER = dt.date(9999, 12, 31)


def _days_after_registration(days: Any) -> Any:
    return models.ExpressionWrapper(
        TruncDate("version__created_at", tzinfo=dt.UTC) + days,
        output_field=models.DateField(),
    )


def files_deleted(version: str) -> Exists:
    """Tell of a row whether Fourgate's own files of its version were deleted; ``version`` is the path to it."""
    own = Copy.Kind.REGISTERED
    return Exists(CopyDeletion.objects.filter(copy__version=OuterRef(version), copy__kind=own))


class CopyQuerySet(TeamOwnedQuerySet["Copy"]):
    def of_source(self, source: Source) -> "CopyQuerySet":
        """Leave the copies of every version of every dataset that comes from the source."""
        return self.filter(version__dataset__in=source.datasets.values("pk"))

    def with_terms(self) -> "CopyQuerySet":
        """Add what follows from the dates: nothing of it is stored, so that nothing of it can be wrong.

        ``source_until`` is the last day that the strictest source of the dataset allows; no extension goes past it.
        ``delete_by`` is the earliest of that, the copy's own date and the dataset's policy; an extension stands for
        the latter two. Both periods count from the registration of the version, for a copy of a copy is no younger.
        ``sort_day`` is the same day, or the last of all days where there is none. ``state`` is ``deleted``,
        ``overdue`` (after the day ``delete_by``, in UTC) or ``standing``.
        """
        terms = Source.objects.filter(datasets=OuterRef("version__dataset"), retention_days__isnull=False)
        extensions = CopyExtension.objects.filter(copy=OuterRef("pk")).order_by("-id")
        plain: Any = self
        rows = plain.annotate(
            source_days=Subquery(terms.order_by("retention_days").values("retention_days")[:1]),
            extended_until=Subquery(extensions.values("keep_until")[:1]),
        ).annotate(
            source_until=_days_after_registration(F("source_days")),
            policy_until=_days_after_registration(F("version__dataset__retention_days")),
        )
        rows = rows.annotate(
            delete_by=Least(Coalesce("extended_until", Least("keep_until", "policy_until")), "source_until"),
            sort_day=Coalesce(
                Least(Coalesce("extended_until", Least("keep_until", "policy_until")), "source_until"),
                Value(NEVER, output_field=models.DateField()),
            ),
            is_deleted=Exists(CopyDeletion.objects.filter(copy=OuterRef("pk"))),
        )
        found: CopyQuerySet = rows.annotate(
            state=Case(
                When(is_deleted=True, then=Value(Copy.State.DELETED)),
                When(delete_by__lt=TruncDate(clock.moment(), tzinfo=dt.UTC), then=Value(Copy.State.OVERDUE)),
                default=Value(Copy.State.STANDING),
            )
        )
        return found


class Copy(Record, TeamOwned):
    """One place where bytes of a version live. Only its owner changes; the database refuses the rest.

    What has no field is there on copies that were read ``with_terms``.
    """

    class Kind(models.TextChoices):
        REGISTERED = "registered", _("Registered files")
        TRAINING = "training", _("Training copy")
        BACKUP = "backup", _("Backup")
        DERIVED = "derived", _("Derived artefact")
        EXPORT = "export", _("Export")
        WORKING = "working", _("Working copy")

    class State(models.TextChoices):
        STANDING = "standing", _("Standing")
        OVERDUE = "overdue", _("Overdue")
        DELETED = "deleted", _("Deleted")

    TEAM_PATH: ClassVar[str] = "version__dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("version__dataset_id", "version__dataset__use_case_id")

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="copies")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    place = models.CharField(_("place"), max_length=300)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    purpose = models.CharField(_("what for"), max_length=500)
    made_on = models.DateField(_("made on"))
    keep_until = models.DateField(_("delete by"), null=True, blank=True)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    source_until: dt.date | None
    policy_until: dt.date | None
    extended_until: dt.date | None
    delete_by: dt.date | None
    is_deleted: bool
    state: str

    objects: ClassVar[Any] = CopyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "copies"
        constraints = [
            models.CheckConstraint(
                condition=Q(keep_until=None) | Q(keep_until__gte=F("made_on")), name="copy_made_before_deleted"
            ),
            models.UniqueConstraint(
                fields=["version"], condition=Q(kind="registered"), name="one_set_of_registered_files"
            ),
        ]
        indexes = [models.Index(fields=["owner"], name="copy_owner")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.place}"

    @property
    def team(self) -> Team:
        return self.version.team

    @property
    def is_own(self) -> bool:
        """Tell whether these are the files that Fourgate itself keeps."""
        return self.kind == self.Kind.REGISTERED


class CopyDeletion(Record):
    """That a copy is gone: who says so, how it was done, and the proof with its digest. Only added."""

    class Method(models.TextChoices):
        FOURGATE = "fourgate", _("Deleted by Fourgate")
        REMOVED = "removed", _("Removed from its place")
        LIFECYCLE = "lifecycle", _("Expired by a rule of the storage")
        OVERWRITTEN = "overwritten", _("Overwritten")
        KEY_DESTROYED = "key_destroyed", _("Its encryption key was destroyed")
        DEVICE_DESTROYED = "device_destroyed", _("The device was destroyed")

    copy = models.OneToOneField(Copy, on_delete=models.PROTECT, related_name="deletion")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(_("how"), max_length=20, choices=Method)
    proof = models.TextField(_("proof"), max_length=4000, blank=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    proof_digest = models.CharField(max_length=71)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(proof="") | Q(document__isnull=False), name="copy_deletion_has_its_proof"
            )
        ]

    def __str__(self) -> str:
        return self.get_method_display()


class CopyExtension(Record):
    """Another day for a copy, with the reason; the newest counts. Only added."""

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="extensions")
    keep_until = models.DateField(_("delete by"))
    reason = models.CharField(_("why"), max_length=500)
    extended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.keep_until)
