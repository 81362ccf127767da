"""Who took rows along: exports with their links, downloads and revocations."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.copies import Copy
from apps.datasets.models.versions import DatasetVersion, SplitFile
from apps.people.models import Team, User


class ExportQuerySet(TeamOwnedQuerySet["VersionExport"]):
    def with_state(self) -> "ExportQuerySet":
        """Add ``download_count`` and ``state``: ``revoked``, ``expired``, ``used_up`` or ``open``."""
        plain: Any = self
        rows = plain.annotate(
            download_count=Count("downloads", distinct=True),
            is_revoked=Exists(ExportRevocation.objects.filter(export=OuterRef("pk"))),
        )
        found: ExportQuerySet = rows.annotate(
            state=Case(
                When(is_revoked=True, then=Value(VersionExport.State.REVOKED)),
                When(expires_at__lte=clock.moment(), then=Value(VersionExport.State.EXPIRED)),
                When(download_count__gte=F("most_downloads"), then=Value(VersionExport.State.USED_UP)),
                default=Value(VersionExport.State.OPEN),
            )
        )
        return found


class VersionExport(Record, TeamOwned):
    """A link to a version's rows: for whom, until when, how often. Nothing is copied before it is followed.

    What has no field is there on exports that were read ``with_state``.
    """

    class Format(models.TextChoices):
        CSV = "csv", _("CSV, safe to open in a spreadsheet")
        JSONL = "jsonl", _("JSON Lines, the exact texts")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        USED_UP = "used_up", _("Used up")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    TEAM_PATH: ClassVar[str] = "version__dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("version__dataset_id", "version__dataset__use_case_id")

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="exports")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(SplitFile, on_delete=models.PROTECT, null=True, related_name="+")
    format = models.CharField(_("format"), max_length=8, choices=Format)
    reason = models.CharField(_("what for"), max_length=500)
    is_for_anyone = models.BooleanField(default=False)
    expires_at = models.DateTimeField()
    most_downloads = models.PositiveSmallIntegerField()
    delete_by = models.DateField()

    download_count: int
    state: str

    objects: ClassVar[Any] = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(most_downloads__range=(1, 100)), name="export_downloads_are_counted")
        ]

    def __str__(self) -> str:
        return f"{self.what} ({self.format.upper()})"

    @property
    def team(self) -> Team:
        return self.version.team

    @property
    def what(self) -> str:
        """Name what is exported: a file, or the whole version."""
        return self.file.name if self.file is not None else str(self.version)

    @property
    def is_bound(self) -> bool:
        return not self.is_for_anyone


class ExportDownload(Record):
    """One download that began; ``by`` is empty for somebody who came with the link alone. Only added."""

    export = models.ForeignKey(VersionExport, on_delete=models.PROTECT, related_name="downloads")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.export}"


class ExportRevocation(Record):
    """That a link was taken back. Only added."""

    export = models.OneToOneField(VersionExport, on_delete=models.PROTECT, related_name="revocation")
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("why"), max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.export}"


class ExportCopy(models.Model):
    """Which copy came of an export, once its link was followed."""

    export = models.OneToOneField(VersionExport, on_delete=models.PROTECT, primary_key=True, related_name="copied")
    copy = models.OneToOneField(Copy, on_delete=models.PROTECT, related_name="exported")

    def __str__(self) -> str:
        return f"{self.export}"
