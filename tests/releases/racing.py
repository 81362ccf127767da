"""What several people do to one gate or release at the same instant, each over a connection of their own."""

import functools
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from apps.core.clock import replay
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import Gate, SignOff, Waiver
from apps.gates.models.signing import FulfilmentAnswer
from apps.owners import actions as owners
from apps.people import actions as people
from apps.people.models import User
from apps.releases import actions
from apps.releases.models import Release, Rollback
from tests.gates.scenery import fresh
from tests.races import Act, at_once, at_once_behind
from tests.releases.machine import DAY, MINUTE, SIGNERS, STATEMENT, anything, release_policy
from tests.releases.machine_live import Releases
from tests.releases.truth import words_of
from tests.scenery import hand_over

SIGNING = (
    "sign", "sign", "sign_otherwise", "hand_over", "vacate", "holder_leaves", "signer_leaves", "holder_is_away",
    "deputy_signs", "withdraw_document", "add_document", "withdraw_gate", "waive", "revoke_waiver", "publish_policy",
    "beat",
)  # fmt: skip
LIVING = (
    "go_live", "go_live", "another_goes_live", "roll_back", "withdraw_release", "withdraw_live", "withdraw_document",
    "signer_leaves", "withdraw_gate", "withdraw_proof", "sign_otherwise", "beat",
)  # fmt: skip
GOING_BACK = ("roll_back", "roll_back", "go_live", "withdraw_live", "withdraw_gate", "review", "rehearse", "beat")


def _after(first: str, more: list[str]) -> list[str]:
    return [first, *more]


def several(names: tuple[str, ...]) -> Any:
    return st.lists(st.sampled_from(names), min_size=1, max_size=3).map(functools.partial(_after, names[0]))


class Races(Releases):
    """The rules of a state machine in which acts meet: each act is prepared, and then all begin together."""

    @rule(index=anything, acts=several(SIGNING), number=anything, held=st.booleans())
    def others_act_while_the_last_signature_is_given(
        self, index: int, acts: list[str], number: int, held: bool
    ) -> None:
        found = self._prepare(index)
        if found is not None:
            release, gate = found
            names = [row["responsibility"] for row in words_of(gate)["sign_offs"]]
            last = names[number % len(names)]
            self._document(gate.subject, STATEMENT)
            for name in names:
                by = self.holder(name)
                if by is not None and name != last:
                    self._sign(gate, by, name)
            self._race(acts, release, gate, last, number, held)

    @rule(version=st.integers(0, 2), acts=several(LIVING), number=anything, held=st.booleans())
    def others_act_while_a_release_goes_live(self, version: int, acts: list[str], number: int, held: bool) -> None:
        self.a_version_is_released(version, 0, False)
        self._race_about(self.release(0, "proposed"), acts, number, held)

    @rule(version=st.integers(0, 2), acts=several(GOING_BACK), number=anything, held=st.booleans())
    def others_act_while_it_is_gone_back(self, version: int, acts: list[str], number: int, held: bool) -> None:
        if self.release(0, "live") is None:
            self.a_version_is_released(version, 0, True)
        self._race_about(self.release(0, "live"), acts, number, held)

    @rule(index=anything, acts=several((*SIGNING, *LIVING, *GOING_BACK)), number=anything, held=st.booleans())
    def several_act_at_once(self, index: int, acts: list[str], number: int, held: bool) -> None:
        found = self._prepare(index)
        self._race_about(found and found[0], acts, number, held)

    def _race_about(self, release: Release | None, acts: list[str], number: int, held: bool) -> None:
        gate = release and Gate.objects.filter(subject_id=release.pk).select_related("policy_version").last()
        if release is not None and gate is not None:
            self._race(acts, release, gate, SIGNERS[number % len(SIGNERS)], number, held)

    def _race(self, names: list[str], release: Release, gate: Gate, last: str, number: int, held: bool) -> None:
        """Let the acts begin together; ``held``: once each has read what it reads and waits for the gate."""
        self.past.moment += MINUTE
        moment = self.past.moment
        with replay(moment):
            gates.refresh_expired()
            gate.refresh_from_db()
            acts = [
                getattr(self, f"_{name}_act")(release, gate, last, number + turn) for turn, name in enumerate(names)
            ]

        def at_the_moment(act: Act) -> None:
            with replay(moment):
                act()

        steps = [functools.partial(at_the_moment, act) for act in acts if act is not None]
        self.stale, self.refused = False, ""
        if steps:
            self._heard(at_once_behind(steps, Gate.objects.filter(pk=gate.pk)) if held else at_once(steps))
            self.seen["acts that met"] += len(steps)

    def _heard(self, ended: Counter[str]) -> None:
        """Take in what happened: acts done and refused, never failed. Each decision used one confirmation."""
        for how, number in ended.items():
            assert not how.startswith("error"), ended
            self.seen[f"at once: {how}"] += number
        for row in SignOff.objects.exclude(pk__in=self.past.signed):
            self.past.signed[row.pk] = (row.gate_id, row.dossier_digest, row.by_id, row.responsibility, row.verdict)
        was_live = self.past.approved | self.past.by_rollback
        for release in Release.objects.exclude(live_from=None).exclude(pk__in=was_live):
            (self.past.by_rollback if release.restores_id else self.past.approved).add(release.pk)
        self.past.decisions = sum(kind.objects.count() for kind in (SignOff, Waiver, FulfilmentAnswer))

    def _sign_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        return self._signing(gate, self.holder(last), last, "approve")

    def _deputy_signs_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        return self._signing(gate, self.holder(last, True), last, "approve")

    def _sign_otherwise_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        name = SIGNERS[number % len(SIGNERS)]
        by = self.holder(last if number % 2 else name)
        return self._signing(gate, by, name, ("approve", "request_changes", "reject")[number % 3])

    def _signing(self, gate: Gate, by: User | None, name: str, verdict: str) -> Act | None:
        if by is None or not by.is_active:
            return None
        values: dict[str, Any] = {"dossier_digest": gate.dossier_digest, "confirmation_id": fresh(by)}
        return functools.partial(
            gates.sign_off, gate, by=by, responsibility=name, verdict=verdict, comment="Read", **values
        )

    def _hand_over_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        row, to = self.held(last), self.person((number + 4) % 12)
        return row and functools.partial(hand_over, row, to, by=self.world.clerk)

    def _vacate_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        row = self.held(last)
        return row and functools.partial(owners.vacate, row, by=self.world.clerk)

    def _holder_leaves_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        by = self.holder(last)
        return by and functools.partial(people.deactivate, by, by=self.world.admin)

    def _signer_leaves_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        rows = list(gate.sign_offs.order_by("-id").select_related("by"))
        return functools.partial(people.deactivate, rows[number % len(rows)].by, by=self.world.admin) if rows else None

    def _holder_is_away_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        row, day = self.held(last), self.past.moment.date()
        return row and functools.partial(
            people.record_absence, row.holder, day, day + number % 2 * DAY, by=self.world.admin
        )

    def _withdraw_document_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        row = Document.objects.filter(withdrawal=None, kind=STATEMENT, subject_id=gate.subject_id).last()
        return row and functools.partial(evidence.withdraw_document, row, by=self.world.clerk, reason="Wrong")

    def _add_document_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        values: dict[str, Any] = {"by": self.world.clerk, "link": f"https://wiki.example/race/{number}"}
        return functools.partial(evidence.add_document, gate.subject, STATEMENT, "Paper", **values)

    def _withdraw_gate_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        return functools.partial(gates.withdraw, gate, by=self.world.clerk, reason="Not needed")

    def _withdraw_proof_act(self, release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        proof = self.truth.living("proof", release.version_id)
        return proof and self._withdraw_gate_act(release, proof, last, number)

    def _waive_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        by = self.holder("governance_owner")
        if by is None or not by.is_active:
            return None
        values: dict[str, Any] = {"dossier_digest": gate.dossier_digest, "confirmation_id": fresh(by)}
        until = self.past.moment.date() + DAY
        return functools.partial(
            gates.waive, gate, by=by, requirement="privacy_exposure", reason="It comes", until=until, **values
        )

    def _revoke_waiver_act(self, _release: Release, gate: Gate, last: str, number: int) -> Act | None:
        row, by = Waiver.objects.filter(gate=gate, revocation=None).last(), self.holder("governance_owner")
        return functools.partial(gates.revoke_waiver, row, by=by, reason="No longer") if row and by else None

    def _publish_policy_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        proposed = gates.propose_policy(release_policy(number % 4), by=self.world.clerk)
        return functools.partial(gates.publish_policy, proposed, by=self.world.second_lead)

    def _go_live_act(self, release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        chosen = release if release.state == "proposed" else self.release(number, "proposed")
        return chosen and functools.partial(actions.go_live, chosen, by=self.world.clerk)

    def _another_goes_live_act(self, release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        others = Release.objects.whole().filter(state="proposed", environment=release.environment_id)
        other = others.exclude(pk=release.pk).last()
        return other and functools.partial(actions.go_live, other, by=self.world.clerk)

    def _live(self, release: Release) -> Release | None:
        rows = Release.objects.whole().filter(state="live", environment=release.environment_id)
        return rows.filter(model=release.model_id).first()

    def _roll_back_act(self, release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        live, by = self._live(release), self.holder("technical_owner")
        return functools.partial(actions.roll_back, live, by=by, reason="It answers in French") if live and by else None

    def _withdraw_release_act(self, release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        return functools.partial(actions.withdraw_release, release, by=self.world.clerk, reason="Not needed")

    def _withdraw_live_act(self, release: Release, gate: Gate, last: str, number: int) -> Act | None:
        live = self._live(release)
        return live and self._withdraw_release_act(live, gate, last, number)

    def _review_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        rows = Rollback.objects.select_related("release__environment__team", "restored")
        row, by = rows.order_by("id").last(), self.holder("governance_owner")
        if row is None or by is None:
            return None
        verdict = ("justified", "contested")[number % 2]
        return functools.partial(actions.review_rollback, row, by=by, verdict=verdict, comment="Looked at")

    def _rehearse_act(self, release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        return functools.partial(
            actions.record_rehearsal,
            release,
            by=self.world.clerk,
            rehearsed_by=self.world.clerk,
            rehearsed_at=self.past.moment - DAY,
            duration_seconds=90,
            outcome=("passed", "failed")[number % 2],
            link=f"https://wiki.example/rehearsal/{number}",
        )

    def _beat_act(self, _release: Release, _gate: Gate, last: str, number: int) -> Act | None:
        return gates.refresh_expired
