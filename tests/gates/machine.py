"""What people do around one start gate: the rules of a state machine, and the scene that it starts from."""

import contextlib
import datetime as dt
import itertools
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from apps.core.clock import replay
from apps.core.errors import Refusal
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.models import SplitFile
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import SignOff
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people import confirmations
from apps.people.models import Absence, User
from tests import commits
from tests.people.factories import PASSWORD, make_user, member
from tests.scenery import DOCUMENTS, ON_DATASET, ON_USE_CASE, Scene, hand_over, make_scene, name_holder

START = dt.datetime(2026, 2, 26, 9, tzinfo=dt.UTC)
SIGNERS = ("business_owner", "compliance_reviewer")
ASKED = (*ON_DATASET, "business_owner", "technical_owner", "governance_owner", "compliance_reviewer")
ENDED = ("rejected", "withdrawn")
AUTHOR = 1
anybody = st.integers(0, 11)
_count = itertools.count(1)


class World:
    """The scene that every example starts from, and a clerk and an administrator who never leave."""

    def __init__(self) -> None:
        with replay(START):
            self.scene: Scene = make_scene(name="Machine")
            self.clerk = member(self.scene.team, "governance_lead", name="Clerk")
            self.admin = make_user("Admin", organisation_role="administrator")
            more = [member(self.scene.team, "business_owner", name=f"Another {number}") for number in range(3)]
            people_of_scene = [*self.scene.people.values(), *more]
            weak = datasets.create_source(self.scene.team, by=self.clerk, name="A second source", kind="other")
            self.sources = [*self.scene.dataset.sources.all(), weak]
        self.people = [person.pk for person in people_of_scene]
        self.authors = {
            self.scene.version.registered_by_id,
            *SplitFile.objects.filter(version=self.scene.version).values_list("added_by_id", flat=True),
        }
        assert self.people[AUTHOR] in self.authors
        self.refs = {
            "dataset": dataset_ref(self.scene.dataset),
            "use_case": SubjectRef("use_case", self.scene.use_case.pk),
        }


class People(RuleBasedStateMachine):
    """What people do to one gate after another on one version; ``entitled`` holds the sign-offs of the entitled."""

    world: World

    @initialize()
    def start(self) -> None:
        commits.ask_at_once()
        self.before = transaction.savepoint()
        self.moment = START
        self.entitled: set[uuid.UUID] = set()
        self.ended: dict[uuid.UUID, str] = {}
        self._open()

    def teardown(self) -> None:
        if hasattr(self, "before"):
            transaction.savepoint_rollback(self.before)

    def _open(self) -> None:
        with replay(self.moment):
            self.gate = gates.open_gate("start", version_ref(self.world.scene.version), by=self.world.clerk)
        self.revision, self.digests = 0, [self.gate.dossier_digest]

    @contextlib.contextmanager
    def act(self) -> Any:
        """Let a minute pass; a refusal is an answer too."""
        self.moment += dt.timedelta(minutes=1)
        with replay(self.moment), contextlib.suppress(Refusal):
            yield
        commits.ask_for_entries()

    def look(self) -> None:
        """Read the gate again; its revision never falls and an old dossier never comes back."""
        self.gate.refresh_from_db()
        assert self.gate.revision >= self.revision
        self.revision = self.gate.revision
        if self.gate.dossier_digest != self.digests[-1]:
            assert self.gate.dossier_digest not in self.digests
            self.digests.append(self.gate.dossier_digest)

    def person(self, index: int) -> User:
        found = User.objects.get(pk=self.world.people[index])
        found.credential = "machine"
        return found

    def standing(self) -> Any:
        return Document.objects.filter(withdrawal=None, kind__in=DOCUMENTS).order_by("id")

    def held(self, responsibility: str) -> Ownership | None:
        """Return the ownership that decides: on the dataset before the use case."""
        rows = Ownership.objects.filter(ended_at=None, responsibility=responsibility)
        for ref in self.world.refs.values():
            if (found := rows.filter(subject_type=ref.type, subject_id=ref.id).first()) is not None:
                return found
        return None

    @rule(kind=st.sampled_from(DOCUMENTS), days=st.sampled_from([None, None, 0, 1, 2]), on=st.booleans())
    def somebody_adds_a_document(self, kind: str, days: int | None, on: bool) -> None:
        with self.act():
            file = SimpleUploadedFile("paper.txt", f"{kind} {next(_count)}".encode())
            until = None if days is None else self.moment.date() + dt.timedelta(days=days)
            ref = version_ref(self.world.scene.version) if on else self.world.refs["dataset"]
            evidence.add_document(ref, kind, "Paper", by=self.world.clerk, file=file, valid_until=until)

    @rule(kind=st.sampled_from(DOCUMENTS), days=st.integers(0, 2))
    def a_document_gives_way_to_one_that_expires(self, kind: str, days: int) -> None:
        self.everything_is_mended()
        self.somebody_adds_a_document(kind, days, True)
        for row in self.standing().filter(kind=kind, valid_until=None):
            with self.act():
                evidence.withdraw_document(row, by=self.world.clerk, reason="A dated one stands")
        self.both_holders_approve(False)

    @rule(index=st.integers(0, 9))
    def somebody_takes_a_document_back(self, index: int) -> None:
        rows = list(self.standing())
        if rows:
            with self.act():
                evidence.withdraw_document(rows[index % len(rows)], by=self.world.clerk, reason="Wrong")

    @rule(chosen=st.lists(st.integers(0, 1), unique=True))
    def the_sources_change(self, chosen: list[int]) -> None:
        rows = [self.world.sources[index] for index in chosen]
        with self.act():
            datasets.edit_dataset(self.world.scene.dataset.pk, by=self.world.clerk, revision=None, sources=rows)

    @rule(index=st.integers(0, 1), good=st.booleans())
    def a_source_changes(self, index: int, good: bool) -> None:
        with self.act():
            pk = self.world.sources[index].pk
            datasets.edit_source(pk, by=self.world.clerk, revision=None, is_authoritative=good)

    @rule(responsibility=st.sampled_from((*ASKED, *SIGNERS * 2)), to=anybody, deputy=st.none() | anybody)
    def a_responsibility_is_handed_over_or_given(self, responsibility: str, to: int, deputy: int | None) -> None:
        stand_in = None if deputy is None else self.person(deputy)
        row, by = self.held(responsibility), self.world.clerk
        ref = self.world.refs["use_case" if responsibility in ON_USE_CASE else "dataset"]
        with self.act():
            if row is None:
                name_holder(ref, responsibility, self.person(to), by=by, deputy=stand_in)
            else:
                hand_over(row, self.person(to), by=by, deputy=stand_in)

    @rule(responsibility=st.sampled_from(SIGNERS), deputy=st.none() | anybody)
    def a_deputy_is_appointed(self, responsibility: str, deputy: int | None) -> None:
        row = self.held(responsibility)
        if row is not None:
            with self.act():
                owners.appoint_deputy(row, None if deputy is None else self.person(deputy), by=self.world.clerk)

    @rule(index=anybody, leaves=st.booleans())
    def a_person_leaves_or_comes_back(self, index: int, leaves: bool) -> None:
        with self.act():
            (people.deactivate if leaves else people.reactivate)(self.person(index), by=self.world.admin)

    @rule(first=st.booleans())
    def a_signer_leaves(self, first: bool) -> None:
        rows = SignOff.objects.filter(gate=self.gate, dossier_digest=self.gate.dossier_digest).order_by("id")
        row = rows.first() if first else rows.last()
        if row is not None:
            with self.act():
                people.deactivate(row.by, by=self.world.admin)

    @rule(responsibility=st.sampled_from(SIGNERS), days=st.integers(0, 2))
    def a_holder_is_away(self, responsibility: str, days: int) -> None:
        row = self.held(responsibility)
        if row is not None:
            first = self.moment.date()
            with self.act():
                people.record_absence(row.holder, first, first + dt.timedelta(days=days), by=self.world.admin)

    @rule(days=st.integers(1, 2))
    def days_pass(self, days: int) -> None:
        self.moment += dt.timedelta(days=days)
        with replay(self.moment):
            gates.refresh_expired()

    @rule(
        index=anybody,
        responsibility=st.sampled_from((*SIGNERS, "sponsor")),
        verdict=st.sampled_from(["approve"] * 4 + ["request_changes", "reject"]),
        age=st.integers(0, 2),
    )
    def a_random_person_signs(self, index: int, responsibility: str, verdict: str, age: int) -> None:
        self._sign(self.person(index), responsibility, verdict, age)

    @rule(
        responsibility=st.sampled_from(SIGNERS),
        stands_in=st.booleans(),
        verdict=st.sampled_from(["approve"] * 5 + ["request_changes", "reject"]),
    )
    def a_holder_or_deputy_signs(self, responsibility: str, stands_in: bool, verdict: str) -> None:
        row = self.held(responsibility)
        by = row and (row.deputy if stands_in and row.deputy else row.holder)
        if by is not None:
            by.credential = "machine"
            self._sign(by, responsibility, verdict, 0)

    def _sign(self, by: User, responsibility: str, verdict: str, age: int) -> None:
        """Sign the newest dossier (``age`` 0) or one of those before it."""
        self.look()
        digest = self.digests[-1 - min(age, len(self.digests) - 1)]
        with self.act():
            entitled = self._is_entitled(by, responsibility)
            row = gates.sign_off(
                self.gate,
                by=by,
                responsibility=responsibility,
                verdict=verdict,
                dossier_digest=digest,
                confirmation_id=confirmations.confirm(by, password=PASSWORD).pk,
                comment="Read",
            )
            assert entitled, f"{by} signed as {responsibility} without being entitled"
            assert digest == self.digests[-1], "an old dossier was signed"
            self.entitled.add(row.pk)

    def _is_entitled(self, by: User, responsibility: str) -> bool:
        row, day = self.held(responsibility), self.moment.date()
        if responsibility not in SIGNERS or row is None or not by.is_active or by.pk in self.world.authors:
            return False
        away = Absence.objects.filter(user=row.holder, cancelled_at=None, starts_on__lte=day, ends_on__gte=day)
        return row.holder_id == by.pk or (row.deputy_id == by.pk and away.exists())

    @rule()
    def everything_is_mended(self) -> None:
        if self.gate.state in ENDED:
            self.another_gate_is_opened()
        for kind in {*DOCUMENTS} - {row.kind for row in self.standing().filter(valid_until=None)}:
            self.somebody_adds_a_document(kind, None, True)
        self.a_source_changes(0, True)
        self.the_sources_change([0])
        for number, responsibility in enumerate(ASKED):
            row = self.held(responsibility)
            if row is None or (row.holder_id in self.world.authors and responsibility in SIGNERS):
                for index in (number, 9, 10, 11):
                    self.a_responsibility_is_handed_over_or_given(responsibility, index, None)

    @rule(responsibility=st.sampled_from(SIGNERS), index=anybody, away=st.booleans(), leaves=st.booleans())
    def a_deputy_is_appointed_and_tries(self, responsibility: str, index: int, away: bool, leaves: bool) -> None:
        self.everything_is_mended()
        self.a_deputy_is_appointed(responsibility, index)
        if away:
            self.a_holder_is_away(responsibility, 0)
        self.a_holder_or_deputy_signs(responsibility, True, "approve")
        for other in SIGNERS:
            self.a_holder_or_deputy_signs(other, False, "approve")
        if leaves:
            self.a_person_leaves_or_comes_back(index, True)

    @rule(responsibility=st.sampled_from(SIGNERS))
    def an_author_is_named_and_tries(self, responsibility: str) -> None:
        self.everything_is_mended()
        self.a_responsibility_is_handed_over_or_given(responsibility, AUTHOR, None)
        self.a_holder_or_deputy_signs(responsibility, False, "approve")

    @rule(first=st.booleans())
    def both_holders_approve(self, first: bool) -> None:
        if first:
            self.everything_is_mended()
        for responsibility in SIGNERS:
            self.a_holder_or_deputy_signs(responsibility, False, "approve")

    @precondition(lambda self: self.gate.state not in ENDED)
    @rule(sure=st.integers(0, 7))
    def the_gate_is_withdrawn(self, sure: int) -> None:
        if sure == 0:
            with self.act():
                gates.withdraw(self.gate, by=self.world.clerk, reason="Not needed")

    @precondition(lambda self: self.gate.state in ENDED)
    @rule()
    def another_gate_is_opened(self) -> None:
        self.ended[self.gate.pk] = self.gate.state
        self._open()
