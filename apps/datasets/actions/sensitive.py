"""Decisions on sensitive data: one kind in one version, by the compliance reviewer."""

from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.transactions import atomic
from apps.datasets.errors import DecisionStands, ReasonNeeded, SensitiveKindNotFound
from apps.datasets.facts.sensitive import kinds_found, standing
from apps.datasets.models import DatasetVersion, Inspection, SensitiveDecision
from apps.datasets.refs import version_ref
from apps.evidence.errors import NotTheHolder
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people.models import User

RESPONSIBILITY = "compliance_reviewer"


def may_decide(version: DatasetVersion, user: User) -> bool:
    """Tell whether the user reviews the version's compliance today."""
    if not user.may("sensitive.decide", version.team.pk):
        return False
    ownership = holders.holders(version_ref(version)).get(RESPONSIBILITY)
    return ownership is not None and holders.may_sign(ownership, user)


@atomic
def decide_sensitive(
    version: DatasetVersion, kind: str, decision: str, *, by: User, reason: str = ""
) -> SensitiveDecision:
    """Say what is done about one kind of sensitive data in the version; supersedes what was decided before.

    Raise ``NotTheHolder``, ``SensitiveKindNotFound`` when the inspection did not find the kind, ``ReasonNeeded`` for
    an acceptance without one, ``DecisionStands`` when the same was decided last.
    """
    access.require(by, "sensitive.decide", version.team.pk)
    if not may_decide(version, by):
        raise NotTheHolder(_("Only the compliance reviewer of this dataset decides on its sensitive data."))
    found = Inspection.objects.select_for_update(of=("self",)).get(version=version)
    counts = {row.key: row for row in kinds_found(version, found)}.get(kind)
    if counts is None:
        raise SensitiveKindNotFound(
            _("The inspection found no “%(kind)s” in this version. Decide on what it found.") % {"kind": kind[:40]},
            errors={"/kind": [_("Not found in this version.")]},
        )
    reason = reason.strip()
    if decision == SensitiveDecision.Decision.ACCEPTED and not reason:
        raise ReasonNeeded(
            _("Say why this data may stay as it is."), errors={"/reason": [_("An acceptance needs a reason.")]}
        )
    last = standing([version.pk]).get((version.pk, kind))
    if last is not None and (last.decision, last.reason) == (decision, reason):
        raise DecisionStands(_("%(who)s decided exactly this before. It stands.") % {"who": last.decided_by.name})
    row = SensitiveDecision.objects.create(
        version=version, kind=kind, decision=decision, reason=reason, decided_by=by, supersedes=last
    )
    record_on(
        "dataset_version.sensitive_decided",
        by=by,
        ref=version_ref(version),
        obj=version,
        payload={
            "kind": kind,
            "decision": decision,
            "reason": reason,
            "before": last.decision if last else "",
            "rows": counts.rows,
            "values": counts.values,
        },
    )
    subjects.announce_change(version_ref(version), "dataset_version.sensitive_decided")
    return row
