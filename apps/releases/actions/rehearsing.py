"""Rehearsals of the way back: recorded with their proof."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.evidence.actions import add_document
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.releases import way_back
from apps.releases.actions.slots import announce, lock_release
from apps.releases.errors import NoWayBack, RehearsalImpossible, ReleaseEnded
from apps.releases.models import Rehearsal, Release, ReleaseState
from apps.releases.refs import release_ref

CLOCKS_DIFFER = dt.timedelta(minutes=5)
OLDEST = dt.timedelta(days=366)
LONGEST_SECONDS = 7 * 86_400
DOCUMENT = "rehearsal_record"


@transaction.atomic
def record_rehearsal(
    release: Release,
    *,
    by: User,
    rehearsed_by: User,
    rehearsed_at: dt.datetime,
    duration_seconds: int,
    outcome: str,
    file: Any = None,
    link: str = "",
    note: str = "",
) -> Rehearsal:
    """Record that somebody of the team went back from a proposed or live release to its target, with the proof.

    Raise ``ReleaseEnded``, ``NoWayBack``, ``RehearsalImpossible``, or what is wrong with the document.
    """
    access.require(by, "release.propose", release.team.pk)
    release = lock_release(release.pk)
    if release.state == ReleaseState.ENDED:
        raise ReleaseEnded(
            _("%(release)s has ended. Rehearse the way back from what is live or proposed.") % {"release": release}
        )
    target = way_back.target_of(release)
    if target is None:
        raise NoWayBack(_("No release is named to go back to, so there is nothing to rehearse."))
    _check(release, rehearsed_by, rehearsed_at, duration_seconds, outcome)
    document = add_document(
        release_ref(release),
        DOCUMENT,
        _("Rehearsal of %(day)s") % {"day": rehearsed_at.date().isoformat()},
        by=by,
        file=file,
        link=link,
        note=note[:500],
    )
    rehearsal = Rehearsal.objects.create(
        release=release,
        target=target,
        rehearsed_at=rehearsed_at,
        duration_seconds=duration_seconds,
        outcome=outcome,
        note=note.strip(),
        document=document,
        rehearsed_by=rehearsed_by,
        recorded_by=by,
    )
    record_on(
        "release.rehearsed",
        by=by,
        ref=release_ref(release),
        obj=release,
        payload={
            "rehearsal": str(rehearsal.pk),
            "target": {"id": str(target.pk), "name": str(target)},
            "rehearsed_by": {"id": str(rehearsed_by.pk), "name": rehearsed_by.name},
            "rehearsed_at": rehearsed_at.astimezone(dt.UTC).isoformat(),
            "duration_seconds": duration_seconds,
            "outcome": outcome,
            "document": document.digest,
        },
    )
    announce(release.environment, release.model_id, "release.rehearsed")
    return rehearsal


def _check(release: Release, person: User, at: dt.datetime, seconds: int, outcome: str) -> None:
    if person.kind != User.Kind.PERSON or not release.team.memberships.filter(user=person).exists():
        raise RehearsalImpossible(
            _("%(name)s is no person of the team “%(team)s”. Name who rehearsed.")
            % {"name": person.name, "team": release.team.name},
            errors={"/rehearsed_by": [_("Name a person of the team.")]},
        )
    moment = now()
    if not moment - OLDEST <= at <= moment + CLOCKS_DIFFER:
        raise RehearsalImpossible(
            _("Give the time of the rehearsal: not in the future, and within the last year."),
            errors={"/rehearsed_at": [_("Not possible.")]},
        )
    if not 0 < seconds <= LONGEST_SECONDS:
        raise RehearsalImpossible(
            _("Give how long it took, from 1 second to 7 days."), errors={"/duration_seconds": [_("Not possible.")]}
        )
    if outcome not in Rehearsal.Outcome.values:
        raise RehearsalImpossible(
            _("It passed or it failed: say which."), errors={"/outcome": [_("passed, or failed.")]}
        )
