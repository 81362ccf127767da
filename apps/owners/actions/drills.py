"""Keeping what a continuity drill found as evidence."""

from django.utils.translation import gettext as _

from apps.core.canonical import sha256_digest
from apps.core.clock import now
from apps.core.errors import NotPermitted
from apps.core.transactions import atomic
from apps.ledger.actions import may_anywhere, record
from apps.owners.continuity import Scenario, kinds, run
from apps.owners.models import ContinuityDrill
from apps.people.models import Team, User


@atomic
def record_drill(scenario: Scenario, *, by: User, note: str = "") -> ContinuityDrill:
    """Run the drill on what ``by`` may see and keep its result; raise what ``run`` raises, or ``NotPermitted``."""
    if not by.is_active or not may_anywhere(by, "owner.assign"):
        raise NotPermitted(_("Drills are recorded by those who name holders: governance leads and business owners."))
    drill = run(scenario, by)
    body = drill.body()
    names = ", ".join(person.name for person in drill.people)
    row = ContinuityDrill.objects.create(
        ran_by=by,
        ran_at=now(),
        mode=drill.mode,
        day=drill.day,
        people_names=names if len(names) <= 500 else names[:499] + "…",
        team_ids=drill.teams,
        note=note.strip(),
        result=body,
        digest=sha256_digest(body.encode()),
    )
    team = Team.objects.filter(pk=drill.teams[0]).first() if len(drill.teams) == 1 else None
    record(
        "continuity_drill.recorded",
        by=by,
        subject=("continuity_drill", row.pk, str(row)),
        team=(team.pk, team.name) if team else None,
        payload={
            "people": [{"id": person.id, "name": person.name} for person in drill.people],
            "mode": str(drill.mode),
            "day": drill.day.isoformat(),
            "result": row.digest,
            "found": {kind.key: len(drill.of(kind.key)) for kind in kinds()},
            "note": row.note,
        },
    )
    return row
