"""Gates and the people around them, at a told time."""

import datetime as dt
from typing import Any

from apps.core.clock import now, today
from apps.core.subjects import SubjectRef
from apps.datasets.refs import version_ref
from apps.gates import actions as gates
from apps.gates.models import Condition, Gate, Thread, Waiver
from apps.people import confirmations
from apps.people.models import User
from tests.people.factories import PASSWORD
from tests.scenery import Scene

DAY = dt.timedelta(days=1)


def fresh(by: User) -> Any:
    """Return a confirmation of now, whatever time is told."""
    by.credential = by.credential or "test"
    return confirmations.confirm(by, password=PASSWORD).pk


def opened(scene: Scene, kind: str = "build", ref: SubjectRef | None = None) -> Gate:
    gate = gates.open_gate(kind, ref or version_ref(scene.version), by=scene.engineer)
    gate.refresh_from_db()
    return gate


def sign(scene: Scene, gate: Gate, responsibility: str, verdict: str = "approve", **values: Any) -> Any:
    by = values.pop("by", None) or scene.people[responsibility]
    found = scene.sign(gate, responsibility, verdict, by=by, confirmation=fresh(by), **values)
    gate.refresh_from_db()
    return found


def approve(scene: Scene, gate: Gate) -> Gate:
    sign(scene, gate, "business_owner")
    sign(scene, gate, "compliance_reviewer")
    return gate


def waive(scene: Scene, gate: Gate, requirement: str = "r0", days: int = 10, **values: Any) -> Waiver:
    by = values.pop("by", scene.lead)
    gate.refresh_from_db()
    values = {"reason": "The study comes next week", "until": today() + days * DAY, **values}
    values.setdefault("dossier_digest", gate.dossier_digest)
    found = gates.waive(gate, by=by, requirement=requirement, confirmation_id=fresh(by), **values)
    gate.refresh_from_db()
    return found


def terms(days: int = 5, responsibility: str = "technical_owner") -> gates.Terms:
    return gates.Terms("Publish the study on the wiki", now().date() + days * DAY, responsibility)


def with_exceptions(scene: Scene, gate: Gate) -> tuple[Waiver, Thread, Condition]:
    """Put one of each onto a complete gate: a waiver of what is met, a thread, and a condition of an approval."""
    waiver = Waiver.objects.create(
        gate=gate,
        requirement="exclusions",
        by=scene.lead,
        by_name=scene.lead.name,
        reason="The list comes",
        until=today() + DAY,
        dossier_digest=gate.dossier_digest,
        confirmed_by="password",
        via="test",
        waived_at=now(),
    )
    thread = gates.open_thread(gate, by=scene.engineer, requirement="leakage", text="Which rows?")
    made = sign(scene, gate, "compliance_reviewer", condition=terms())
    return waiver, thread, made.condition
