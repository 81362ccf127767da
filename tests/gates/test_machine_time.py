"""Random things happen around a gate that rests on time, waivers, conditions and another gate; it says what is true."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run

from apps.core.clock import replay
from apps.core.errors import Refusal
from apps.datasets import actions as datasets
from apps.datasets.models import Source
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import Condition, Gate, SignOff, Waiver
from apps.ledger.models import Entry
from tests import commits
from tests.gates.policies import publish, text
from tests.gates.scenery import DAY, approve, fresh, sign, waive
from tests.machines import at_random
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 2, 26, 9, tzinfo=dt.UTC)
OLDEST, VALID = 3, 4
ASKED = text(f"document: other, max_age_days: {OLDEST}", "waiting_days: 1", "gate: start", more=f"valid_days: {VALID}")


class World:
    def __init__(self) -> None:
        with replay(START):
            self.scene: Scene = make_scene(name="Time")
            publish(self.scene, ASKED)


class TimeMachine(RuleBasedStateMachine):
    """One gate that waits a day, wants a fresh document and an approved start gate, and runs out after four days."""

    world: World
    seen: Counter[str]

    @initialize()
    def start(self) -> None:
        commits.ask_at_once()
        self.before = transaction.savepoint()
        self.moment = START
        self.scene = self.world.scene
        ref = version_ref(self.scene.version)
        with replay(self.moment):
            self.upstream = gates.open_gate("start", ref, by=self.scene.engineer)
            self.gate = gates.open_gate("build", ref, by=self.scene.engineer)

    def teardown(self) -> None:
        if hasattr(self, "before"):
            transaction.savepoint_rollback(self.before)

    @contextlib.contextmanager
    def act(self) -> Iterator[None]:
        self.moment += dt.timedelta(minutes=1)
        with replay(self.moment), contextlib.suppress(Refusal):
            yield
        commits.ask_for_entries()

    @rule(age=st.integers(0, OLDEST + 1))
    def somebody_attaches_a_study(self, age: int) -> None:
        with self.act():
            dated = self.moment.date() - age * DAY
            link = "https://wiki.example/study"
            evidence.add_document(
                self.gate.subject, "other", "Study", by=self.scene.engineer, link=link, dated_on=dated
            )

    @rule()
    def the_newest_study_is_taken_back(self) -> None:
        newest = Document.objects.filter(kind="other", withdrawal=None).order_by("id").last()
        if newest is not None:
            with self.act():
                evidence.withdraw_document(newest, by=self.scene.engineer, reason="Wrong")

    @rule(good=st.booleans())
    def the_source_changes(self, good: bool) -> None:
        with self.act():
            pk = Source.objects.get(datasets=self.scene.dataset).pk
            datasets.edit_source(pk, by=self.scene.engineer, revision=None, is_authoritative=good)

    @rule()
    def the_gate_above_is_approved(self) -> None:
        self.the_source_changes(True)
        with self.act():
            approve(self.scene, self.upstream)

    @rule(days=st.integers(1, 3))
    def the_study_is_waived(self, days: int) -> None:
        with self.act():
            waive(self.scene, self.gate, days=days)

    @rule()
    def the_waiver_is_revoked(self) -> None:
        newest = Waiver.objects.filter(gate=self.gate).order_by("id").last()
        if newest is not None:
            with self.act():
                gates.revoke_waiver(newest, by=self.scene.lead, reason="No longer")

    @rule(days=st.none() | st.integers(1, 3))
    def both_sign(self, days: int | None) -> None:
        with self.act():
            due = self.moment.date() + (days or 0) * DAY
            terms = gates.Terms("Do it", due, "technical_owner") if days else None
            sign(self.scene, self.gate, "business_owner", condition=terms)
            sign(self.scene, self.gate, "compliance_reviewer")

    @rule(days=st.none() | st.integers(1, 3))
    def everything_is_mended_and_signed(self, days: int | None) -> None:
        self.somebody_attaches_a_study(0)
        self.the_gate_above_is_approved()
        if self.moment < self.gate.created_at + DAY:
            self.time_passes(24)
        self.both_sign(days)

    @rule(accepted=st.booleans())
    def the_condition_is_fulfilled(self, accepted: bool) -> None:
        newest = Condition.objects.filter(sign_off__gate=self.gate).order_by("id").last()
        if newest is not None:
            by = self.scene.people["business_owner"]
            with self.act():
                gates.fulfil_condition(newest, by=self.scene.engineer, note="Done")
            with self.act():
                gates.answer_fulfilment(newest, by=by, is_accepted=accepted, comment="Read", confirmation_id=fresh(by))

    @rule(hours=st.sampled_from([1, 12, 24, 36, 60]))
    def time_passes(self, hours: int) -> None:
        self.moment += dt.timedelta(hours=hours)
        with replay(self.moment):
            gates.refresh_expired()

    def unmet(self) -> set[str]:
        """Return what is missing, from the tables and the policy's words alone."""
        today, missing = self.moment.date(), set()
        studies = Document.objects.filter(kind="other", withdrawal=None).exclude(dated_on=None)
        waivers = Waiver.objects.filter(gate=self.gate, revocation=None).order_by("id")
        is_waived = bool(waivers) and waivers[len(waivers) - 1].until >= today
        if not any(row.dated_on + OLDEST * DAY >= today for row in studies) and not is_waived:
            missing.add("study")
        if self.moment < self.gate.created_at + DAY:
            missing.add("waiting")
        start = Gate.objects.get(pk=self.upstream.pk)
        signed = SignOff.objects.filter(gate=start, dossier_digest=start.dossier_digest, verdict="approve")
        good = Source.objects.get(datasets=self.scene.dataset).is_authoritative
        if signed.count() < 2 or not good:
            missing.add("gate")
        return missing

    def _counts(self, rows: list[SignOff]) -> bool:
        """Tell whether the signatures make an approval that stands: two, not run out, no condition missed."""
        if len(rows) < 2 or self.moment >= max(row.signed_at for row in rows) + VALID * DAY:
            return False
        for row in Condition.objects.filter(sign_off__in=rows, due_on__lt=self.moment.date()):
            if not row.fulfilments.filter(answer__is_accepted=True).exists():
                return False
        return True

    @invariant()
    def the_state_is_what_the_tables_say(self) -> None:
        self.gate.refresh_from_db()
        gate, missing = self.gate, self.unmet()
        assert gate.unmet == len(missing), missing
        rows = list(SignOff.objects.filter(gate=gate, dossier_digest=gate.dossier_digest, verdict="approve"))
        approved = not missing and self._counts(rows)
        was = Entry.objects.filter(subject_id=gate.pk, action="gate.approved").exists()
        expected = "approved" if approved else "lapsed" if was else "open" if missing else "in_review"
        assert gate.state == expected
        self.seen[expected + (" waived" if gate.waived else "")] += 1

    @invariant()
    def a_look_changes_nothing(self) -> None:
        self.gate.refresh_from_db()
        before = self.gate.state, self.gate.revision, self.gate.turns_at
        with replay(self.moment):
            gates.refresh_all()
        self.gate.refresh_from_db()
        assert (self.gate.state, self.gate.revision, self.gate.turns_at) == before

    @invariant()
    def the_next_turn_lies_ahead(self) -> None:
        assert self.gate.turns_at is None or self.gate.turns_at > self.moment


def machine(seen: Counter[str]) -> type[TimeMachine]:
    return type("Machine", (TimeMachine,), {"world": World(), "seen": seen})


@pytest.mark.slow
def test_a_gate_says_what_is_true_whatever_time_brings() -> None:
    seen: Counter[str] = Counter()
    run(
        machine(seen),
        settings=at_random(12, 20),
    )
    assert seen["approved"]
    assert seen["lapsed"]


def test_the_machine_waives_runs_out_and_falls_with_the_gate_above() -> None:
    seen: Counter[str] = Counter()
    walk: Any = machine(seen)()
    walk.start()
    for step in (
        lambda: walk.everything_is_mended_and_signed(None),
        lambda: walk.time_passes(60),
        lambda: walk.time_passes(60),
        lambda: walk.everything_is_mended_and_signed(1),
        lambda: walk.time_passes(60),
        lambda: walk.both_sign(2),
        lambda: walk.the_condition_is_fulfilled(True),
        lambda: walk.the_newest_study_is_taken_back(),
        lambda: walk.the_newest_study_is_taken_back(),
        lambda: walk.the_study_is_waived(2),
        lambda: walk.both_sign(None),
        lambda: walk.the_source_changes(False),
        lambda: walk.everything_is_mended_and_signed(None),
    ):
        step()
        walk.the_state_is_what_the_tables_say()
        walk.a_look_changes_nothing()
        walk.the_next_turn_lies_ahead()
    walk.teardown()
    assert {"approved", "lapsed", "approved waived"} <= set(seen)
