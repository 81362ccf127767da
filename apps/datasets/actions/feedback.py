"""Decisions on production feedback: one version, by the data steward, never by who made it."""

from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.transactions import atomic
from apps.datasets.errors import DecisionStands, NoFeedback, OwnFeedback, ReasonNeeded
from apps.datasets.facts.feedback import of_feedback, standing
from apps.datasets.models import DatasetVersion, FeedbackDecision
from apps.datasets.refs import version_ref
from apps.evidence.errors import NotTheHolder
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people.identity import same_as
from apps.people.models import User

RESPONSIBILITY = "data_steward"
PERMISSION = "feedback.decide"


def is_own(version: DatasetVersion, user: User) -> bool:
    """Tell whether the user registered the version or brought a file of it, under any account."""
    return same_as(user, subjects.kind("dataset_version").authors(version)) is not None


def _acts(version: DatasetVersion, user: User) -> bool:
    """Tell whether the user acts as data steward here: the holder, or the deputy of one who is away or its author."""
    ownership = holders.holders(version_ref(version)).get(RESPONSIBILITY)
    if ownership is None:
        return False
    if holders.may_sign(ownership, user):
        return True
    return user.is_active and user.pk == ownership.deputy_id and is_own(version, ownership.holder)


def may_decide(version: DatasetVersion, user: User) -> bool:
    """Tell whether the user may decide on the version's production feedback today."""
    return bool(user.may(PERMISSION, version.team.pk)) and _acts(version, user) and not is_own(version, user)


@atomic
def decide_feedback(version: DatasetVersion, decision: str, *, by: User, reason: str = "") -> FeedbackDecision:
    """Accept or decline that rows of production feedback are in the version; supersedes what was decided before.

    Raise ``NotTheHolder``, ``OwnFeedback``, ``NoFeedback``, ``ReasonNeeded`` when it is declined without one,
    ``DecisionStands`` when the same was decided last.
    """
    access.require(by, PERMISSION, version.team.pk)
    version = DatasetVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if is_own(version, by):
        raise OwnFeedback(_("You made this version. Another person decides on its production feedback."))
    if not _acts(version, by):
        raise NotTheHolder(_("Only the data steward of this dataset decides on its production feedback."))
    files = of_feedback(version.files.all())
    if not files:
        raise NoFeedback(_("No file of this version was declared as production feedback. Nothing is to be decided."))
    reason = reason.strip()
    if decision == FeedbackDecision.Decision.DECLINED and not reason:
        raise ReasonNeeded(_("Say why it is declined."), errors={"/reason": [_("Declining needs a reason.")]})
    last = standing(version)
    if last is not None and (last.decision, last.reason) == (decision, reason):
        raise DecisionStands(_("%(who)s decided exactly this before. It stands.") % {"who": last.decided_by.name})
    row = FeedbackDecision.objects.create(
        version=version, decision=decision, reason=reason, decided_by=by, supersedes=last
    )
    record_on(
        "dataset_version.feedback_decided",
        by=by,
        ref=version_ref(version),
        payload={
            "decision": decision,
            "reason": reason,
            "before": last.decision if last else "",
            "rows": sum(file.rows for file in files),
            "files": [file.digest for file in files],
        },
    )
    subjects.announce_change(version_ref(version), "dataset_version.feedback_decided")
    return row
