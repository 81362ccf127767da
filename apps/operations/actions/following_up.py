"""What comes after a review: its follow-up is done, and notes are added."""

from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.operations.actions.performing import may_perform
from apps.operations.errors import FollowUpDone, NoteEmpty, NotTheFollowUpsOwner, ReviewOpen
from apps.operations.models import FollowUp, Review, ReviewComment, ReviewState
from apps.owners import holders
from apps.people.models import User


def may_settle(follow_up: FollowUp, user: User) -> bool:
    """Tell whether the user was named to do it, or performs such reviews now (of one who is away or has left)."""
    if not user.is_active or user.kind != User.Kind.PERSON:
        return False
    if user.pk == follow_up.owner_id:
        return True
    is_away = not follow_up.owner.is_active or bool(holders.absent([follow_up.owner_id]))
    return is_away and may_perform(follow_up.review, user)


@atomic
def settle_follow_up(follow_up: FollowUp, *, by: User, note: str) -> FollowUp:
    """Say what was done; once. Raise ``NotTheFollowUpsOwner``, ``FollowUpDone`` or ``NoteEmpty``."""
    access.require(by, "view", follow_up.team.pk)
    if not may_settle(follow_up, by):
        raise NotTheFollowUpsOwner(_("%(name)s was named to do this.") % {"name": follow_up.owner.name})
    rows = FollowUp.objects.select_for_update(of=("self",)).select_related("review__plan__use_case__team", "owner")
    found: FollowUp = rows.get(pk=follow_up.pk)
    if found.done_at is not None:
        raise FollowUpDone(_("This was done before."))
    if not note.strip():
        raise NoteEmpty(_("Say what was done."), errors={"/note": [_("Say what was done.")]})
    found.done_at, found.done_by, found.done_note = now(), by, note.strip()[:2000]
    found.save(update_fields=["done_at", "done_by", "done_note"])
    record_on(
        "review.followed_up",
        by=by,
        ref=found.review.ref,
        obj=found.review,
        payload={
            "follow_up": str(found.pk),
            "what": found.what,
            "note": found.done_note,
            "late": found.done_at >= found.due_at,
        },
    )
    return found


@atomic
def comment_on_review(review: Review, *, by: User, text: str) -> ReviewComment:
    """Add a note to a closed review, as whoever may add evidence or performs such reviews; a missed one stays missed.

    Raise ``ReviewOpen`` or ``NoteEmpty``.
    """
    if not may_perform(review, by):
        access.require(by, "evidence.add", review.team.pk)
    if review.state == ReviewState.OPEN:
        raise ReviewOpen(_("Notes are added once a review was performed or missed."))
    if not text.strip():
        raise NoteEmpty(_("Write the note."), errors={"/text": [_("Write the note.")]})
    comment: ReviewComment = ReviewComment.objects.create(review=review, text=text.strip()[:2000], by=by)
    record_on(
        "review.commented",
        by=by,
        ref=review.ref,
        obj=review,
        payload={"comment": str(comment.pk), "text": comment.text, "state": review.state},
    )
    return comment
