"""Who follows a subject hears of what happens to it: read from the trail by a cursor of its own, told once."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.agenda.models import Notification, Subscription, TrailCursor
from apps.agenda.preferences import FOLLOWED
from apps.agenda.reminding import REMINDED, Readers
from apps.core import subjects
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.ledger import sentences
from apps.ledger.models import Entry, head
from apps.people.models import User

CURSOR = "subscriptions"
AT_ONCE = 500


def follow(user: User, ref: SubjectRef) -> Subscription:
    """Let the user hear of what happens to a subject that they may see; raise ``NotFound`` otherwise."""
    subjects.get(ref, user)
    row, _is_new = Subscription.objects.get_or_create(user=user, subject_type=ref.type, subject_id=ref.id)
    return row


def unfollow(user: User, ref: SubjectRef) -> None:
    Subscription.objects.filter(user=user, subject_type=ref.type, subject_id=ref.id).delete()


def follows(user: Any, ref: SubjectRef) -> bool:
    return Subscription.objects.filter(user=user, subject_type=ref.type, subject_id=ref.id).exists()


@transaction.atomic
def tell_followers() -> int:
    """Tell followers of the entries since the last look; return how many notifications came of it.

    The cursor moves in the transaction of what it told: a killed worker tells again, and nothing twice. A follower who
    may not see the subject any more is told nothing, nor is anybody told of their own acts.
    """
    cursor, _is_new = TrailCursor.objects.select_for_update().get_or_create(name=CURSOR, defaults={"seq": head()})
    entries = list(Entry.objects.filter(seq__gt=cursor.seq).order_by("seq")[:AT_ONCE])
    if not entries:
        return 0
    cursor.seq = entries[-1].seq or cursor.seq
    cursor.save(update_fields=["seq"])
    rows = _told(entries)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _told(entries: Sequence[Entry]) -> list[Notification]:
    followed: dict[SubjectRef, list[Any]] = {}
    for row in Subscription.objects.filter(subject_id__in={entry.subject_id for entry in entries}):
        followed.setdefault(SubjectRef(row.subject_type, row.subject_id), []).append(row.user_id)
    if not followed:
        return []
    readers = Readers({user for users in followed.values() for user in users}, now())
    visible = {user: subjects.find(followed, person) for user, person in readers.people.items()}
    return [
        _notification(entry, ref, visible[user][ref], user, readers)
        for entry in entries
        for ref in [SubjectRef(entry.subject_type, entry.subject_id)]
        for user in followed.get(ref, ())
        if user != entry.actor_id and entry.action != REMINDED and ref in visible.get(user, {})
    ]


def _notification(entry: Entry, ref: SubjectRef, subject: Any, user: Any, readers: Readers) -> Notification:
    words = {"name": entry.actor_name, "phrase": sentences.of(entry.action).phrase}
    return Notification(
        user_id=user,
        key=f"entry:{entry.seq}",
        kind=FOLLOWED,
        step="told",
        team_id=entry.team_id,
        subject_type=ref.type,
        subject_id=ref.id,
        title=entry.subject_label[:300],
        text=(_("%(name)s %(phrase)s it") % words)[:500],
        reason=_("You follow it"),
        url=subjects.kind(ref.type).url(subject),
        told_at=readers.moment,
        mail_at=readers.mail_at(user, FOLLOWED, "told"),
    )
