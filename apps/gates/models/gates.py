"""Gates, what they rest on, the dossiers that were shown, and who can sign them."""

from typing import Any, ClassVar, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import moment
from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.gates.models.policies import PolicyVersion
from apps.people.models import Team, User


class GateState(models.TextChoices):
    OPEN = "open", _("Open")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


LIVE_STATES = (GateState.OPEN, GateState.IN_REVIEW, GateState.APPROVED, GateState.LAPSED)
SIGNABLE_STATES = (GateState.IN_REVIEW, GateState.LAPSED)


class GateQuerySet(TeamOwnedQuerySet["Gate"]):
    def live(self) -> "GateQuerySet":
        return self.filter(state__in=LIVE_STATES)

    def with_successor(self) -> "GateQuerySet":
        """Add ``superseded_by``: of an approved gate, the newest approved one of its kind on a later sibling.

        Siblings belong to the same subject; identifiers tell which was registered later.
        """
        later = Gate.objects.filter(
            kind=models.OuterRef("kind"),
            subject_type=models.OuterRef("subject_type"),
            parent_id=models.OuterRef("parent_id"),
            subject_id__gt=models.OuterRef("subject_id"),
            state=GateState.APPROVED,
        )
        newest = models.Subquery(later.order_by("-subject_id").values("pk")[:1])
        return self.annotate(superseded_by=models.Case(models.When(state=GateState.APPROVED, then=newest)))

    def with_turned(self) -> "GateQuerySet":
        """Add ``has_turned``: whether time alone has changed something since the gate was last looked at."""
        past, plain = models.Q(turns_at__isnull=False, turns_at__lte=moment()), cast(Any, self)
        rows: GateQuerySet = plain.annotate(has_turned=models.ExpressionWrapper(past, models.BooleanField()))
        return rows

    def on(self, ref: SubjectRef) -> "GateQuerySet":
        return self.filter(subject_type=ref.type, subject_id=ref.id)


class Gate(Record, TeamOwned):
    """One policy version applied to one subject; a team's together with the organisation's that it extends.

    ``state`` and ``blocked_by`` are what ``state.state_of`` last computed; ``revision`` only grows, with every
    change of the dossier, so that a change there and back does not revive a sign-off. ``turns_at`` is the first moment
    at which time alone changes what it says. ``changed_at`` is when the dossier last changed, waiting periods left out,
    whose digest is ``settled_digest``; both are kept only where a waiting period counts from that change.
    """

    TEAM_PATH: ClassVar[str] = "team_id"
    GRANT_PATHS = ("subject_id", "root_id")

    has_turned: bool

    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="gates")
    base_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="gates")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=300)
    root_id = models.UUIDField()
    parent_id = models.UUIDField(null=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=GateState, default=GateState.OPEN)
    state_since = models.DateTimeField()
    blocked_by = models.CharField(max_length=500, blank=True)
    unmet = models.PositiveSmallIntegerField(default=0)
    waived = models.PositiveSmallIntegerField(default=0)
    signatures_needed = models.PositiveSmallIntegerField()
    revision = models.PositiveIntegerField(default=0)
    content_digest = models.CharField(max_length=71, blank=True)
    dossier_digest = models.CharField(max_length=71, blank=True)
    settled_digest = models.CharField(max_length=71, blank=True)
    changed_at = models.DateTimeField(null=True)
    turns_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawal_reason = models.CharField(max_length=500, blank=True)

    objects = GateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id"],
                condition=models.Q(state__in=LIVE_STATES),
                name="one_live_gate",
            ),
            models.CheckConstraint(condition=models.Q(state__in=GateState.values), name="known_gate_state"),
        ]
        indexes = [
            models.Index(fields=["team", "-id"], name="gate_team"),
            models.Index(fields=["state", "-id"], name="gate_state"),
            models.Index(fields=["subject_type", "subject_id"], name="gate_subject"),
            models.Index(fields=["root_id"], name="gate_root"),
            models.Index(fields=["parent_id", "kind"], name="gate_parent"),
            models.Index(fields=["opened_by", "state"], name="gate_opener"),
            models.Index(fields=["turns_at"], condition=models.Q(turns_at__isnull=False), name="gate_turns_at"),
        ]

    def __str__(self) -> str:
        return f"{self.policy_version.title}: {self.subject_label}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("gate", self.pk)

    @property
    def subject(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)


class GateWatch(models.Model):
    """What a gate's dossier rests on: its subject and the subjects above it.

    With ``gate_kind``, it rests on the gate of that kind on the subject.
    """

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="watches")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    gate_kind = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "subject_type", "subject_id", "gate_kind"], name="one_watch")
        ]
        indexes = [models.Index(fields=["subject_id", "gate_kind"], name="watch_subject")]


class GateSeat(models.Model):
    """Who can give a signature that a gate waits for; kept for *My work*, never asked when signing."""

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="seats")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    responsibility = models.CharField(max_length=40)
    stands_in_for = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gate", "user", "responsibility"], name="one_seat")]


class DossierSnapshot(Record):
    """A dossier as it could be read and signed: its canonical body and digest."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="snapshots")
    revision = models.PositiveIntegerField()
    digest = models.CharField(max_length=71)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "revision"], name="one_dossier_per_revision"),
            models.UniqueConstraint(fields=["gate", "digest"], name="one_dossier_per_digest"),
        ]
