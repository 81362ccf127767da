"""Random people do random things around one start gate; what it says stays true and can be told from the ledger."""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.db.models import Count
from hypothesis.stateful import invariant
from hypothesis.stateful import run_state_machine_as_test as run

from apps.core import clock
from apps.datasets.models import Source
from apps.gates import due
from apps.gates.models import SIGNABLE_STATES, Gate, GateSeat, GateState, SignOff
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.models import User
from tests.gates.machine import ASKED, ENDED, SIGNERS, People, World
from tests.machines import at_random
from tests.people.factories import make_user, member
from tests.scenery import DOCUMENTS, Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db


class GateMachine(People):
    """Checks after every step what must hold, without asking the code that computes a gate's state."""

    seen: Counter[str]

    def unmet(self) -> set[str]:
        """Return what is missing, from the tables and the policy's words alone."""
        today = self.moment.date()
        kinds = {row.kind for row in self.standing() if row.valid_until is None or row.valid_until >= today}
        missing = {*DOCUMENTS} - kinds
        if any(self.held(responsibility) is None for responsibility in ASKED):
            missing.add("named_owners")
        sources = Source.objects.filter(datasets=self.world.scene.dataset)
        if not sources or not all(row.is_authoritative for row in sources):
            missing.add("sources_declared")
        return missing

    @invariant()
    def the_state_is_what_the_tables_say(self) -> None:
        self.look()
        gate, missing = self.gate, self.unmet()
        if gate.state in ENDED:
            return
        assert gate.unmet == len(missing), missing
        current = SignOff.objects.filter(gate=gate, dossier_digest=gate.dossier_digest).select_related("by")
        asked = current.filter(verdict="request_changes").exists()
        given = {row.responsibility: row for row in current if row.verdict == "approve" and row.by.is_active}
        complete = set(given) == set(SIGNERS) and len({row.by_id for row in given.values()}) == len(SIGNERS)
        approved = complete and not missing and not asked
        was = Entry.objects.filter(subject_id=gate.pk, action="gate.approved").exists()
        waits = "open" if missing or asked else "in_review"
        assert gate.state == ("approved" if approved else "lapsed" if was else waits)
        for row in given.values() if approved else ():
            assert row.by_id not in self.world.authors
            assert row.pk in self.entitled

    @invariant()
    def a_signature_that_is_missing_can_be_given(self) -> None:
        """Where nothing lacks but signatures, each holder who may still sign is asked to."""
        self.look()
        current = SignOff.objects.filter(gate=self.gate, dossier_digest=self.gate.dossier_digest)
        if self.gate.state not in SIGNABLE_STATES or self.unmet() or current.exclude(verdict="approve").exists():
            return
        signed = set(current.values_list("by", flat=True)) | self.world.authors
        counted = set(current.filter(by__is_active=True).values_list("responsibility", flat=True))
        for responsibility in {*SIGNERS} - counted:
            row = self.held(responsibility)
            if row is not None and row.holder_id not in signed:
                asked = GateSeat.objects.filter(gate=self.gate, user=row.holder_id, responsibility=responsibility)
                assert asked.exists(), f"nobody is asked to sign as {responsibility}"

    @invariant()
    def nobody_approves_one_dossier_twice(self) -> None:
        rows = SignOff.objects.filter(verdict="approve").values("gate", "dossier_digest", "by")
        assert not rows.annotate(n=Count("id")).filter(n__gt=1).exists()

    @invariant()
    def an_ended_gate_stays_ended(self) -> None:
        now = dict(Gate.objects.filter(pk__in=self.ended).values_list("pk", "state"))
        assert now == self.ended

    @invariant()
    def the_state_is_what_the_ledger_tells(self) -> None:
        """Replay the gate's own entries: each state follows from the one before, each approval from signatures."""
        told: list[str] = []
        state, signed = "", dict[str, list[tuple[str, str, object]]]()
        for entry in Entry.objects.filter(subject_type="gate", subject_id=self.gate.pk).order_by("seq"):
            verb, payload = entry.action.removeprefix("gate."), entry.payload
            if verb == "opened":
                assert not told
                state = "open"
            elif verb == "signed_off":
                row = (payload["verdict"], payload["responsibility"], entry.actor_id)
                signed.setdefault(payload["dossier"], []).append(row)
            elif "changed" in payload:
                assert payload["changed"]["state"] == {"from": state, "to": verb}
                state = verb
                if verb == "approved":
                    verdicts, responsibilities, who = zip(*signed.get(payload["dossier"], []), strict=True)
                    assert (set(verdicts), set(responsibilities)) == ({"approve"}, set(SIGNERS))
                    assert len(set(who)) == len(SIGNERS)
                    assert told[-1] == "signed_off", f"approved after “{told[-1]}”, without a signature"
                assert verb != "lapsed" or "approved" in told
            told.append(verb)
        assert state == self.gate.state
        self.seen[state] += 1


def machine(seen: Counter[str]) -> type[GateMachine]:
    return type("Machine", (GateMachine,), {"world": World(), "seen": seen})


@pytest.mark.slow
def test_a_gate_says_what_is_true_whatever_people_do(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    run(
        machine(seen),
        settings=at_random(15, 30),
    )
    with capsys.disabled():
        sys.stdout.write(f"\nsteps by the state they led to: {dict(seen)}\n")


def test_the_machine_reaches_every_state() -> None:
    seen: Counter[str] = Counter()
    walk = machine(seen)()
    steps: list[Callable[[], None]] = [
        walk.start,
        partial(walk.both_holders_approve, True),
        partial(walk.somebody_takes_a_document_back, 0),
        partial(walk.both_holders_approve, True),
        partial(walk.a_person_leaves_or_comes_back, 0, True),
        walk.everything_is_mended,
        partial(walk.a_holder_or_deputy_signs, "compliance_reviewer", False, "reject"),
        walk.another_gate_is_opened,
        partial(walk.somebody_adds_a_document, DOCUMENTS[0], 0, True),
        partial(walk.days_pass, 1),
        partial(walk.the_sources_change, []),
        partial(walk.the_gate_is_withdrawn, 0),
    ]
    for step in steps:
        step()
        walk.the_state_is_what_the_tables_say()
        walk.a_signature_that_is_missing_can_be_given()
        walk.the_state_is_what_the_ledger_tells()
    walk.teardown()
    assert set(seen) == set(GateState.values)
    assert seen["approved"] == 2


@pytest.fixture
def lapsed() -> tuple[Scene, Gate, User]:
    """Return a gate that a deputy approved for an absent holder, and who was deactivated since."""
    scene = make_scene()
    deputy = member(scene.team, "business_owner", name="Deputy")
    held = Ownership.objects.active().get(responsibility="business_owner")
    owners.appoint_deputy(held, deputy, by=scene.lead)
    day = clock.today()
    people.record_absence(held.holder, day, day, by=held.holder)
    gate = make_gate(scene)
    scene.sign(gate, "business_owner", by=deputy)
    scene.sign(gate, "compliance_reviewer")
    deputy = people.deactivate(deputy, by=make_user(organisation_role="administrator"))
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    return scene, gate, deputy


def test_a_signature_that_stopped_counting_is_given_again_by_the_holder(lapsed: tuple[Scene, Gate, User]) -> None:
    scene, gate, _deputy = lapsed
    assert [item.subject for item in due.signatures(scene.people["business_owner"])] == [gate.ref]
    asked = GateSeat.objects.filter(gate=gate, stands_in_for=None)
    for responsibility in list(asked.values_list("responsibility", flat=True)):
        scene.sign(gate, responsibility)
    gate.refresh_from_db()
    assert gate.state == GateState.APPROVED


def test_an_approval_does_not_come_back_with_the_person(lapsed: tuple[Scene, Gate, User]) -> None:
    _scene, gate, deputy = lapsed
    people.reactivate(deputy, by=make_user(organisation_role="administrator"))
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED


def test_an_approval_ends_when_its_signer_loses_every_role_in_the_team() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    admin = make_user(organisation_role="administrator")
    people.change_roles(scene.people["business_owner"], scene.team, [], by=admin)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
