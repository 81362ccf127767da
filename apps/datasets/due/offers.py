"""What datasets offer to the agenda, each with the rows without which nothing of it waits."""

import uuid

from django.db.models import Q, QuerySet

from apps.agenda.due import Provider
from apps.core.statements import Signs
from apps.datasets.due import annotations, audits, copies, inspections
from apps.datasets.models import AnnotationResult, AuditReviewer, Copy, Inspection, SampleAudit


def _standing_copies(me: uuid.UUID) -> QuerySet[Copy]:
    copies: QuerySet[Copy] = Copy.objects.filter(Q(owner=me) | Q(owner__is_active=False), deletion=None)
    return copies


OFFERS: dict[str, tuple[Provider, Signs]] = {
    "datasets.inspections": (
        inspections.failed_inspections,
        lambda me: Inspection.objects.filter(state=Inspection.State.FAILED, version__registered_by=me),
    ),
    "datasets.annotations": (
        annotations.refused_annotations,
        lambda me: AnnotationResult.objects.filter(state=AnnotationResult.State.FAILED, table__added_by=me),
    ),
    "datasets.copies": (copies.copies_to_delete, _standing_copies),
    "datasets.audits": (
        audits.to_judge,
        lambda me: AuditReviewer.objects.filter(user=me, dismissed_at=None, audit__state=SampleAudit.State.REVIEWING),
    ),
}
