"""What people do around releases of one model in two environments: the rules, and the scene that they start from."""

import contextlib
import copy
import datetime as dt
import itertools
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from apps.core.clock import replay
from apps.core.errors import Refusal
from apps.core.subjects import SubjectRef
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import Condition, Gate, SignOff, Waiver
from apps.owners.models import Ownership
from apps.people.models import User
from apps.registry.models import ModelVersion
from apps.releases import actions
from apps.releases.models import Release
from apps.releases.refs import release_ref
from tests import commits
from tests.gates.policies import second_lead
from tests.gates.scenery import fresh
from tests.people.factories import make_user, member
from tests.releases.scenery import PROMPTS, PROOF_POLICY, SIGNERS, first_version, make_environment, make_stage
from tests.releases.scenery import next_version as another_version
from tests.releases.scenery import release_policy as shipped_policy
from tests.releases.truth import LIVING, Truth, words_of
from tests.scenery import ON_USE_CASE, Scene

START = dt.datetime(2026, 2, 26, 9, tzinfo=dt.UTC)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
RESPONSIBILITIES = (*ON_USE_CASE, "model_owner")
SIGNING = ("approve",) * 6 + ("request_changes", "reject")
STATEMENT, STUDY = "sensitive_data_statement", "other"
WAIVABLE = ("privacy_exposure", "rehearsal", "change", "study", "proof_gate", "rollback_target")
anybody, anything = st.integers(0, 11), st.integers(0, 7)
_count = itertools.count(1)

STUDIED = "  - {id: study, title: A study, document: other, max_age_days: 4}\n"
WAITED = "  - {id: cooling, title: A day to object, waiting_days: 1}\n"
FEWER = "sign_offs:\n  - responsibility: model_owner\n  - responsibility: governance_owner\n"


def release_policy(variant: int) -> str:
    """Return a policy for release gates that asks for more, for less, or for a time."""
    asked, signed = shipped_policy().split("sign_offs:\n")
    more = ("valid_days: 6\n", "longest_waiver_days: 2\n", "", "")[variant]
    rows = (STUDIED, "", WAITED, STUDIED)[variant]
    signed = FEWER if variant == 2 else "sign_offs:\n" + signed
    return f"# {next(_count)}\n{asked}{rows}{more}{signed}"


def proof_policy(variant: int) -> str:
    asked, signed = PROOF_POLICY.split("sign_offs:\n")
    more = ("valid_days: 9\n", "")[variant % 2]
    rows = (STUDIED, "")[variant // 2]
    return f"# {next(_count)}\n{asked}{rows}{more}sign_offs:\n  - responsibility: compliance_reviewer\n{signed}"


@dataclass
class Past:
    """What happened so far: when, what was signed by whom, the dossiers of each gate, and how releases went live."""

    moment: dt.datetime = START
    signed: dict[uuid.UUID, tuple[Any, ...]] = field(default_factory=dict)
    digests: dict[uuid.UUID, list[str]] = field(default_factory=dict)
    decisions: int = 0
    approved: set[uuid.UUID] = field(default_factory=set)
    by_rollback: set[uuid.UUID] = field(default_factory=set)


class World:
    """Three versions of a model, two environments, twelve people; a clerk and an administrator who never leave."""

    def __init__(self) -> None:
        with replay(START):
            self.scene: Scene = make_stage(name="Machine")
            team = self.scene.team
            self.clerk = member(team, "governance_lead", name="Clerk")
            self.admin = make_user("Admin", organisation_role="administrator")
            self.second_lead = second_lead(self.scene)
            versions = [another_version(self.scene, f"{number}.0.0", seed=number) for number in (2, 3)]
            self.versions = [first_version(self.scene).pk, *(version.pk for version in versions)]
            self.environments = [make_environment(self.scene), make_environment(self.scene, "Staging", "staging")]
            named = [self.scene.people[name] for name in RESPONSIBILITIES]
            roles = ("business_owner", "business_owner", "compliance_reviewer", "technical_owner", "governance_lead")
            more = [member(team, role, name=f"Another {number}") for number, role in enumerate(roles)]
            twin = member(team, "business_owner", name="Second Account")
            EmailAddress.objects.create(user=twin, email=self.scene.engineer.email.upper(), verified=True)
        self.people = [person.pk for person in (*named, *more, twin)]
        self.persons = {twin.pk: self.scene.engineer.pk}
        self.model = first_version(self.scene).model_id
        self.past = Past()

    def ref(self, responsibility: str) -> SubjectRef:
        if responsibility == "model_owner":
            return SubjectRef("model", self.model)
        return SubjectRef("use_case", self.scene.use_case.pk)


class People(RuleBasedStateMachine):
    """What people do; ``past`` is what the machine itself knows of it, ``stale`` that no beat ran since time passed."""

    world: World
    seen: Counter[str]

    @initialize()
    def start(self) -> None:
        commits.ask_at_once()
        self.before = transaction.savepoint()
        self.stale, self.refused = False, ""
        self.past = copy.deepcopy(self.world.past)

    @property
    def truth(self) -> Truth:
        return Truth(self.past.moment, self.world.persons)

    @contextlib.contextmanager
    def act(self) -> Iterator[None]:
        """Let a minute pass; a refusal is an answer too, kept in ``refused``. Twice a minute the beat looks."""
        self.past.moment += MINUTE
        self.refused = ""
        with replay(self.past.moment):
            if not self.stale:
                gates.refresh_expired()
            try:
                yield
            except Refusal as refusal:
                self.refused = refusal.code
                self.seen[f"refused: {refusal.code}"] += 1
            gates.refresh_expired()
        commits.ask_for_entries()
        self.stale = False

    def person(self, index: int) -> User:
        found = User.objects.get(pk=self.world.people[index])
        found.credential = "machine"
        return found

    def actor(self, index: int) -> User:
        """Return somebody, more often than not one who may do everything."""
        return self.person(index) if index < 8 else self.world.clerk

    def held(self, responsibility: str) -> Ownership | None:
        ref = self.world.ref(responsibility)
        return self.truth.held([(ref.type, ref.id)], responsibility)

    def holder(self, responsibility: str, stands_in: bool = False) -> User | None:
        row = self.held(responsibility)
        found = row and (row.deputy if stands_in and row.deputy else row.holder)
        if found is not None:
            found.credential = "machine"
        return found

    def release(self, index: int, *states: str) -> Release | None:
        rows = list(Release.objects.whole().filter(state__in=states or ("proposed", "live")).order_by("-id"))
        return rows[index % len(rows)] if rows else None

    def gate(self, index: int) -> Gate | None:
        rows = list(Gate.objects.filter(state__in=LIVING).order_by("-id"))
        return rows[index % len(rows)] if rows else None

    @rule(version=st.integers(0, 2), environment=st.integers(0, 1), by=anybody, prompts=st.booleans(), back=anything)
    def a_version_is_proposed(self, version: int, environment: int, by: int, prompts: bool, back: int) -> None:
        row = ModelVersion.objects.select_related("model__use_case__team", "run").get(pk=self.world.versions[version])
        place, digest = self.world.environments[environment], PROMPTS if prompts else ""
        target = self.release(back, "ended") if back > 4 else None
        with self.act():
            actions.propose_release(row, place, by=self.actor(by), prompt_digest=digest, rollback_target=target)

    @rule(index=anything, back=anything)
    def a_proposal_is_compared_anew(self, index: int, back: int) -> None:
        release, target = self.release(index, "proposed"), self.release(back, "ended") if back > 4 else None
        if release is not None:
            with self.act():
                actions.compare_anew(release, by=self.world.clerk, rollback_target=target)

    @rule(index=anything, kind=st.sampled_from([STATEMENT, STUDY]), days=st.sampled_from([None, None, 0, 2]))
    def a_document_is_added(self, index: int, kind: str, days: int | None) -> None:
        gate = self.gate(index)
        if gate is not None:
            self._document(gate.subject, kind, days)

    def _document(self, ref: SubjectRef, kind: str, days: int | None = None) -> None:
        until = None if days is None else self.past.moment.date() + days * DAY
        link = f"https://wiki.example/{next(_count)}"
        with self.act():
            evidence.add_document(ref, kind, "Paper", by=self.world.clerk, link=link, valid_until=until)

    @rule(index=anything)
    def a_document_is_taken_back(self, index: int) -> None:
        rows = list(Document.objects.filter(withdrawal=None, subject_type__in=("release", "model_version")))
        if rows:
            with self.act():
                evidence.withdraw_document(rows[index % len(rows)], by=self.world.clerk, reason="Wrong")

    @rule(index=anything, passed=st.sampled_from([True, True, False]), days=st.sampled_from([0, 1, 88]))
    def going_back_is_rehearsed(self, index: int, passed: bool, days: int) -> None:
        release = self.release(index)
        if release is not None:
            self._rehearse(release, passed, days)

    def _rehearse(self, release: Release, passed: bool = True, days: int = 0) -> None:
        with self.act():
            actions.record_rehearsal(
                release,
                by=self.world.clerk,
                rehearsed_by=self.world.clerk,
                rehearsed_at=self.past.moment - days * DAY,
                duration_seconds=90,
                outcome="passed" if passed else "failed",
                link=f"https://wiki.example/{next(_count)}",
            )

    @rule(kind=st.sampled_from(["proof", "release"]), index=anything, by=anybody)
    def a_gate_is_asked_for(self, kind: str, index: int, by: int) -> None:
        release = self.release(index)
        if release is not None:
            self._ask(kind, release, self.actor(by))

    def _ask(self, kind: str, release: Release, by: User) -> None:
        ref = release_ref(release) if kind == "release" else SubjectRef("model_version", release.version_id)
        with self.act():
            gates.open_gate(kind, ref, by=by)

    @rule(index=anything, person=anybody, name=st.sampled_from(SIGNERS), verdict=st.sampled_from(SIGNING), age=anything)
    def somebody_signs(self, index: int, person: int, name: str, verdict: str, age: int) -> None:
        gate = self.gate(index)
        if gate is not None:
            self._sign(gate, self.person(person), name, verdict, max(age - 5, 0))

    @rule(index=anything, name=st.sampled_from(SIGNERS), stands_in=st.booleans(), verdict=st.sampled_from(SIGNING))
    def a_holder_or_deputy_signs(self, index: int, name: str, stands_in: bool, verdict: str) -> None:
        gate, by = self.gate(index), self.holder(name, stands_in)
        if gate is not None and by is not None:
            self._sign(gate, by, name, verdict)

    @rule(index=anything, days=st.none() | st.integers(1, 3))
    def every_holder_approves(self, index: int, days: int | None) -> None:
        gate = self.gate(index)
        if gate is not None:
            self._sign_all(gate, days)

    def _sign_all(self, gate: Gate, days: int | None = None) -> None:
        for row in words_of(gate)["sign_offs"]:
            by = self.holder(row["responsibility"])
            if by is not None:
                self._sign(gate, by, row["responsibility"], days=days)
                days = None

    def _sign(
        self, gate: Gate, by: User, name: str, verdict: str = "approve", age: int = 0, days: int | None = None
    ) -> None:
        """Sign the newest dossier (``age`` 0) or one of those before it; refused only where it must be."""
        gate.refresh_from_db()
        known = self.past.digests.get(gate.pk, [gate.dossier_digest])
        digest = known[-1 - min(age, len(known) - 1)] if age else gate.dossier_digest
        terms = gates.Terms("Do it", self.past.moment.date() + days * DAY, "technical_owner") if days else None
        stale = self.stale
        with self.act():
            truth = self.truth
            entitled, hindrances = truth.may_sign(gate, by, name), self._hindrances(gate, by, name, digest, verdict)
            row = gates.sign_off(
                gate,
                by=by,
                responsibility=name,
                verdict=verdict,
                dossier_digest=digest,
                confirmation_id=fresh(by) if by.is_active else None,
                comment="Read",
                condition=terms,
            )
            assert entitled, f"{by} signed as {name} without being entitled"
            gate.refresh_from_db()
            assert digest == gate.dossier_digest or row.verdict != "approve", "an old dossier was signed"
            assert stale or not hindrances or verdict != "approve", f"it was approved, although {hindrances}"
            self.past.signed[row.pk] = (gate.pk, digest, by.pk, name, verdict)
            self.past.decisions += 1
        assert stale or terms or not entitled or hindrances or not self.refused, f"{name}: {self.refused}"

    def _hindrances(self, gate: Gate, by: User, name: str, digest: str, verdict: str) -> list[str]:
        """Return why the signature is not waited for: the dossier is the newest, complete, and lacks just this."""
        truth = self.truth
        rows = list(SignOff.objects.filter(gate=gate, dossier_digest=digest))
        found = {
            "the dossier is not the newest": digest != gate.dossier_digest,
            "they have signed it": truth.person(by.pk) in {truth.person(row.by_id) for row in rows},
        }
        if verdict == "approve":
            found |= {
                "it was given": any(row.responsibility == name and row.verdict == "approve" for row in rows),
                "changes were asked for": any(row.verdict == "request_changes" for row in rows),
                f"it lacks {truth.unmet(gate)}": bool(truth.unmet(gate)),
            }
        return [why for why, hinders in found.items() if hinders]

    @rule(index=anything, name=st.sampled_from(WAIVABLE), days=st.integers(1, 3), by=anybody)
    def a_requirement_is_waived(self, index: int, name: str, days: int, by: int) -> None:
        gate = self.gate(index)
        person = self.holder("governance_owner") if by > 1 else self.person(by)
        if gate is not None:
            self._waive(gate, name, days, person)

    def _waive(self, gate: Gate, name: str, days: int, person: User | None) -> None:
        """Except a requirement; only the governance owner or a deputy may who made nothing of it and didn't ask."""
        if person is None or not person.is_active:
            return
        gate.refresh_from_db()
        with self.act():
            truth = self.truth
            entitled = truth.acts_under(self.held("governance_owner"), person)
            entitled = entitled and truth.person(person.pk) not in truth.authors(gate)
            until = self.past.moment.date() + days * DAY
            values: dict[str, Any] = {"dossier_digest": gate.dossier_digest, "confirmation_id": fresh(person)}
            gates.waive(gate, by=person, requirement=name, reason="It comes", until=until, **values)
            assert entitled, f"{person} waived {name} without being entitled"
            assert name != "proof_gate", "what may not be waived was"
            self.past.decisions += 1

    @rule(index=anything, by=anybody)
    def a_waiver_is_revoked(self, index: int, by: int) -> None:
        rows = list(Waiver.objects.filter(revocation=None).order_by("-id"))
        person = self.holder("governance_owner") if by > 2 else self.person(by)
        if rows and person is not None:
            with self.act():
                gates.revoke_waiver(rows[index % len(rows)], by=person, reason="No longer")

    @rule(index=anything, accepted=st.booleans())
    def a_condition_is_fulfilled(self, index: int, accepted: bool) -> None:
        rows = list(Condition.objects.select_related("sign_off").order_by("-id"))
        if not rows:
            return
        condition = rows[index % len(rows)]
        does, answers = self.holder("technical_owner"), self.holder(condition.sign_off.responsibility)
        if does is not None and answers is not None:
            with self.act():
                gates.fulfil_condition(condition, by=does, note="Done")
            with self.act():
                values: dict[str, Any] = {"is_accepted": accepted, "comment": "Read", "confirmation_id": fresh(answers)}
                gates.answer_fulfilment(condition, by=answers, **values)
                self.past.decisions += 1
