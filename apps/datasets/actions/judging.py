"""Judging drawn rows, and deciding where reviewers differ."""

from typing import Any

from django.utils.translation import gettext as _

from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.transactions import atomic
from apps.datasets import auditing
from apps.datasets.actions.reviewers import locked, require_lead
from apps.datasets.errors import (
    AuditEnded,
    JudgementIncomplete,
    NotInvited,
    OwnJudgement,
    RowDecided,
    RowNotDisputed,
)
from apps.datasets.models import Adjudication, Defect, Judgement, SampleAudit, SampledRow, Verdict
from apps.datasets.refs import audit_ref
from apps.ledger.actions import record_on
from apps.people.models import User


def _checked(verdict: str, defect: str, note: str) -> dict[str, str]:
    """Return the ruling's fields; raise ``JudgementIncomplete`` for a defect without its kind, or unexplained."""
    if verdict != Verdict.DEFECTIVE:
        return {"verdict": verdict, "defect": "", "note": note.strip()}
    if not defect:
        raise JudgementIncomplete(
            _("Say which kind of defect the row has."), errors={"/defect": [_("Choose a kind of defect.")]}
        )
    if defect == Defect.OTHER and not note.strip():
        raise JudgementIncomplete(
            _("Say in a note what is wrong, for no kind fits."), errors={"/note": [_("Say what is wrong.")]}
        )
    return {"verdict": verdict, "defect": defect, "note": note.strip()}


def _row(audit: SampleAudit, position: int) -> SampledRow:
    row = audit.rows.filter(position=position).first()
    if row is None:
        raise NotFound(_("The sample has no row %(n)d.") % {"n": position})
    return row


def _record(action: str, audit: SampleAudit, row: SampledRow, ruling: Any, earlier: Any, by: User) -> None:
    """Write what was said of the row; its note may quote the data, so the ledger keeps the note's digest alone."""
    payload: dict[str, Any] = {
        "row": row.position,
        "content": row.digest,
        "verdict": str(ruling.verdict),
        "defect": str(ruling.defect),
        "note": digest_of(ruling.note) if ruling.note else "",
    }
    if earlier is not None:
        payload["earlier"] = {"verdict": str(earlier.verdict), "defect": str(earlier.defect)}
    record_on(action, by=by, ref=audit_ref(audit), obj=audit, payload=payload)


@atomic
def judge(audit: SampleAudit, position: int, *, by: User, verdict: str, defect: str = "", note: str = "") -> Judgement:
    """Say of one drawn row whether it is good; said again, the newer word counts.

    Raise ``AuditEnded``, ``NotInvited``, ``RowDecided``, ``JudgementIncomplete``.
    """
    audit = locked(audit)
    reviewer = audit.reviewers.filter(user=by, dismissed_at=None).first()
    if reviewer is None or not by.may("view", audit.team.pk):
        raise NotInvited(_("You are not among the reviewers of this audit. Ask the review lead to invite you."))
    if not audit.is_reviewing:
        raise AuditEnded(_("This audit takes no judgements now."))
    row = _row(audit, position)
    values = _checked(verdict, defect, note)
    if Adjudication.objects.filter(sampled_row=row).exists():
        raise RowDecided(_("The review lead has decided this row. Go on to the next one."))
    earlier = Judgement.objects.filter(sampled_row=row, reviewer=by).first()
    if earlier is not None and {name: getattr(earlier, name) for name in values} == values:
        return earlier
    judgement, _made = Judgement.objects.update_or_create(
        sampled_row=row,
        reviewer=by,
        defaults={**values, "judged_at": now()},
        create_defaults={**values, "judged_at": now(), "by_author": reviewer.is_author},
    )
    _record("sample_audit.judged", audit, row, judgement, earlier, by)
    return judgement


@atomic
def adjudicate(
    audit: SampleAudit, position: int, *, by: User, verdict: str, note: str, defect: str = ""
) -> Adjudication:
    """Decide a row on which reviewers differ or are unsure, as review lead; decided again, the newer word counts.

    Raise ``NotTheHolder``, ``AuditEnded``, ``RowNotDisputed``, ``OwnJudgement`` (the lead is one of those who
    differ), ``JudgementIncomplete``.
    """
    audit = locked(audit)
    require_lead(audit.version, by)
    if not audit.is_reviewing:
        raise AuditEnded(_("This audit takes no decisions now."))
    row = _row(audit, position)
    if verdict == Verdict.UNSURE or not note.strip():
        raise JudgementIncomplete(
            _("Decide for good or defective, and say why."), errors={"/note": [_("Say why you decide so.")]}
        )
    values = _checked(verdict, defect, note)
    earlier = Adjudication.objects.filter(sampled_row=row).first()
    outcome = auditing.with_outcomes(audit.rows.filter(pk=row.pk)).get().outcome
    if earlier is None and outcome != auditing.DISPUTED:
        raise RowNotDisputed(_("Row %(n)d is not disputed. It needs no decision.") % {"n": position})
    said = list(row.judgements.all())
    if len(said) > 1 and any(judgement.reviewer_id == by.pk for judgement in said):
        raise OwnJudgement(_("You are one of those who differ on this row. Your deputy decides it, or a new holder."))
    decision, _made = Adjudication.objects.update_or_create(
        sampled_row=row, defaults={**values, "by": by, "decided_at": now()}
    )
    _record("sample_audit.adjudicated", audit, row, decision, earlier, by)
    return decision
