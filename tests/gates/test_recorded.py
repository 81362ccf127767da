"""Nothing is decided without its entry, and what was used up stays so: what the database asks at commit."""

import pytest

from apps.gates.models import SignOff, Waiver
from apps.people.models import Confirmation
from tests.gates.policies import publish, text
from tests.gates.scenery import copied, opened, refused_by_sql, sign, waive
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


def test_attack_33_a_used_confirmation_is_not_made_unused(scene: Scene) -> None:
    sign(scene, make_gate(scene), "business_owner")
    assert Confirmation.objects.exclude(used_at=None).count() == 1
    for change in ("used_at = NULL", "expires_at = now() + interval '1 day'", f"user_id = '{make_user().pk}'"):
        refused_by_sql(f"UPDATE people_confirmation SET {change} WHERE used_at IS NOT NULL")
    refused_by_sql("DELETE FROM people_confirmation WHERE used_at IS NOT NULL")
    refused_by_sql("TRUNCATE people_confirmation CASCADE")
