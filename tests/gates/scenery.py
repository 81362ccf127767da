"""Gates and the people around them, at a told time."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.core.clock import now, today
from apps.core.subjects import SubjectRef
from apps.datasets.refs import version_ref
from apps.gates import actions as gates
from apps.gates.models import Condition, Gate, SignOff, Thread, Waiver
from apps.ledger.actions import record_on
from apps.people import confirmations
from apps.people.models import User
from tests.api.client import Caller
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


@transaction.atomic
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
    record_on("gate.waived", by=scene.lead, ref=gate.ref, obj=gate, payload={"waiver": str(waiver.pk)})
    thread = gates.open_thread(gate, by=scene.engineer, requirement="leakage", text="Which rows?")
    made = sign(scene, gate, "compliance_reviewer", condition=terms())
    return waiver, thread, made.condition


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def proof(caller: Caller) -> str:
    """Return a fresh confirmation of the caller's own token."""
    _status, made = caller.post("me/confirmations/", {"password": PASSWORD})
    return str(made["id"])


def over_api(by: User, gate: Gate, responsibility: str, verdict: str = "approve", **values: Any) -> tuple[int, str]:
    """Sign with a token and a fresh confirmation of its own; return the status and the refusal's code."""
    gate.refresh_from_db()
    caller = Caller(by, "read", "sign")
    body = {
        "responsibility": responsibility, "verdict": verdict, "dossier_digest": gate.dossier_digest,
        "confirmation": proof(caller), **values,
    }  # fmt: skip
    status, data = caller.post(f"gates/{gate.pk}/sign-offs/", body)
    return status, data.get("code", "")


def on_page(by: User, gate: Gate, responsibility: str, verdict: str = "approve", **values: Any) -> tuple[int, str]:
    """Sign on the gate's page with one's password; return the status and the refusal's code."""
    gate.refresh_from_db()
    form = {
        "responsibility": responsibility, "verdict": verdict, "dossier_digest": gate.dossier_digest,
        "password": PASSWORD, **values,
    }  # fmt: skip
    answer = browser(by).post(f"/gates/{gate.pk}/", form)
    refusal = (answer.context or {}).get("refusal") if answer.status_code != 302 else None
    return answer.status_code, refusal.code if refusal else ""


def refused_everywhere(by: User, gate: Gate, responsibility: str, code: str, **values: Any) -> None:
    """Try to sign over the API and on the page, which may not even offer it; neither leaves a signature."""
    before = SignOff.objects.count()
    refused = over_api(by, gate, responsibility, **values)
    assert refused[1] == code, refused
    shown = on_page(by, gate, responsibility, **values)
    assert shown in (refused, (422, ""), (refused[0], "")), shown
    assert SignOff.objects.count() == before


def refused_by_sql(sql: str, *values: Any, says: str | None = None) -> None:
    """Run what the application's role could run, with what is asked at its commit; a constraint refuses it."""
    with pytest.raises(IntegrityError, match=says), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {sql}", values)


def columns(table: str, **instead: str) -> tuple[str, str]:
    """Return the table's columns, and what to select for them: themselves, or the SQL that is given instead."""
    with connection.cursor() as cursor:
        names = [row.name for row in connection.introspection.get_table_description(cursor, table)]
    return ", ".join(names), ", ".join(instead.get(name, name) for name in names)


def copied(table: str, **instead: str) -> str:
    """Return the statement that copies the row of an id (to be given) with other values."""
    names, values = columns(table, **{"id": "gen_random_uuid()", **instead})
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id = %s"
