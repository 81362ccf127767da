"""Ending sample audits: closed with a result, withdrawn without one, their texts erased."""

from django.utils.translation import gettext as _

from apps.core import subjects
from apps.core.transactions import atomic
from apps.datasets import auditing
from apps.datasets.actions.comparing import start_differences
from apps.datasets.actions.ending import end, forget_texts, withdraw
from apps.datasets.actions.reviewers import locked, require_lead, unfinished
from apps.datasets.errors import AuditEnded, AuditUnfinished
from apps.datasets.models import SampleAudit
from apps.datasets.refs import dataset_ref, version_ref
from apps.ledger.actions import record_on
from apps.people.models import User

State = SampleAudit.State


@atomic
def close_audit(audit: SampleAudit, *, by: User, conclusion: str) -> SampleAudit:
    """Close an audit all of whose rows are decided; its result becomes the fact and never changes."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if not audit.is_reviewing:
        raise AuditEnded(_("Only an audit under review can be closed."))
    progress = auditing.progress(audit)
    if not progress.is_decided:
        raise AuditUnfinished(
            _("%(open)d rows are not judged yet and %(disputed)d are disputed. Every row needs its verdict first.")
            % {"open": progress.open, "disputed": progress.disputed},
            extra={"open_rows": progress.open, "disputed_rows": progress.disputed},
        )
    audit.result = auditing.result_of(audit)
    end(audit, State.CLOSED, conclusion, by)
    overall = audit.result["overall"]
    record_on(
        "sample_audit.closed",
        by=by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={
            "audit": str(audit.pk),
            "number": audit.number,
            "rows": overall["rows"],
            "defects": overall["defects"],
            "defect_percent": overall["percent"],
            "upper_bound_percent": overall["high"],
            "judgements": audit.result["digest"],
            "conclusion": audit.conclusion,
        },
    )
    subjects.announce_change(dataset_ref(audit.version.dataset), "sample_audit.closed")
    start_differences(audit.version.dataset, by)
    return audit


@atomic
def withdraw_audit(audit: SampleAudit, *, by: User, reason: str) -> SampleAudit:
    """End an audit without a result; its rows and judgements stay readable."""
    audit = unfinished(audit)
    require_lead(audit.version, by)
    withdraw(audit, reason, by)
    return audit


@atomic
def erase_texts(audit: SampleAudit, *, by: User, reason: str) -> int:
    """Erase the sampled texts of an ended audit and return how many; places, digests and verdicts stay."""
    audit = locked(audit)
    require_lead(audit.version, by)
    if audit.is_unfinished:
        raise AuditUnfinished(_("The texts are needed until the audit has ended. Close it or withdraw it first."))
    return forget_texts(audit, reason, by)
