"""What happens around releases besides signing: who comes and goes, what time brings, going live and back again."""

import datetime as dt

from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import rule

from apps.core.clock import replay
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import Gate, SignOff
from apps.owners import actions as owners
from apps.people import actions as people
from apps.people.models import Absence, User
from apps.registry import actions as registry
from apps.registry.models import ModelVersion
from apps.releases import actions
from apps.releases.models import Rehearsal, Release, Rollback
from tests.releases.machine import (
    DAY,
    RESPONSIBILITIES,
    STATEMENT,
    People,
    anybody,
    anything,
    proof_policy,
    release_policy,
)
from tests.releases.scenery import SIGNERS
from tests.releases.truth import REHEARSAL_COUNTS, words_of
from tests.scenery import hand_over, name_holder

JUDGES = (*SIGNERS, *SIGNERS, *RESPONSIBILITIES)


class Releases(People):
    """The rules of a state machine; all that people do besides signing."""

    @rule(name=st.sampled_from(JUDGES), to=anybody, deputy=st.none() | anybody)
    def a_responsibility_is_handed_over_or_given(self, name: str, to: int, deputy: int | None) -> None:
        row, person, by = self.held(name), self.person(to), self.world.clerk
        stand_in = None if deputy is None else self.person(deputy)
        with self.act():
            if row is None:
                name_holder(self.world.ref(name), name, person, by=by, deputy=stand_in)
            else:
                hand_over(row, person, by=by, deputy=stand_in)

    @rule(name=st.sampled_from(JUDGES))
    def a_responsibility_is_given_up(self, name: str) -> None:
        row = self.held(name)
        if row is not None:
            with self.act():
                owners.vacate(row, by=self.world.clerk)

    @rule(name=st.sampled_from(JUDGES), deputy=st.none() | anybody)
    def a_deputy_is_appointed(self, name: str, deputy: int | None) -> None:
        row = self.held(name)
        if row is not None:
            with self.act():
                stand_in = None if deputy is None else self.person(deputy)
                owners.appoint_deputy(row, stand_in, by=self.world.clerk)

    @rule(name=st.sampled_from(JUDGES), days=st.integers(0, 2))
    def a_holder_is_away(self, name: str, days: int) -> None:
        row, first = self.held(name), self.past.moment.date()
        if row is not None:
            with self.act():
                people.record_absence(row.holder, first, first + days * DAY, by=self.world.admin)

    @rule(index=anything)
    def an_absence_is_cancelled(self, index: int) -> None:
        rows = list(Absence.objects.filter(cancelled_at=None).order_by("id"))
        if rows:
            with self.act():
                people.cancel_absence(rows[index % len(rows)], by=self.world.admin)

    @rule(index=anybody, leaves=st.booleans())
    def a_person_leaves_or_comes_back(self, index: int, leaves: bool) -> None:
        with self.act():
            (people.deactivate if leaves else people.reactivate)(self.person(index), by=self.world.admin)

    @rule(index=anything)
    def somebody_who_signed_leaves(self, index: int) -> None:
        rows = list(SignOff.objects.order_by("-id").select_related("by"))
        if rows:
            with self.act():
                people.deactivate(rows[index % len(rows)].by, by=self.world.admin)

    @rule(days=st.sampled_from([1, 1, 2, 3, 60]), beat=st.booleans())
    def days_pass(self, days: int, beat: bool) -> None:
        """Let days pass; the beat sees what time alone turns, or nobody looks until the next act."""
        since, self.past.moment = self.past.moment, self.past.moment + days * DAY
        if not beat:
            self.stale = True
            return
        with replay(self.past.moment):
            gates.refresh_expired()
            limits = Q(rehearsed_at__gt=since - REHEARSAL_COUNTS, rehearsed_at__lte=self.past.moment - REHEARSAL_COUNTS)
            if Rehearsal.objects.filter(limits).exists():
                gates.refresh_all()
        self.stale = False

    @rule(index=st.integers(0, 2), sure=st.integers(0, 4))
    def a_version_is_withdrawn(self, index: int, sure: int) -> None:
        if sure == 0:
            version = ModelVersion.objects.select_related("model__use_case__team").get(pk=self.world.versions[index])
            with self.act():
                registry.withdraw_model_version(version, by=self.world.scene.engineer, reason="Leaks")

    @rule(kind=st.sampled_from(["proof", "release"]), variant=st.integers(0, 3), alone=st.integers(0, 3))
    def a_policy_is_published(self, kind: str, variant: int, alone: int) -> None:
        source = (release_policy if kind == "release" else proof_policy)(variant)
        with self.act():
            proposed = gates.propose_policy(source, by=self.world.clerk)
            gates.publish_policy(proposed, by=self.world.second_lead if alone else self.world.clerk)
            assert alone, "somebody published alone"

    @rule(index=anything, sure=st.integers(0, 3))
    def a_gate_is_withdrawn(self, index: int, sure: int) -> None:
        gate = self.gate(index)
        if gate is not None and sure == 0:
            with self.act():
                gates.withdraw(gate, by=self.world.clerk, reason="Not needed")

    @rule(index=anything, by=anybody)
    def a_release_goes_live(self, index: int, by: int) -> None:
        release = self.release(index, "proposed")
        if release is not None:
            self._go_live(release, self.actor(by))

    def _go_live(self, release: Release, by: User) -> None:
        """Bring it live: only what is approved now, and its proof too; that it is refused only then is told as well."""
        stale = self.stale
        with self.act():
            truth = self.truth
            live = truth.live_beside(release)
            fits = release.compared_with_id == (live.pk if live else None)
            proven = truth.is_approved("proof", release.version_id) and not truth.is_withdrawn(release.version_id)
            may = truth.is_approved("release", release.pk)
            able = by.is_active and by.may("release.promote", release.team.pk)
            found = actions.go_live(release, by=by)
            assert fits, "it was compared with something else"
            assert able, "somebody brought it live who may not"
            assert may, "it went live without an approved release gate"
            assert proven, "it went live without an approved proof gate"
            assert found.gate is not None
            self.past.approved.add(release.pk)
            self.seen["went live"] += 1
        assert stale or not (fits and able and may and proven and self.refused), self.refused

    @rule(index=anything, by=anybody)
    def a_live_release_is_rolled_back(self, index: int, by: int) -> None:
        release = self.release(index, "live", "live" if by else "ended")
        person = self.holder("technical_owner", by % 2 == 0) if by > 2 else self.person(by)
        if release is not None and person is not None:
            self._roll_back(release, person)

    def _roll_back(self, release: Release, by: User) -> None:
        """Go back: whatever the gate says, and exactly when a target is named that stands."""
        with self.act():
            truth, held = self.truth, self.held("technical_owner")
            gate_states = list(Gate.objects.order_by("pk").values_list("pk", "state"))
            who = held is not None and by.pk in (held.holder_id, held.deputy_id)
            able = who and User.objects.get(pk=by.pk).is_active
            named = release.rollback_target_id
            stands = named is not None and truth.stands(Release.objects.get(pk=named))
            due = able and release.state == "live" and stands
            found = actions.roll_back(release, by=by, reason="It answers in French")
            assert due, "it was gone back without anything that stands, or by somebody else"
            self._is_back(found, Release.objects.get(pk=named))
            self.seen["rolled back"] += 1
            if ("approved",) not in {(state,) for pk, state in gate_states if pk == release.gate_id}:
                self.seen["rolled back while its gate was not approved"] += 1
        assert not (due and self.refused), self.refused

    def _is_back(self, rollback: Rollback, target: Release) -> None:
        taken, back, origin = rollback.release, rollback.restored, target.restores or target
        taken.refresh_from_db()
        assert (taken.state, taken.ending, taken.ended_at) == ("ended", "rolled_back", self.past.moment)
        assert (back.state, back.live_from, back.restores) == ("live", self.past.moment, origin)
        same = ("version_id", "digest", "artefact_digest", "prompt_digest", "configuration_digest", "gate_id")
        assert all(getattr(back, name) == getattr(origin, name) for name in (*same, "dossier_digest", "environment_id"))
        assert self.truth.live_beside(taken) == back
        assert rollback.review_due_at == self.past.moment + dt.timedelta(days=5)
        self.past.by_rollback.add(back.pk)

    @rule(index=anything, verdict=st.sampled_from(["justified", "contested"]), by=anybody)
    def a_rollback_is_reviewed(self, index: int, verdict: str, by: int) -> None:
        rows = list(Rollback.objects.select_related("release__environment__team", "restored").order_by("-id"))
        person = self.holder("governance_owner") if by > 2 else self.person(by)
        if rows and person is not None:
            row = rows[index % len(rows)]
            with self.act():
                truth = self.truth
                entitled = truth.acts_under(self.held("governance_owner"), person)
                actions.review_rollback(row, by=person, verdict=verdict, comment="Looked at")
                assert entitled
                assert truth.person(person.pk) != truth.person(row.rolled_back_by_id)

    @rule(index=anything, by=anybody, sure=st.integers(0, 2))
    def a_release_is_withdrawn(self, index: int, by: int, sure: int) -> None:
        release = self.release(index)
        if release is not None and sure == 0:
            with self.act():
                actions.withdraw_release(release, by=self.actor(by), reason="Not needed")

    def everybody_is_there(self) -> None:
        """Let everybody come back, and each responsibility be held by whoever held it first."""
        for person in User.objects.filter(pk__in=self.world.people, is_active=False).order_by("pk"):
            with self.act():
                people.reactivate(person, by=self.world.admin)
        for index, name in enumerate(RESPONSIBILITIES):
            row = self.held(name)
            if row is None or row.holder_id != self.world.people[index]:
                self.a_responsibility_is_handed_over_or_given(name, index, None)

    def _prepare(self, index: int) -> tuple[Release, Gate] | None:
        """See to all that a release needs but the signatures on its own gate, as far as that can be."""
        release = self.release(index)
        if release is None:
            return None
        self.everybody_is_there()
        if release.state == "proposed":
            with self.act():
                actions.compare_anew(release, by=self.world.clerk)
            release.refresh_from_db()
        if release.rollback_target_id is not None:
            self._rehearse(release)
        proof, gate = self._asked("proof", release), self._asked("release", release)
        if proof is not None:
            self._sign_all(proof)
        return (release, gate) if gate is not None else None

    def _asked(self, kind: str, release: Release) -> Gate | None:
        """Return the gate of the release or its version, with the documents that it asks for and the days."""
        subject = release.pk if kind == "release" else release.version_id
        if self.truth.living(kind, subject) is None:
            self._ask(kind, release, self.world.clerk)
        gate = self.truth.living(kind, subject)
        for row in words_of(gate)["requirements"] if gate is not None else ():
            if gate is not None and not self.truth.is_met(gate, row):
                if row.get("document"):
                    self._document(gate.subject, row["document"])
                if row.get("waiting_days"):
                    self.days_pass(1, True)
        return gate

    @rule(version=st.integers(0, 2), environment=st.integers(0, 1), live=st.booleans())
    def a_version_is_released(self, version: int, environment: int, live: bool) -> None:
        """Do all that it takes, as far as people, documents and versions let it."""
        self.everybody_is_there()
        self.a_version_is_proposed(version, environment, 11, self.past.moment.minute % 2 == 0, 0)
        if not self.refused:
            self.all_is_done_for_a_release(0, live)

    @rule(index=anything, live=st.booleans())
    def all_is_done_for_a_release(self, index: int, live: bool) -> None:
        found = self._prepare(index)
        if found is not None:
            release, gate = found
            self._sign_all(gate)
            if live and release.state == "proposed":
                self._go_live(release, self.world.clerk)

    @rule(index=anything, days=st.integers(1, 2), accepted=st.none() | st.booleans(), later=st.sampled_from([0, 1, 3]))
    def it_is_signed_anew_on_a_condition(self, index: int, days: int, accepted: bool | None, later: int) -> None:
        found = self._prepare(index)
        if found is not None:
            self._document(found[1].subject, STATEMENT)
            self._sign_all(found[1], days)
            if accepted is not None:
                self.a_condition_is_fulfilled(0, accepted)
            if later:
                self.days_pass(later, True)

    @rule(index=anything, name=st.sampled_from(SIGNERS), to=anybody, away=st.booleans(), leaves=st.booleans())
    def a_deputy_signs_anew(self, index: int, name: str, to: int, away: bool, leaves: bool) -> None:
        """Let a deputy sign for somebody who is away, or try for one who is not, and everybody else sign too."""
        found = self._prepare(index)
        if found is not None:
            self._document(found[1].subject, STATEMENT)
            self.a_deputy_is_appointed(name, to)
            if away:
                self.a_holder_is_away(name, 0)
            deputy = self.holder(name, True)
            if deputy is not None:
                self._sign(found[1], deputy, name)
            self._sign_all(found[1])
            if leaves:
                self.a_person_leaves_or_comes_back(to, True)

    @rule(index=anything, days=st.integers(1, 3), revoked=st.booleans(), later=st.sampled_from([0, 0, 2]))
    def what_falls_is_waived(self, index: int, days: int, revoked: bool, later: int) -> None:
        found = self._prepare(index)
        if found is not None:
            gate = found[1]
            for row in Document.objects.filter(withdrawal=None, kind=STATEMENT, subject_id=gate.subject_id):
                with self.act():
                    evidence.withdraw_document(row, by=self.world.clerk, reason="Wrong")
            self._waive(gate, "privacy_exposure", days, self.holder("governance_owner"))
            self._sign_all(gate)
            if revoked:
                self.a_waiver_is_revoked(0, 11)
            if later:
                self.days_pass(later, True)

    @rule(index=anything, verdict=st.sampled_from(["justified", "contested"]))
    def it_goes_back_and_is_reviewed(self, index: int, verdict: str) -> None:
        self.a_live_release_is_rolled_back(index, 3)
        self.a_rollback_is_reviewed(0, verdict, 11)
