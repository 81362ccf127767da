"""Nothing is decided without its entry, and what was used up stays so: what the database asks at commit."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.core.models import Record
from apps.gates import actions as gates
from apps.gates.models import (
    Comment,
    Condition,
    Fulfilment,
    FulfilmentAnswer,
    SignOff,
    Thread,
    ThreadResolution,
    Waiver,
    WaiverRevocation,
)
from apps.people.models import Confirmation
from tests.commits import settle
from tests.gates.policies import publish, text
from tests.gates.scenery import copied, fresh, opened, refused_by_sql, sign, waive, with_exceptions
from tests.people.factories import make_user
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_attack_36_a_signature_without_its_entry_does_not_stand(scene: Scene) -> None:
    row = sign(scene, make_gate(scene), "business_owner")
    other = {"by_id": f"'{scene.people['compliance_reviewer'].pk}'", "responsibility": "'compliance_reviewer'"}
    refused_by_sql(copied("gates_signoff", **other), row.pk)
    refused_by_sql(copied("gates_signoff", **other, dossier_digest="'sha256:x'"), row.pk)
    refused_by_sql(copied("gates_signoff", **other, dossier_revision="7"), row.pk)
    assert SignOff.objects.count() == 1


def test_attack_36_a_waiver_without_its_entry_does_not_stand(scene: Scene) -> None:
    publish(scene, text("document: other"))
    row = waive(scene, opened(scene))
    refused_by_sql(copied("gates_waiver", until="until + 1000"), row.pk)
    assert Waiver.objects.count() == 1


def refused_without_entry(row: Record) -> None:
    with transaction.atomic():
        row.save(force_insert=True)
        with pytest.raises(IntegrityError, match="without its entry"):
            settle()
        transaction.set_rollback(True)


def test_attack_36_what_is_said_of_a_gate_without_its_entry_does_not_stand(scene: Scene) -> None:
    gate, reviewer = make_gate(scene), scene.people["compliance_reviewer"]
    waiver, thread, condition = with_exceptions(scene, gate)
    signed = sign(scene, gate, "business_owner")
    by: dict[str, Any] = {"by": scene.engineer, "by_name": scene.engineer.name}
    for row in (
        WaiverRevocation(waiver=waiver, reason="No longer", **by),
        Thread(gate=gate, requirement="leakage", opened_by=scene.engineer),
        Comment(thread=thread, text="More", said_at=now(), **by),
        ThreadResolution(thread=thread, resolved_at=now(), **by),
        Condition(sign_off=signed, text="Do it", due_on=condition.due_on, responsibility="sponsor"),
        Fulfilment(condition=condition, note="Done", recorded_at=now(), **by),
    ):
        refused_without_entry(row)
    fulfilled = gates.fulfil_condition(condition, by=scene.engineer, note="Done")
    refused_without_entry(Fulfilment(condition=condition, note="Done again", recorded_at=now(), **by))
    refused_without_entry(FulfilmentAnswer(fulfilment=fulfilled, is_accepted=True, answered_at=now(), **by))
    gates.answer_fulfilment(condition, by=reviewer, is_accepted=True, confirmation_id=fresh(reviewer))
    gates.comment(thread, by=scene.engineer, text="Row seven")
    gates.resolve_thread(thread, by=scene.engineer)
    gates.revoke_waiver(waiver, by=scene.lead, reason="No longer")
    settle()


def test_attack_33_a_used_confirmation_is_not_made_unused(scene: Scene) -> None:
    sign(scene, make_gate(scene), "business_owner")
    assert Confirmation.objects.exclude(used_at=None).count() == 1
    for change in ("used_at = NULL", "expires_at = now() + interval '1 day'", f"user_id = '{make_user().pk}'"):
        refused_by_sql(f"UPDATE people_confirmation SET {change} WHERE used_at IS NOT NULL")
    refused_by_sql("DELETE FROM people_confirmation WHERE used_at IS NOT NULL")
    refused_by_sql("TRUNCATE people_confirmation CASCADE")
