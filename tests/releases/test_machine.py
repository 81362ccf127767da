"""Random people do random things around releases; gates and releases say what is true, and the ledger tells it all."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import yaml
from django.db import transaction
from django.db.models import Count
from hypothesis.stateful import invariant
from hypothesis.stateful import run_state_machine_as_test as run

from apps.core.clock import replay
from apps.gates import actions as gates
from apps.gates.models import Gate, PolicyVersion, SignOff, Waiver
from apps.gates.models.signing import Fulfilment
from apps.ledger.models import Entry
from apps.people.models import Confirmation
from apps.releases import deployment
from apps.releases.models import Release, RollbackReview
from tests.machines import at_random
from tests.releases.machine import World
from tests.releases.machine_live import Releases
from tests.releases.retold import Ref, Told, moment_of, retell
from tests.releases.truth import LIVING, Truth, chain_of, words_of

pytestmark = pytest.mark.django_db


class ReleaseMachine(Releases):
    """Checks after every step what must hold, without asking the code that judges gates and releases."""

    after: Truth | None = None

    @property
    def looked(self) -> Truth:
        """What is true after the step: it is looked up once."""
        if self.after is None or self.after.moment != self.past.moment:
            self.after = self.truth
        return self.after

    @invariant()
    def a_gate_says_what_the_tables_say(self) -> None:
        truth, ended = self.looked, _ended()
        for gate in Gate.objects.select_related("policy_version").order_by("id"):
            known = self.past.digests.setdefault(gate.pk, [])
            if gate.dossier_digest not in known[-1:]:
                assert gate.dossier_digest not in known, "an old dossier came back"
                known.append(gate.dossier_digest)
            if self.stale or gate.subject_id in ended:
                continue
            expected = truth.state(gate)
            assert gate.state == expected, truth.unmet(gate)
            assert gate.state not in LIVING or gate.unmet == len(truth.unmet(gate))
            self.seen[expected] += 1

    @invariant()
    def a_signature_counts_once_and_by_the_right_person(self) -> None:
        truth = self.looked
        rows = SignOff.objects.values_list("pk", "gate", "dossier_digest", "by", "responsibility", "verdict")
        assert {row[0]: row[1:] for row in rows} == self.past.signed
        assert Confirmation.objects.exclude(used_at=None).count() == self.past.decisions
        for gate in Gate.objects.filter(state="approved").select_related("policy_version"):
            given = {row.responsibility: row.by_id for row in gate.sign_offs.filter(dossier_digest=gate.dossier_digest)}
            needed = [row["responsibility"] for row in words_of(gate)["sign_offs"]]
            assert set(needed) <= set(given)
            signers = {truth.person(given[name]) for name in needed}
            assert len(signers) == len(needed)
            assert not signers & truth.authors(gate)

    @invariant()
    def one_release_of_a_model_is_live_and_rests_on_an_approval(self) -> None:
        live = Release.objects.filter(state="live")
        assert not live.values("environment", "model").annotate(n=Count("id")).filter(n__gt=1).exists()
        was_live = set(Release.objects.exclude(live_from=None).values_list("pk", flat=True))
        assert was_live == self.past.approved | self.past.by_rollback
        assert not self.past.approved & self.past.by_rollback

    @invariant()
    def only_what_is_live_and_approved_may_be_deployed(self) -> None:
        truth, world = self.looked, self.world
        live = list(Release.objects.whole().filter(state="live"))
        asked = [(row.version_id, row.environment) for row in live]
        if self.past.moment.minute % 2:
            turn = self.past.moment.minute // 2
            asked.append((world.versions[turn % 3], world.environments[turn % 2]))
        for version, environment in asked:
            expected = any(
                truth.may_deploy(row) for row in live if (row.version_id, row.environment) == (version, environment)
            )
            question = deployment.Asked(str(world.model), str(version), str(environment.pk))
            with replay(self.past.moment):
                answer = deployment.check(question, world.clerk)
            assert answer.allowed == expected or (self.stale and expected), answer.reasons
            self.seen[f"may be deployed: {answer.allowed}"] += 1

    def teardown(self) -> None:
        if not hasattr(self, "before"):
            return
        try:
            if sys.exc_info()[0] is None:
                self._end()
        finally:
            transaction.savepoint_rollback(self.before)

    def _end(self) -> None:
        if self.stale:
            with replay(self.past.moment):
                gates.refresh_expired()
        standing = Gate.objects.exclude(subject_id__in=_ended())
        before = set(standing.values_list("pk", "state", "revision"))
        with replay(self.past.moment):
            gates.refresh_all()
        assert self.stale or set(standing.values_list("pk", "state", "revision")) == before
        bodies = Entry.objects.order_by("seq").values_list("body", flat=True)
        told = retell(map(json.loads, bodies), _needed(), _chain)
        _compare(told)


def _ended() -> set[Any]:
    """Return the releases that ended: what they would go back to is not followed any more."""
    return set(Release.objects.filter(state="ended").values_list("pk", flat=True))


def _needed() -> dict[str, frozenset[str]]:
    rows = PolicyVersion.objects.values_list("digest", "source")
    return {
        digest: frozenset(row["responsibility"] for row in yaml.safe_load(source)["sign_offs"])
        for digest, source in rows
    }


def _chain(ref: Ref) -> list[Ref]:
    return [(type_, str(pk)) for type_, pk in chain_of(ref[0], ref[1])]


def _compare(told: Told) -> None:
    """Compare what the ledger told with the rows: nothing more, nothing less, nothing else."""
    signed, waivers, fulfilments = dict[str, Any](), dict[str, bool](), dict[str, bool | None]()
    for gate in told.gates.values():
        signed |= gate.sign_offs
        waivers |= gate.waivers
        fulfilments |= gate.fulfilments
    assert {pk: (row.subject, row.kind, row.opened_by, row.state) for pk, row in told.gates.items()} == {
        str(row.pk): ((row.subject_type, str(row.subject_id)), row.kind, str(row.opened_by_id), row.state)
        for row in Gate.objects.all()
    }
    assert signed == {
        str(row.pk): (str(row.by_id), row.responsibility, row.verdict, row.dossier_digest)
        for row in SignOff.objects.all()
    }
    assert waivers == {str(row.pk): not hasattr(row, "revocation") for row in Waiver.objects.all()}
    assert fulfilments == {
        str(row.pk): row.answer.is_accepted if hasattr(row, "answer") else None for row in Fulfilment.objects.all()
    }
    assert told.reviews == {str(row.rollback_id): row.verdict for row in RollbackReview.objects.all()}
    assert set(told.releases) == {str(row.pk) for row in Release.objects.all()}
    for row in Release.objects.all():
        one = told.releases[str(row.pk)]
        assert (one.state, one.ending, one.digest, one.dossier) == (
            row.state,
            row.ending,
            row.digest,
            row.dossier_digest,
        )
        ids = (one.version, one.environment, one.compared_with, one.rollback_target, one.restores, one.gate)
        found = (row.version_id, row.environment_id, row.compared_with_id, row.rollback_target_id)
        assert ids == tuple(str(pk) if pk else None for pk in (*found, row.restores_id, row.gate_id))
        assert one.proposed_by == str(row.proposed_by_id)
        for act, by, at in ((one.live, row.live_by_id, row.live_from), (one.ended, row.ended_by_id, row.ended_at)):
            assert (act is None) == (at is None)
            assert act is None or (act[0], moment_of(act[1])) == (str(by), at)


def machine(seen: Counter[str], *, furnished: bool = True) -> type[ReleaseMachine]:
    """Return a machine whose examples begin with two releases in production, the second one live."""
    world = World()
    made: Any = type("Machine", (ReleaseMachine,), {"world": world, "seen": seen})
    if furnished:
        walk = made()
        walk.start()
        walk.a_version_is_released(0, 0, True)
        walk.a_version_is_released(1, 0, True)
        world.past = walk.past
        seen.clear()
    return made  # type: ignore[no-any-return]


@pytest.mark.slow
def test_releases_say_what_is_true_whatever_people_do(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    run(
        machine(seen),
        settings=at_random(6, 30),
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(sorted(seen.items()))}\n")
    assert seen["approved"]
    assert seen["lapsed"]


def test_the_machine_goes_live_back_and_down() -> None:
    seen: Counter[str] = Counter()
    walk: Any = machine(seen, furnished=False)()
    steps: list[Callable[[], None]] = [
        walk.start,
        partial(walk.a_version_is_released, 0, 0, True),
        partial(walk.a_version_is_released, 1, 0, True),
        partial(walk.somebody_who_signed_leaves, 0),
        partial(walk.everybody_is_there),
        partial(walk.a_live_release_is_rolled_back, 0, 3),
        partial(walk.a_rollback_is_reviewed, 0, "contested", 5),
        partial(walk.a_version_is_released, 2, 0, True),
        partial(walk.days_pass, 60, False),
        partial(walk.days_pass, 60, True),
        partial(walk.a_gate_is_withdrawn, 0, 0),
        partial(walk.a_release_is_withdrawn, 0, 11, 0),
    ]
    for step in steps:
        step()
        walk.a_gate_says_what_the_tables_say()
        walk.a_signature_counts_once_and_by_the_right_person()
        walk.one_release_of_a_model_is_live_and_rests_on_an_approval()
        walk.only_what_is_live_and_approved_may_be_deployed()
    walk.teardown()
    assert {"approved", "lapsed", "withdrawn", "may be deployed: True", "may be deployed: False"} <= set(seen)
    assert (seen["went live"], seen["rolled back while its gate was not approved"]) == (3, 1)
