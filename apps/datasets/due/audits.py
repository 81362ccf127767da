"""What sample audits wait for: a sample to draw, rows to judge, disputes to decide, an audit to close."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agenda.due import DueItem
from apps.agenda.duties import Duty
from apps.datasets import auditing
from apps.datasets.models import (
    AuditReviewer,
    DatasetVersion,
    SampleAudit,
    SampledRow,
    VersionDifference,
    files_deleted,
)
from apps.datasets.refs import audit_ref, version_ref
from apps.owners import desk

MOST = 50
AUDIT_WITHIN = dt.timedelta(days=14)
MAJOR_CHANGE_PERCENT = 5.0
State = SampleAudit.State


def led(user: Any) -> list[DueItem]:
    """Return what waits for the user as review lead; a constant number of queries, none for who leads no review."""
    datasets = desk.ids(desk.of(user).acting("review_lead"), "dataset")
    return [*_unaudited(datasets), *_led(datasets)] if datasets else []


def major_changes(versions: QuerySet[DatasetVersion]) -> QuerySet[DatasetVersion]:
    """Leave the newest versions of their datasets that need an audit: with files, without one, of a major change.

    Major is what has no earlier audited version, or differs from the last one in more than 5 % of the rows of both;
    while the two are being compared nothing is said yet. A comparison by a key that somebody chose does not count.
    """
    newer = DatasetVersion.objects.filter(dataset=OuterRef("dataset"), number__gt=OuterRef("number"))
    standing = SampleAudit.objects.filter(version=OuterRef("pk")).exclude(state=State.WITHDRAWN)
    audited = DatasetVersion.objects.filter(dataset=OuterRef("dataset"), audits__state=State.CLOSED)
    known = VersionDifference.objects.filter(
        older_digest=OuterRef("last_audited"), newer_digest=OuterRef("digest"), key_column=""
    ).order_by("-id")
    return (
        versions.filter(~Exists(newer), ~Exists(standing), ~files_deleted("pk"))
        .annotate(last_audited=Subquery(audited.order_by("-number").values("digest")[:1]))
        .annotate(
            difference_state=Subquery(known.values("state")[:1]),
            changed_percent=Subquery(known.values("changed_percent")[:1]),
        )
        .exclude(last_audited__isnull=False, difference_state="pending")
        .exclude(last_audited__isnull=False, changed_percent__lte=MAJOR_CHANGE_PERCENT)
    )


def _unaudited(datasets: set[uuid.UUID]) -> list[DueItem]:
    rows = major_changes(DatasetVersion.objects.filter(dataset__in=datasets)).select_related("dataset")
    return [
        DueItem(
            kind="audit_due",
            subject=version_ref(row),
            title=str(row),
            reason=_why(row),
            action_label=_("Draw a sample"),
            url=reverse("datasets:version_audit_draw", args=[row.pk]),
            since=row.created_at,
            due_at=row.created_at + AUDIT_WITHIN,
            icon="list-check",
            urgency=40,
        )
        for row in rows.order_by("created_at")[:MOST]
    ]


def duties(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the versions of a major change whose sample is to be audited by a day in [start, end); one query."""
    versions = DatasetVersion.objects.filter(created_at__gte=start - AUDIT_WITHIN, created_at__lt=end - AUDIT_WITHIN)
    return [
        Duty(
            kind="audit_due",
            subject=version_ref(row),
            title=str(row),
            reason=_why(row),
            url=reverse("datasets:version_audit_draw", args=[row.pk]),
            team_id=row.dataset.use_case.team_id,
            responsibility="review_lead",
            person_ids=(),
            due_at=row.created_at + AUDIT_WITHIN,
        )
        for row in major_changes(versions).select_related("dataset__use_case").order_by("created_at")
    ]


def _why(version: Any) -> str:
    if version.last_audited is None:
        return _("No version of this dataset was audited yet")
    if version.changed_percent is None:
        return _("It could not be compared with the last audited version")
    return _("%(percent)s %% of the rows differ from the last audited version") % {
        "percent": f"{version.changed_percent:.3g}"
    }


def _led(datasets: set[uuid.UUID]) -> list[DueItem]:
    """Return the audits that can't go on without their lead."""
    rows = SampleAudit.objects.filter(
        version__dataset__in=datasets, state__in=[State.FAILED, State.CANCELLED, State.REVIEWING]
    ).select_related("version__dataset")
    audits = list(rows.order_by("created_at")[:MOST])
    progress = auditing.progress_of([audit.pk for audit in audits])
    items = []
    for audit in audits:
        here = reverse("datasets:audit_detail", args=[audit.pk])
        found = progress.get(audit.pk)
        if audit.is_undrawn:
            items.append(_item("audit_failed", audit, audit.error, _("See why"), here, 20))
        elif found is not None and found.disputed:
            reason = ngettext("Reviewers differ on %(n)d row", "Reviewers differ on %(n)d rows", found.disputed) % {
                "n": found.disputed
            }
            url = reverse("datasets:audit_adjudicate", args=[audit.pk])
            items.append(_item("audit_disputed", audit, reason, _("Decide"), url, 25))
        elif found is not None and found.is_decided:
            reason = _("Every row has its verdict")
            url = reverse("datasets:audit_close", args=[audit.pk])
            items.append(_item("audit_decided", audit, reason, _("Close the audit"), url, 25))
    return items


def to_judge(user: Any) -> list[DueItem]:
    """Return the audits in which rows wait for the user as reviewer; three queries."""
    invited = AuditReviewer.objects.filter(user=user, dismissed_at=None, audit__state=State.REVIEWING)
    rows = auditing.with_outcomes(SampledRow.objects.filter(audit__in=invited.values("audit")))
    asked = {row.audit_id: row for row in invited.select_related("audit__version__dataset").order_by("id")[:MOST]}
    counts: dict[Any, int] = {}
    if not asked:
        return []
    for is_author in (False, True):
        mine = invited.filter(is_author=is_author).values("audit")
        waiting = auditing.waiting_for(user, rows.filter(audit__in=mine), is_author=is_author).order_by()
        counts |= dict(waiting.values_list("audit").annotate(n=Count("pk")))
    return [
        _item(
            "audit_rows",
            row.audit,
            ngettext("%(n)d row waits for your judgement", "%(n)d rows wait for your judgement", counts[pk])
            % {"n": counts[pk]},
            _("Judge"),
            reverse("datasets:audit_review", args=[pk]),
            30,
        )
        for pk, row in asked.items()
        if counts.get(pk)
    ]


def _item(kind: str, audit: SampleAudit, reason: str, label: str, url: str, urgency: int) -> DueItem:
    return DueItem(
        kind=kind,
        subject=audit_ref(audit),
        title=str(audit),
        reason=reason,
        action_label=label,
        url=url,
        since=audit.drawn_at or audit.created_at,
        icon="list-check",
        urgency=urgency,
    )
