"""What the database itself refuses, and what two at once come to."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.registry import actions as registry
from apps.releases import actions
from apps.releases.models import Ending, Release, ReleaseState, Rollback
from tests.races import at_once
from tests.releases.scenery import (
    approve,
    first_version,
    make_environment,
    make_live,
    make_stage,
    next_version,
    propose,
    rehearse,
    two_live,
)


def refused(sql: str, values: Any = ()) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.django_db
def test_what_is_recorded_does_not_change_from_below() -> None:
    scene = make_stage()
    first, second = two_live(scene)
    rollback = actions.roll_back(second, by=scene.engineer, reason="Slow")
    actions.review_rollback(rollback, by=scene.lead, verdict="justified", comment="Seen")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("rehearsal", "rollback", "rollbackreview", "releaseattestation"):
        refused(f"UPDATE releases_{table} SET created_at = now()")
        refused(f"DELETE FROM releases_{table}")
        refused(f"TRUNCATE releases_{table} CASCADE")
    for table in ("environment", "release"):
        refused(f"DELETE FROM releases_{table}")
        refused(f"TRUNCATE releases_{table} CASCADE")
    refused("UPDATE releases_environment SET kind = 'staging'")
    refused("UPDATE releases_release SET notes = 'x'")
    refused("UPDATE releases_release SET state = 'live', ended_at = NULL, ending = '' WHERE id = %s", [first.pk])


@pytest.mark.django_db
def test_a_state_moves_one_way_and_on_an_approved_gate_alone() -> None:
    scene = make_stage()
    environment = make_environment(scene)
    release = propose(scene, environment)
    gate = approve(scene, release)
    live = "UPDATE releases_release SET state = 'live', live_from = now(), live_by_id = %s"
    refused(f"{live} WHERE id = %s", [scene.engineer.pk, release.pk])
    refused(
        f"{live}, gate_id = %s, dossier_digest = 'sha256:x' WHERE id = %s", [scene.engineer.pk, gate.pk, release.pk]
    )
    other = propose(scene, environment, next_version(scene))
    refused(
        f"{live}, gate_id = %s, dossier_digest = %s WHERE id = %s",
        [scene.engineer.pk, gate.pk, gate.dossier_digest, other.pk],
    )
    registry.withdraw_model_version(first_version(scene), by=scene.engineer, reason="Broken")
    refused(
        f"{live}, gate_id = %s, dossier_digest = %s WHERE id = %s",
        [scene.engineer.pk, gate.pk, gate.dossier_digest, release.pk],
    )
    refused("UPDATE releases_release SET state = 'ended' WHERE id = %s", [release.pk])
    refused("UPDATE releases_release SET change_digest = 'x', state = 'ended' WHERE id = %s", [release.pk])
    for column in ("version_id", "environment_id", "model_id", "restores_id", "proposed_by_id"):
        refused(f"UPDATE releases_release SET {column} = %s WHERE id = %s", [uuid.uuid4(), release.pk])


@pytest.mark.django_db
def test_no_second_live_release_and_none_out_of_nothing() -> None:
    scene = make_stage()
    first, second = two_live(scene)
    columns = (
        "environment_id, model_id, version_id, number, digest, artefact_digest, prompt_digest, configuration_digest,"
        " notes, change, change_digest, state, proposed_by_id, gate_id, dossier_digest, live_from, live_by_id, ending,"
        " ending_reason"
    )
    copied = columns.replace("number", "number + 50").replace("state", "'live'")
    refused(
        f"INSERT INTO releases_release (id, {columns}) SELECT %s, {copied} FROM releases_release WHERE id = %s",
        [uuid.uuid4(), second.pk],
    )
    copied = copied.replace("ending, ending_reason", "'', ''").replace("ending, ", "'', ")
    refused(
        f"INSERT INTO releases_release (id, restores_id, {columns}) SELECT %s, id, {copied}"
        " FROM releases_release WHERE id = %s",
        [uuid.uuid4(), first.pk],
    )


@pytest.mark.django_db(transaction=True)
def test_attack_29_two_releases_into_one_slot() -> None:
    scene = make_stage()
    environment = make_environment(scene)
    make_live(scene, environment)
    proposals = [propose(scene, environment, next_version(scene, f"{n}.0.0", seed=n)) for n in (2, 3)]
    rehearse(scene, proposals[0])
    for release in proposals:
        approve(scene, release)
    ended = at_once([lambda release=release: actions.go_live(release, by=scene.engineer) for release in proposals])
    assert ended == {"done": 1, "live_release_changed": 1}
    assert Release.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_rollbacks_at_once_are_one() -> None:
    scene = make_stage()
    _first, second = two_live(scene)
    ended = at_once([lambda: actions.roll_back(second, by=scene.engineer, reason="Down")] * 4)
    assert ended == {"done": 1, "release_not_live": 3}
    assert Rollback.objects.count() == 1
    assert Release.objects.live().get().version_id == first_version(scene).pk


@pytest.mark.django_db(transaction=True)
def test_a_rollback_against_a_release_that_goes_live() -> None:
    for number in range(3):
        scene = make_stage(name=f"Race {number}")
        _first, second = two_live(scene)
        third = propose(scene, second.environment, next_version(scene, "3.0.0", seed=3))
        approve(scene, third)
        ended = at_once(
            [
                lambda scene=scene, second=second: actions.roll_back(second, by=scene.engineer, reason="Down"),
                lambda scene=scene, third=third: actions.go_live(third, by=scene.engineer),
            ]
        )
        second.refresh_from_db()
        third.refresh_from_db()
        live = Release.objects.live().get(environment=second.environment)
        if second.ending == Ending.ROLLED_BACK:
            assert ended == {"done": 1, "live_release_changed": 1}
            assert (live.version_id, third.state) == (first_version(scene).pk, ReleaseState.PROPOSED)
        else:
            assert ended == {"done": 1, "release_not_live": 1}
            assert live == third
