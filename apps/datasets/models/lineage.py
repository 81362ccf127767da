"""Lineage: what is no subject of its own (extracts, runs, datasets outside), and what went into what."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.datasets.models.versions import SplitName
from apps.people.models import Team, User


class NodeQuerySet(TeamOwnedQuerySet["LineageNode"]):
    pass


class LineageNode(Record, TeamOwned):
    """One thing between source and version that Fourgate knows only by name.

    ``namespace`` and ``name`` are OpenLineage's for a dataset outside; ``run_id`` is set for runs that reported
    themselves, and ``state`` is what they reported.
    """

    class Kind(models.TextChoices):
        EXTRACT = "extract", _("Extract")
        RUN = "run", _("Transformation run")
        EXTERNAL = "external", _("Dataset outside")

    class State(models.TextChoices):
        STARTED = "started", _("Started")
        RUNNING = "running", _("Running")
        COMPLETE = "complete", _("Complete")
        ABORTED = "aborted", _("Aborted")
        FAILED = "failed", _("Failed")

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", verbose_name=_("team"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    namespace = models.CharField(_("namespace"), max_length=300, blank=True)
    name = models.CharField(_("name"), max_length=300)
    description = models.CharField(_("description"), max_length=1000, blank=True)
    digest = models.CharField(_("digest"), max_length=71, blank=True)
    run_id = models.UUIDField(null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    details = models.JSONField(default=dict)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = NodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "run_id"], condition=Q(run_id__isnull=False), name="one_node_a_run"
            ),
            models.UniqueConstraint(
                fields=["team", "kind", "namespace", "name"],
                condition=Q(run_id__isnull=True),
                name="one_node_per_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def makes_nothing(self) -> bool:
        """Tell whether the run ended without a result."""
        return self.state in (self.State.FAILED, self.State.ABORTED)


class EdgeQuerySet(TeamOwnedQuerySet["LineageEdge"]):
    def standing(self) -> "EdgeQuerySet":
        """Leave what nobody took back."""
        return self.filter(withdrawal=None)


class LineageEdge(Record, TeamOwned):
    """One thing went into another; immutable, taken back by another row. The team is that of the output."""

    class How(models.TextChoices):
        HAND = "hand", _("Entered by hand")
        API = "api", _("API")
        OPENLINEAGE = "openlineage", _("OpenLineage")
        CROISSANT = "croissant", _("Croissant")
        HUGGING_FACE = "hugging_face", _("Hugging Face card")

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    input_type = models.CharField(max_length=40)
    input_id = models.UUIDField()
    output_type = models.CharField(max_length=40)
    output_id = models.UUIDField()
    split = models.CharField(_("split"), max_length=12, choices=SplitName, blank=True)
    job = models.CharField(_("job"), max_length=601, blank=True)
    happened_at = models.DateTimeField(_("when"), null=True)
    how = models.CharField(_("how it is known"), max_length=12, choices=How)
    note = models.CharField(_("note"), max_length=500, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = EdgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(input_type=F("output_type"), input_id=F("output_id")), name="edge_joins_two_things"
            )
        ]
        indexes = [
            models.Index(fields=["input_id", "input_type"], name="edge_input"),
            models.Index(fields=["output_id", "output_type"], name="edge_output"),
        ]

    @property
    def input(self) -> SubjectRef:
        return SubjectRef(self.input_type, self.input_id)

    @property
    def output(self) -> SubjectRef:
        return SubjectRef(self.output_type, self.output_id)

    def __str__(self) -> str:
        return f"{self.input} → {self.output}"


class EdgeWithdrawal(Record):
    edge = models.OneToOneField(LineageEdge, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)

    def __str__(self) -> str:
        return self.reason


class RunEvent(Record):
    """One OpenLineage event as it came: which run, what it said, and the digest of the whole of it."""

    run = models.ForeignKey(LineageNode, on_delete=models.PROTECT, related_name="events")
    event_type = models.CharField(max_length=10)
    event_time = models.DateTimeField()
    producer = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=71)
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "digest"], name="one_row_per_event")]

    def __str__(self) -> str:
        return f"{self.run}: {self.event_type}"

    def as_dict(self) -> dict[str, Any]:
        return {"event_type": self.event_type, "event_time": self.event_time.isoformat(), "digest": self.digest}
