"""*My work*: no kind of work is left out because its signs were not there."""

import pytest

from apps.agenda import due
from apps.assessments import actions as assessments
from apps.assessments.models import Assessment, FrameworkVersion
from apps.gates import actions as gates
from apps.gates.models import PolicyVersion
from apps.people.models import User
from tests.people.factories import member
from tests.test_pages import furnished

pytestmark = pytest.mark.django_db


def test_whoever_is_not_asked_for_a_kind_of_work_has_none_of_it() -> None:
    scene, _gate = furnished()
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    gates.propose_policy(source.replace("at_most: 0.5", "at_most: 0.4"), by=scene.lead, note="n")
    asked = FrameworkVersion.objects.get().source
    assessments.propose_framework(asked.replace("valid_days: 90", "valid_days: 60"), by=scene.lead)
    assessments.submit(Assessment.objects.filter(state="open").earliest("id"), by=scene.engineer)
    member(scene.team, "governance_lead", name="Second lead")
    kinds: set[str] = set()
    for user in User.objects.all():
        entries = {entry.item.key for entry in due.for_user(user)}
        found = [item for provider in due.providers().values() for item in provider(user)]
        assert {item.key for item in found} == entries
        kinds |= {item.kind.partition(".")[0] for item in found}
    assert len(kinds) >= 14, f"nearly every kind waits for somebody: {sorted(kinds)}"
