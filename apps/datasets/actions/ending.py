"""How a sample audit ends, and its texts: for its review lead, or because the files of its version were deleted."""

from apps.core.clock import now
from apps.datasets.models import SampleAudit, SampledText
from apps.datasets.refs import version_ref
from apps.ledger.actions import record_on
from apps.people.models import User


def end(audit: SampleAudit, state: str, conclusion: str, by: User) -> None:
    """Move a locked audit into its last state."""
    audit.state, audit.conclusion, audit.ended_by, audit.ended_at = state, conclusion.strip(), by, now()
    audit.save(update_fields=["state", "result", "conclusion", "ended_by", "ended_at"])


def withdraw(audit: SampleAudit, reason: str, by: User) -> None:
    """End a locked audit without a result."""
    end(audit, SampleAudit.State.WITHDRAWN, reason, by)
    record_on(
        "sample_audit.withdrawn",
        by=by,
        ref=version_ref(audit.version),
        obj=audit.version,
        payload={"audit": str(audit.pk), "number": audit.number, "reason": audit.conclusion},
    )


def forget_texts(audit: SampleAudit, reason: str, by: User) -> int:
    """Delete the sampled texts of an audit that has ended; return how many."""
    erased, _by_table = SampledText.objects.filter(sampled_row__audit=audit).delete()
    if erased:
        payload = {"audit": str(audit.pk), "number": audit.number, "texts": erased, "reason": reason.strip()}
        ref = version_ref(audit.version)
        record_on("sample_audit.texts_erased", by=by, ref=ref, obj=audit.version, payload=payload)
    return erased
