"""The policies that Fourgate comes with: four kinds, for every tier, and stricter ones where the risk is high."""

from pathlib import Path

import pytest
from django.conf import settings

from apps.datasets.refs import version_ref
from apps.gates import actions as gates
from apps.gates.actions.policies import POLICIES, organisation_policy
from apps.gates.composing import loosened
from apps.gates.models import DossierSnapshot, PolicyVersion
from apps.gates.policy import TIERS, known
from apps.usecases import actions as usecases
from tests.scenery import make_scene

pytestmark = pytest.mark.django_db
KINDS = ("start", "build", "proof", "release")


@pytest.mark.parametrize("kind", KINDS)
def test_each_gate_has_a_policy_for_every_tier_and_the_high_one_asks_for_more(kind: str) -> None:
    found = {tier: organisation_policy(kind, tier) for tier in TIERS}
    assert [row and row.tier for row in found.values()] == ["", "", "high"]
    general, high = (known(found[tier].source) for tier in ("low", "high"))  # type: ignore[union-attr]
    assert loosened(general, high) == []
    assert {row.id for row in general.requirements} < {row.id for row in high.requirements}
    assert {row.responsibility for row in general.sign_offs} <= {row.responsibility for row in high.sign_offs}


def test_a_high_risk_use_case_asks_for_an_audited_sample() -> None:
    scene = make_scene()
    ref = version_ref(scene.version)
    general = gates.open_gate("start", ref, by=scene.engineer)
    gates.withdraw(general, by=scene.engineer, reason="The tier rises")
    usecases.edit_use_case(scene.use_case.pk, by=scene.lead, revision=None, risk_tier="high", risk_reason="Harm")
    gate = gates.open_gate("start", ref, by=scene.engineer)
    assert (general.policy_version.tier, gate.policy_version.tier) == ("", "high")
    assert "audit_of_this_version" in DossierSnapshot.objects.filter(gate=gate).latest("id").body


def test_what_is_shipped_later_is_not_put_in_force_over_what_two_people_decided(tmp_path: Path) -> None:
    shipped = (Path(settings.GATE_POLICY_FOLDER) / "start.yaml").read_text(encoding="utf-8")
    (tmp_path / "start-low.yaml").write_text(shipped.replace("kind: start\n", "kind: start\ntier: low\n"))
    assert POLICIES.import_defaults(tmp_path, "shipped") == []
    assert not PolicyVersion.objects.filter(tier="low").exists()
