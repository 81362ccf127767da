"""Who held what at any moment, and rows that nobody can rewrite."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.subjects import SubjectRef
from apps.owners import actions
from apps.owners.continuity import scenario
from apps.owners.models import Ownership, OwnershipOffer
from tests.api.client import Caller
from tests.people.factories import member
from tests.scenery import Scene, hand_over, make_scene, name_holder

pytestmark = pytest.mark.django_db
MARCH = dt.datetime(2026, 3, 3, 9, 12, tzinfo=dt.UTC)


def told() -> tuple[Scene, Ownership, Ownership]:
    """Return a scene whose sponsor changed on 3 March at 09:12."""
    scene = make_scene(complete=False)
    with clock.replay(MARCH - dt.timedelta(days=20)):
        first = name_holder(
            SubjectRef("use_case", scene.use_case.pk), "sponsor", scene.people["sponsor"], by=scene.lead
        )
    with clock.replay(MARCH):
        second = hand_over(first, scene.engineer, by=scene.lead)
    return scene, first, second


def test_who_held_this_on_3_march_at_09_12() -> None:
    scene, _first, second = told()
    actions.vacate(second, by=scene.lead, note="n")
    caller = Caller(scene.lead)

    def asked(moment: dt.datetime) -> list[str]:
        text = moment.isoformat().replace("+00:00", "Z")
        status, data = caller.get(f"ownerships/?responsibility=sponsor&as_of={text}")
        assert status == 200, data
        return [row["holder"]["name"] for row in data["results"]]

    second_long = dt.timedelta(seconds=1)
    assert asked(MARCH - dt.timedelta(days=30)) == []
    assert asked(MARCH - second_long) == ["Sponsor"]
    assert asked(MARCH) == ["Technical Owner"], "the switch has neither gap nor overlap"
    assert asked(MARCH + second_long) == ["Technical Owner"]
    assert asked(dt.datetime.now(dt.UTC) + second_long) == []
    assert caller.get("ownerships/?as_of=yesterday")[0] == 422


def test_the_page_asks_in_the_readers_zone_and_hides_todays_vacancies() -> None:
    scene, _first, _second = told()
    scene.lead.time_zone = "Europe/Madrid"
    scene.lead.save()
    client = Client()
    client.force_login(scene.lead)
    page = client.get("/owners/?responsibility=sponsor&as_of=2026-03-03T10:11").content.decode()
    assert "Technical Owner" not in page.split("<tbody>")[1], "10:11 in Madrid is 09:11 UTC"
    assert "<h2>Vacancies</h2>" not in page
    assert "<h2>Vacancies</h2>" in client.get("/owners/").content.decode()


def test_the_moment_costs_no_query_more() -> None:
    scene, _first, _second = told()

    def cost(filters: dict[str, Any]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            Ownership.objects.visible_to(scene.lead).held_at(MARCH).filter(**filters).first()
        return len(found)

    scene.lead.teams_list  # noqa: B018
    assert cost({"responsibility": "sponsor"}) == 1


ATTACKS = {
    "reopen": "UPDATE owners_ownership SET ended_at = NULL, ending = '' WHERE id = %(ended)s",
    "end twice": "UPDATE owners_ownership SET ended_at = now() WHERE id = %(ended)s",
    "another ending": "UPDATE owners_ownership SET ending = 'vacated' WHERE id = %(ended)s",
    "deputy of the past": "UPDATE owners_ownership SET deputy_id = %(other)s WHERE id = %(ended)s",
    "another holder": "UPDATE owners_ownership SET holder_id = %(other)s WHERE id = %(active)s",
    "earlier since": "UPDATE owners_ownership SET since = since - interval '1 day' WHERE id = %(active)s",
    "another responsibility": "UPDATE owners_ownership SET responsibility = 'x' WHERE id = %(active)s",
    "another subject": "UPDATE owners_ownership SET subject_id = %(other)s WHERE id = %(active)s",
    "another note": "UPDATE owners_ownership SET note = 'x' WHERE id = %(active)s",
    "end without saying how": "UPDATE owners_ownership SET ended_at = now() WHERE id = %(active)s",
    "say how without an end": "UPDATE owners_ownership SET ending = 'vacated' WHERE id = %(active)s",
    "end before the beginning": "UPDATE owners_ownership SET ended_at = since - interval '1 day', ending = 'vacated'"
    " WHERE id = %(active)s",
    "delete": "DELETE FROM owners_ownership WHERE id = %(ended)s",
    "truncate": "TRUNCATE owners_ownership CASCADE",
    "insert into the past": "INSERT INTO owners_ownership (id, team_id, subject_type, subject_id, responsibility, note,"
    " since, holder_id, ending) SELECT gen_random_uuid(), team_id, subject_type, subject_id, responsibility, '',"
    " ended_at - interval '1 minute', %(other)s, '' FROM owners_ownership WHERE id = %(ended)s",
    "insert an ended one": "INSERT INTO owners_ownership (id, team_id, subject_type, subject_id, responsibility, note,"
    " since, ended_at, holder_id, ending) SELECT gen_random_uuid(), team_id, subject_type, subject_id, 'other', '',"
    " now(), now(), %(other)s, 'vacated' FROM owners_ownership WHERE id = %(ended)s",
    "accept by SQL": "UPDATE owners_ownershipoffer SET state = 'accepted', decided_at = now() WHERE id = %(pending)s",
    "decline without a time": "UPDATE owners_ownershipoffer SET state = 'declined' WHERE id = %(pending)s",
    "another person": "UPDATE owners_ownershipoffer SET to_id = %(third)s WHERE id = %(pending)s",
    "decide again": "UPDATE owners_ownershipoffer SET state = 'declined', ownership_id = NULL WHERE id = %(decided)s",
    "delete an offer": "DELETE FROM owners_ownershipoffer WHERE id = %(pending)s",
    "truncate offers": "TRUNCATE owners_ownershipoffer",
    "rewrite a drill": "UPDATE owners_continuitydrill SET result = '{}'",
    "delete a drill": "DELETE FROM owners_continuitydrill",
    "truncate drills": "TRUNCATE owners_continuitydrill",
}


@pytest.fixture
def rows() -> dict[str, Any]:
    scene, first, second = told()
    actions.vacate(second, by=scene.lead, note="n")
    active = name_holder(SubjectRef("use_case", scene.use_case.pk), "governance_owner", scene.lead, by=scene.lead)
    other = member(scene.team, name="Other")
    actions.record_drill(scenario([other], [], None), by=scene.lead)
    pending = actions.hand_over(active, other, by=scene.lead)
    decided = OwnershipOffer.objects.get(ownership=second)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return {
        "ended": second.pk,
        "active": active.pk,
        "other": other.pk,
        "pending": pending.pk,
        "decided": decided.pk,
        "third": first.holder_id,
    }


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_history_is_refused_to_raw_sql(rows: dict[str, Any], attack: str, role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL session_replication_role = {role}")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(ATTACKS[attack], rows)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_deputy_may_change_while_it_is_held(rows: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE owners_ownership SET deputy_id = %(other)s WHERE id = %(active)s", rows)
        assert cursor.rowcount == 1
