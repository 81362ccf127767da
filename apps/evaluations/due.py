"""What evaluations wait for: signatures of thresholds, and judgements of outputs."""

import uuid
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agenda.due import DueItem, Provider
from apps.core.statements import Signs
from apps.evaluations.actions.suites import RESPONSIBILITY
from apps.evaluations.models import OutputJudgement, OutputReview, OutputReviewer, ReviewedOutput, SuiteVersion
from apps.evaluations.refs import evaluation_ref, suite_version_ref
from apps.owners import desk

MOST = 100


def to_sign(user: Any) -> list[DueItem]:
    """Return the published versions whose thresholds this person can sign; one query."""
    held = desk.ids(desk.of(user).acting(RESPONSIBILITY), "use_case")
    if not held:
        return []
    rows = SuiteVersion.objects.published().filter(signature=None, suite__retired_at=None, suite__use_case__in=held)
    newer = SuiteVersion.objects.published().filter(suite=OuterRef("suite"), number__gt=OuterRef("number"))
    return [
        DueItem(
            kind="thresholds_to_sign",
            subject=suite_version_ref(row),
            title=str(row),
            reason=_("Nothing counts before its thresholds are signed"),
            action_label=_("Read and sign"),
            url=reverse("evaluations:version_detail", args=[row.pk]),
            since=row.published_at,
            icon="signature",
            urgency=20,
        )
        for row in rows.filter(~Exists(newer)).select_related("suite").order_by("published_at")[:MOST]
    ]


def to_judge(user: Any) -> list[DueItem]:
    """Return the reviews with outputs that wait for this person; two queries."""
    seats = OutputReviewer.objects.filter(user=user, review__state=OutputReview.State.REVIEWING).values("review")
    own = OutputJudgement.objects.filter(output=OuterRef("pk"), reviewer=user)
    lacking = ReviewedOutput.objects.filter(~Exists(own), review__in=seats).annotate(judged=Count("judgements"))
    waiting = lacking.filter(judged__lt=F("review__judges_per_output")).values_list("review", flat=True)
    counts: dict[Any, int] = {}
    for review in waiting:
        counts[review] = counts.get(review, 0) + 1
    if not counts:
        return []
    rows = OutputReview.objects.filter(pk__in=counts).select_related("run__suite_version__suite")
    return [
        DueItem(
            kind="outputs_to_judge",
            subject=evaluation_ref(row.run),
            title=str(row),
            reason=ngettext(
                "%(n)d output waits for your judgement", "%(n)d outputs wait for your judgement", counts[row.pk]
            )
            % {"n": counts[row.pk]},
            action_label=_("Judge"),
            url=reverse("evaluations:review_judge", args=[row.pk]),
            since=row.created_at,
            icon="list-check",
            urgency=30,
        )
        for row in rows.order_by("id")[:MOST]
    ]


def _unsigned(me: uuid.UUID) -> QuerySet[SuiteVersion]:
    return SuiteVersion.objects.published().filter(signature=None, suite__use_case__in=desk.subjects_of(me))


OFFERS: dict[str, tuple[Provider, Signs]] = {
    "evaluations.thresholds": (to_sign, _unsigned),
    "evaluations.outputs": (to_judge, lambda me: OutputReviewer.objects.filter(user=me)),
}
