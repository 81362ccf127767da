"""Tables of annotations beside a version, and what was computed from them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.guidelines import Guideline
from apps.datasets.models.versions import DatasetVersion
from apps.people.models import Team, User


class AnnotationTableQuerySet(TeamOwnedQuerySet["AnnotationTable"]):
    pass


class AnnotationTable(Record, TeamOwned):
    """A file of annotations, its columns and its scale; added is immutable.

    ``guideline`` is the version under which the rows were labelled that do not name one themselves.
    """

    class Scale(models.TextChoices):
        NOMINAL = "nominal", gettext_lazy("No order: every two labels are equally far apart")
        ORDINAL = "ordinal", gettext_lazy("An order: labels from low to high")
        INTERVAL = "interval", gettext_lazy("Numbers whose distances count")

    TEAM_PATH: ClassVar[str] = "version__dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("version__dataset_id", "version__dataset__use_case_id")

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="annotation_tables")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=160)
    storage_name = models.CharField(max_length=300)
    digest = models.CharField(max_length=71)
    size = models.BigIntegerField()
    rows = models.BigIntegerField()
    format = models.CharField(max_length=8)
    is_packed = models.BooleanField()
    columns = models.JSONField()
    scale = models.CharField(max_length=10, choices=Scale, default=Scale.NOMINAL)
    label_order = models.JSONField(default=list)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="+", null=True)
    note = models.CharField(gettext_lazy("note"), max_length=500, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = AnnotationTableQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="one_annotation_table_per_number")]

    def __str__(self) -> str:
        return _("Annotations %(n)d of %(version)s") % {"n": self.number, "version": self.version}

    @property
    def team(self) -> Team:
        return self.version.dataset.use_case.team


class AnnotationResult(Record):
    """What was computed from a table; one row a table, written by its job and immutable once it is done."""

    class State(models.TextChoices):
        PENDING = "pending", gettext_lazy("Waiting")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")

    table = models.OneToOneField(AnnotationTable, on_delete=models.PROTECT, related_name="result")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    job_id = models.UUIDField(null=True)
    figures = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    row = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.table}: {self.state}"


class ContestedItemQuerySet(TeamOwnedQuerySet["ContestedItem"]):
    pass


class ContestedItem(Record, TeamOwned):
    """An item on which annotators differ, most contested first by ``position``; at most 5,000 a table.

    ``labels`` is a list of ``{annotator, label, guideline}``; ``agreement`` the share (0 to 1) of pairs alike.
    """

    TEAM_PATH: ClassVar[str] = "table__version__dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("table__version__dataset_id", "table__version__dataset__use_case_id")

    table = models.ForeignKey(AnnotationTable, on_delete=models.PROTECT, related_name="contested")
    position = models.PositiveIntegerField()
    item = models.CharField(max_length=2000)
    agreement = models.FloatField()
    majority = models.CharField(max_length=200, blank=True)
    labels = models.JSONField()

    objects = ContestedItemQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "position"], name="one_contested_item_per_position")]

    def __str__(self) -> str:
        return self.item[:80]
