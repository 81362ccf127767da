"""Rolling back at once, and having it reviewed afterwards."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people.identity import same_as
from apps.people.models import User
from apps.releases import way_back
from apps.releases.actions.attesting import attest
from apps.releases.actions.slots import announce, end, lock_environment, lock_release, next_number
from apps.releases.errors import (
    NotTheGovernanceOwner,
    NotTheTechnicalOwner,
    NoWayBack,
    OwnRollback,
    ReleaseNotLive,
    RollbackReviewed,
    TargetUnfit,
)
from apps.releases.models import Ending, Release, ReleaseState, Rollback, RollbackReview
from apps.releases.refs import release_ref

REVIEW_WITHIN = dt.timedelta(days=5)


def may_roll_back(release: Release, user: User) -> bool:
    """Tell whether the user answers for the technique of the release, or is the deputy of who does.

    A deputy needs no recorded absence here: what goes wrong at night can't wait for one.
    """
    ownership = holders.holders(release_ref(release)).get("technical_owner")
    if ownership is None or not user.is_active or user.kind != User.Kind.PERSON:
        return False
    return user.pk in (ownership.holder_id, ownership.deputy_id) and user.may("view", release.team.pk)


def may_review(rollback: Rollback, user: User) -> bool:
    """Tell whether the user is the governance owner, or the deputy of an absent one."""
    ownership = holders.holders(release_ref(rollback.release)).get("governance_owner")
    return ownership is not None and holders.may_sign(ownership, user)


@atomic
def roll_back(release: Release, *, by: User, reason: str) -> Rollback:
    """Take a live release back: what it names as its way back is live at once, whatever its gate says.

    The rollback is recorded and waits for its review. Raise ``NotTheTechnicalOwner``, ``ReasonNeeded``,
    ``ReleaseNotLive``, ``NoWayBack`` or ``TargetUnfit``.
    """
    access.require(by, "view", release.team.pk)
    if not may_roll_back(release, by):
        raise NotTheTechnicalOwner(
            _("Only the technical owner of the use case or their deputy rolls back. Call one of them.")
        )
    if not reason.strip():
        raise ReasonNeeded(_("Say why you roll back."), errors={"/reason": [_("Say why.")]})
    release = lock_release(release.pk)
    if release.state != ReleaseState.LIVE:
        raise ReleaseNotLive(
            _("%(release)s is not live any more: %(how)s.")
            % {"release": release, "how": (release.get_ending_display() or release.get_state_display()).lower()},
            extra={"state": release.state, "ending": release.ending},
        )
    target = _fit_target(release)
    end(release, Ending.ROLLED_BACK, by=by, reason=reason.strip()[:500])
    restored = _restore(target, by)
    rollback = Rollback.objects.create(
        release=release,
        restored=restored,
        rolled_back_by=by,
        reason=reason.strip()[:1000],
        review_due_at=now() + REVIEW_WITHIN,
    )
    record_on(
        "release.rolled_back",
        by=by,
        ref=release_ref(release),
        obj=release,
        payload={
            "rollback": str(rollback.pk),
            "reason": rollback.reason,
            "digest": release.digest,
            "back_to": {"id": str(target.origin_id), "name": str(target), "digest": restored.digest},
            "restored_as": str(restored.pk),
            "review_due_at": rollback.review_due_at.isoformat(),
            "attestation": attest(restored).digest,
        },
    )
    record_on(
        "release.restored",
        by=by,
        ref=release_ref(restored),
        obj=restored,
        payload={"rollback": str(rollback.pk), "restores": str(target.origin_id), "instead_of": str(release.pk)},
    )
    announce(release.environment, release.model_id, "release.rolled_back")
    return rollback


def _fit_target(release: Release) -> Release:
    target = way_back.target_of(release)
    if target is None:
        raise NoWayBack(
            _("%(release)s names nothing to go back to. Withdraw it: then nothing is live.") % {"release": release}
        )
    seen = way_back.look_at(target)
    if seen.problems:
        raise TargetUnfit(
            _("%(target)s can’t be gone back to: %(why)s Withdraw the release instead: then nothing is live.")
            % {"target": target, "why": " ".join(seen.problems)},
            extra={"target": str(target.pk), "problems": list(seen.problems)},
        )
    return target


def _restore(target: Release, by: User) -> Release:
    """Make the content of an earlier release live again, as a release of its own that rests on the same gate."""
    origin = target.origin
    return Release.objects.create(
        environment=target.environment,
        model=target.model,
        version=target.version,
        number=next_number(target.environment, target.model_id),
        digest=origin.digest,
        artefact_digest=origin.artefact_digest,
        prompt_digest=origin.prompt_digest,
        configuration_digest=origin.configuration_digest,
        notes=origin.notes,
        compared_with_id=origin.compared_with_id,
        change=origin.change,
        change_digest=origin.change_digest,
        rollback_target_id=origin.rollback_target_id,
        restores=origin,
        state=ReleaseState.LIVE,
        proposed_by_id=origin.proposed_by_id,
        gate_id=origin.gate_id,
        dossier_digest=origin.dossier_digest,
        live_from=now(),
        live_by=by,
    )


@atomic
def review_rollback(rollback: Rollback, *, by: User, verdict: str, comment: str) -> RollbackReview:
    """Say as the governance owner whether a rollback was justified; a contested one covers no deployment any more.

    Raise ``NotTheGovernanceOwner``, ``OwnRollback``, ``RollbackReviewed`` or ``ReasonNeeded``.
    """
    access.require(by, "view", rollback.team.pk)
    if not may_review(rollback, by):
        raise NotTheGovernanceOwner(
            _("Only the governance owner of the use case, or the deputy of an absent one, reviews a rollback.")
        )
    if same_as(by, [rollback.rolled_back_by_id]) is not None:
        raise OwnRollback(
            _("You rolled back yourself. Hand the responsibility over, so that somebody else reviews it.")
        )
    if verdict not in RollbackReview.Verdict.values:
        raise InvalidInput(
            _("It was justified, or you contest it."), errors={"/verdict": [_("justified, or contested.")]}
        )
    if not comment.strip():
        raise ReasonNeeded(_("Say what you found."), errors={"/comment": [_("Say what you found.")]})
    lock_environment(rollback.release.environment_id)
    try:
        with transaction.atomic():
            review = RollbackReview.objects.create(
                rollback=rollback, verdict=verdict, comment=comment.strip(), reviewed_by=by
            )
    except IntegrityError as error:
        raise RollbackReviewed(_("This rollback was reviewed before.")) from error
    record_on(
        "release.rollback_reviewed",
        by=by,
        ref=release_ref(rollback.release),
        obj=rollback.release,
        payload={"rollback": str(rollback.pk), "verdict": verdict, "comment": review.comment},
    )
    announce(rollback.release.environment, rollback.release.model_id, "release.rollback_reviewed")
    return review
