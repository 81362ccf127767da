"""What was decided: policies, gates, the dossiers that were shown, the sign-offs on them."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.people.four_eyes import RuleVersion, rule_constraints
from apps.people.models import Team, User


class PolicyVersion(RuleVersion):
    """The requirements of one kind of gate, as YAML; immutable once published."""

    class Meta(RuleVersion.Meta):
        constraints = rule_constraints("policy")


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

    def on(self, ref: SubjectRef) -> "GateQuerySet":
        return self.filter(subject_type=ref.type, subject_id=ref.id)


class Gate(Record, TeamOwned):
    """One policy version applied to one subject.

    ``state`` and ``blocked_by`` are what ``state.state_of`` last computed; ``revision`` only grows, with every
    change of the dossier, so that a change there and back does not revive a sign-off. ``proof_until`` is the last day
    on which all that is met stays met by itself.
    """

    TEAM_PATH: ClassVar[str] = "team_id"
    GRANT_PATHS = ("subject_id", "root_id")

    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="gates")
    kind = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="gates")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=300)
    root_id = models.UUIDField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=GateState, default=GateState.OPEN)
    state_since = models.DateTimeField()
    blocked_by = models.CharField(max_length=500, blank=True)
    unmet = models.PositiveSmallIntegerField(default=0)
    signatures_needed = models.PositiveSmallIntegerField()
    revision = models.PositiveIntegerField(default=0)
    content_digest = models.CharField(max_length=71, blank=True)
    dossier_digest = models.CharField(max_length=71, blank=True)
    proof_until = models.DateField(null=True)
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
            models.Index(fields=["opened_by", "state"], name="gate_opener"),
            models.Index(
                fields=["proof_until"], condition=models.Q(proof_until__isnull=False), name="gate_proof_until"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_version.title}: {self.subject_label}"

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("gate", self.pk)

    @property
    def subject(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)


class GateWatch(models.Model):
    """What a gate's dossier rests on: its subject and the subjects above it."""

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="watches")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gate", "subject_type", "subject_id"], name="one_watch")]
        indexes = [models.Index(fields=["subject_id"], name="watch_subject")]


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


class SignOff(Record, TeamOwned):
    """One person's decision on one dossier digest, under one responsibility; append-only."""

    TEAM_PATH: ClassVar[str] = "gate__team_id"

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approve")
        REJECT = "reject", _("Reject")
        REQUEST_CHANGES = "request_changes", _("Request changes")

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="sign_offs")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sign_offs")
    by_name = models.CharField(max_length=120)
    responsibility = models.CharField(max_length=40)
    stands_in_for = models.CharField(max_length=120, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict)
    meaning = models.TextField()
    comment = models.TextField(blank=True, max_length=4000)
    dossier_digest = models.CharField(max_length=71)
    dossier_revision = models.PositiveIntegerField()
    confirmed_by = models.CharField(max_length=40)
    via = models.CharField(max_length=60)
    signed_at = models.DateTimeField()

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "dossier_digest", "by"], name="one_sign_off_per_person"),
            models.UniqueConstraint(
                fields=["gate", "dossier_digest", "responsibility"],
                condition=models.Q(verdict="approve"),
                name="one_approval_per_responsibility",
            ),
            models.CheckConstraint(
                condition=models.Q(verdict__in=["approve", "reject", "request_changes"]), name="known_verdict"
            ),
        ]
