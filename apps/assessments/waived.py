"""Exceptions in the portfolio: how many requirements are waived below each use case."""

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.gates.models import Gate
from apps.usecases.models import UseCase


def with_waivers(use_cases: QuerySet[UseCase]) -> QuerySet[UseCase]:
    """Add ``waived``: how many requirements are waived on the live gates of each use case."""
    rows = Gate.objects.live().filter(root_id=OuterRef("pk")).order_by().values("root_id")
    return use_cases.annotate(waived=Coalesce(Subquery(rows.annotate(n=Sum("waived")).values("n")), 0))
