"""Sources, datasets, and their registered versions: immutable, named by the digest of their content."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable, Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User
from apps.usecases.models import UseCase


class SplitName(models.TextChoices):
    TRAIN = "train", _("Train")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class SourceQuerySet(TeamOwnedQuerySet["Source"]):
    pass


class Source(Editable, TeamOwned):
    """A system of record that data comes from: whose it is, whether it is authoritative, what is left out."""

    class Kind(models.TextChoices):
        APPLICATION = "application", _("Business application")
        WAREHOUSE = "warehouse", _("Warehouse table")
        DOCUMENTS = "documents", _("Document store")
        PUBLISHED = "published", _("Published dataset")
        OTHER = "other", _("Other")

    GRANT_PATHS: ClassVar[tuple[str, ...]] = ()

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sources", verbose_name=_("team"))
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    location = models.CharField(_("location"), max_length=300, blank=True)
    owner_name = models.CharField(_("owner"), max_length=120, blank=True)
    licence = models.CharField(_("licence or terms"), max_length=120, blank=True)
    is_authoritative = models.BooleanField(_("authoritative"), default=False)
    exclusions = models.TextField(_("what is left out"), max_length=2000, blank=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("team", Lower("name"), name="one_source_per_name_and_team")]

    def __str__(self) -> str:
        return self.name


class DatasetQuerySet(TeamOwnedQuerySet["Dataset"]):
    pass


class Dataset(Editable, TeamOwned):
    """Data for one use case, registered version by version."""

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("id", "use_case_id")

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="datasets", verbose_name=_("use case"))
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    sources = models.ManyToManyField(Source, related_name="datasets", blank=True, verbose_name=_("sources"))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("use_case", Lower("name"), name="one_dataset_per_name_and_use_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.use_case.team


class VersionQuerySet(TeamOwnedQuerySet["DatasetVersion"]):
    pass


class DatasetVersion(Record, TeamOwned):
    """One content of a dataset. Registered is immutable: the database refuses any change."""

    TEAM_PATH: ClassVar[str] = "dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("dataset_id", "dataset__use_case_id")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=71)
    note = models.CharField(_("what is new"), max_length=500, blank=True)
    fewer_splits_reason = models.CharField(_("why fewer than three splits"), max_length=500, blank=True)
    input_column = models.CharField(_("input column"), max_length=200)
    label_column = models.CharField(_("label column"), max_length=200, blank=True)
    rows = models.BigIntegerField()
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["dataset", "digest"], name="one_version_per_content"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    @property
    def team(self) -> Team:
        return self.dataset.use_case.team


class SplitFile(Record):
    """One file of one split of a version; its bytes are found by its digest."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="files")
    split = models.CharField(max_length=12, choices=SplitName)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=160)
    storage_name = models.CharField(max_length=300)
    digest = models.CharField(max_length=71)
    size = models.BigIntegerField()
    rows = models.BigIntegerField()
    format = models.CharField(max_length=8)
    is_packed = models.BooleanField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="one_file_per_position")]

    def __str__(self) -> str:
        return self.name


class Upload(Record, TeamOwned):
    """A file on its way: received in pieces, checked when it is whole, then used by one registration."""

    class State(models.TextChoices):
        RECEIVING = "receiving", _("Receiving")
        CHECKING = "checking", _("Being checked")
        REFUSED = "refused", _("Refused")
        READY = "ready", _("Ready")
        USED = "used", _("Used")

    TEAM_PATH: ClassVar[str] = "dataset__use_case__team_id"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="uploads")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=160)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    declared_digest = models.CharField(max_length=71, blank=True)
    digest = models.CharField(max_length=71, blank=True)
    storage_name = models.CharField(max_length=300, blank=True)
    format = models.CharField(max_length=8)
    is_packed = models.BooleanField()
    columns = models.JSONField(default=list)
    rows = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    job_id = models.UUIDField(null=True)
    error = models.TextField(blank=True)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Inspection(Record):
    """What the machine found in a version; one row a version, written by its job."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    version = models.OneToOneField(DatasetVersion, on_delete=models.PROTECT, related_name="inspection")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    findings = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.version}: {self.state}"
