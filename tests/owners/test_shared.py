"""Shared ownership can't be entered: not as a list, not as a second holder, not as a mailbox, not as a team."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.owners.models import Ownership
from apps.people import actions as people
from tests.api.client import Caller
from tests.people.factories import member
from tests.scenery import make_scene

pytestmark = pytest.mark.django_db


def test_every_way_to_share_a_responsibility_is_refused() -> None:
    scene = make_scene(complete=False)
    caller = Caller(scene.lead)
    one, two = str(scene.people["sponsor"].pk), str(scene.people["review_lead"].pk)
    admin = member(scene.team, "administrator", name="Admin")
    mailbox = people.create_service_account(scene.team, "governance@example.org", by=admin)
    body = {
        "subject_type": "dataset",
        "subject_id": str(scene.dataset.pk),
        "responsibility": "business_owner",
    }
    entered: dict[str, Any] = {
        "a list of holders": [one, two],
        "two in one text": f"{one},{two}",
        "an object": {"people": [one, two]},
        "a group mailbox": str(mailbox.pk),
        "a team": str(scene.team.pk),
        "a name": "The data team",
        "nobody": None,
    }
    for how, holder in entered.items():
        status, refused = caller.post("ownerships/", {**body, "holder": holder})
        assert status == 422, (how, refused)
        assert "/holder" in refused["errors"], how
    status, _offer = caller.post("ownerships/", {**body, "holder": str(scene.lead.pk)})
    assert status == 201
    status, refused = caller.post("ownerships/", {**body, "holder": one})
    assert (status, refused["code"]) == (409, "responsibility_already_held")
    held = Ownership.objects.active().get(subject_id=scene.dataset.pk, responsibility="business_owner")
    for deputy in ([one, two], str(mailbox.pk)):
        assert caller.post(f"ownerships/{held.pk}/deputies/", {"deputy": deputy})[0] == 422
    assert caller.post(f"ownerships/{held.pk}/handovers/", {"to": [one, two]})[0] == 422
    with pytest.raises(IntegrityError, match="one_active_holder"), transaction.atomic():
        Ownership.objects.create(
            team=scene.team,
            subject_type="dataset",
            subject_id=scene.dataset.pk,
            responsibility="business_owner",
            holder=scene.people["sponsor"],
            since=now(),
        )
