"""What is true: documents and attestations about subjects; immutable, taken back by another row."""

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS
from apps.owners.models import Ownership
from apps.people.models import Team, User


class EvidenceQuerySet(TeamOwnedQuerySet[Any]):
    def on(self, *refs: SubjectRef) -> "EvidenceQuerySet":
        query = models.Q(pk__in=[])
        for ref in refs:
            query |= models.Q(subject_type=ref.type, subject_id=ref.id)
        return self.filter(query)

    def standing(self) -> "EvidenceQuerySet":
        """Leave what nobody took back."""
        return self.filter(withdrawal=None)


class Evidence(Record, TeamOwned):
    TEAM_PATH: ClassVar[str] = "team_id"
    GRANT_PATHS = ("subject_id",)

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)


class Document(Evidence):
    """A file or a link with its digest; which bytes were shown can't change afterwards."""

    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=160)
    note = models.CharField(_("note"), max_length=500, blank=True)
    file = models.CharField(max_length=300, blank=True)
    file_name = models.CharField(max_length=160, blank=True)
    size = models.BigIntegerField(null=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    digest = models.CharField(max_length=71)
    dated_on = models.DateField(_("dated"), null=True)
    valid_until = models.DateField(_("valid until"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(file="") ^ models.Q(link=""), name="document_is_file_or_link")
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="document_subject")]

    def __str__(self) -> str:
        return self.title

    @property
    def date(self) -> dt.date:
        """The day that it bears, or on which it was attached; its age counts from here."""
        return self.dated_on or self.created_at.astimezone(dt.UTC).date()

    @property
    def kind_title(self) -> str:
        return str(DOCUMENT_KINDS[self.kind].title) if self.kind in DOCUMENT_KINDS else self.kind


class DocumentWithdrawal(Record):
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)


class Attestation(Evidence):
    """What one person states under a responsibility, in the words that were shown.

    ``ownership`` is the one under which it was stated; rows from before it was kept have none.
    """

    kind = models.CharField(max_length=40)
    statement = models.TextField()
    responsibility = models.CharField(max_length=40)
    subject_digest = models.CharField(max_length=71, blank=True)
    comment = models.CharField(_("comment"), max_length=1000, blank=True)
    ownership = models.ForeignKey(Ownership, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="attestation_subject")]

    def __str__(self) -> str:
        return str(ATTESTATIONS[self.kind].title) if self.kind in ATTESTATIONS else self.kind


class AttestationWithdrawal(Record):
    attestation = models.OneToOneField(Attestation, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
