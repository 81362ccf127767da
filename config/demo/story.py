"""Some weeks of one organisation, told through the actions, so that its ledger verifies like any other."""

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.assessments import actions as assessments
from apps.assessments.models import Assessment
from apps.core import clock, jobs
from apps.core.actor import SYSTEM
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.models import Dataset, DatasetVersion, Source
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.actions.gates import newest_policy
from apps.gates.models import Gate
from apps.ledger.actions import record
from apps.owners import actions as owners
from apps.owners.continuity import scenario
from apps.owners.models import Ownership
from apps.owners.responsibilities import RESPONSIBILITIES
from apps.people import actions as people
from apps.people import confirmations
from apps.people.models import Team, User
from apps.people.roles import OrganisationRole
from apps.usecases import actions as usecases
from apps.usecases.models import UseCase
from config.demo import (
    annotating,
    audits,
    custody,
    evaluations,
    hooks,
    material,
    models,
    origins,
    releases,
    rhythm,
    sensitive,
    told,
)
from config.demo.people import ALSO, DEPUTIES, OWNERS, PASSWORD, PEOPLE, TEAMS
from config.demo.readiness import CLAIMS, EARLIER, FIT

WEEKS = 7
PACE = 2.0


class Story:
    """The organisation while it is told; every step is a moment later than the one before."""

    def __init__(self) -> None:
        self.moment = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(weeks=WEEKS)
        self.people: dict[str, User] = {}
        self.teams: dict[str, Team] = {}

    @contextmanager
    def later(self, **step: float) -> Iterator[None]:
        """Do something some time later, never in the future."""
        limit = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        self.moment = min(self.moment + PACE * dt.timedelta(**step), limit)
        with clock.replay(self.moment):
            yield

    def who(self, key: str) -> User:
        """Return a fresh user object: roles are read once per object."""
        user = User.objects.get(pk=self.people[key].pk)
        user.via, user.credential = "demo", "demo"
        return user

    def tell(self) -> None:
        self._found()
        support, triage, desk = self._use_cases()
        self._support(support)
        self._triage(triage)
        self._desk(desk)
        origins.tell(self)
        self._assess(support, "teodora", CLAIMS, FIT)
        self._sign_assessment(self._assess(triage, "oskar", EARLIER, {}), "oskar", "magda")
        self._policy()
        sensitive.tell(self, triage)
        self._absence()
        self._continuity(desk)
        custody.tell(self)
        audits.tell(self)
        models.tell(self)
        evaluations.tell(self)
        hooks.tell(self)
        releases.tell(self)
        rhythm.tell(self)
        custody.share(self)
        hooks.deliver(self)
        told.tell(self)

    def _found(self) -> None:
        with self.later(minutes=0):
            for person in PEOPLE:
                user = User.objects.create_user(
                    person.email,
                    PASSWORD,
                    name=person.name,
                    is_demo=True,
                    organisation_role=person.organisation_role,
                    time_zone="Europe/Madrid",
                )
                EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
                self.people[person.key] = user
                record(
                    "person.invited",
                    by=SYSTEM,
                    subject=("user", user.pk, user.name),
                    team=None,
                    payload={"name": user.name, "organisation_role": person.organisation_role},
                )
        admin = self.who("ada")
        for key, (name, description) in TEAMS.items():
            with self.later(minutes=7):
                self.teams[key] = people.create_team(name, description, by=admin)
        roles = [(person.key, person.team, person.roles) for person in PEOPLE if person.team]
        for key, team, held in [*roles, *ALSO]:
            with self.later(minutes=3):
                people.change_roles(self.people[key], self.teams[team], held, by=admin)

    def _use_cases(self) -> tuple[UseCase, UseCase, UseCase]:
        with self.later(hours=20):
            support = usecases.create_use_case(
                self.teams["service"],
                by=self.who("ines"),
                name="Support assistant",
                summary="Sorts what customers ask into 77 intents, so that the right answer or colleague comes first.",
                task="Given one question from a customer, name its intent. Never answer the question itself.",
                success_measure="Share of chats that reach the right queue at first try: 71 % today, 90 % wanted.",
                risk_tier="medium",
                risk_reason="A wrong intent delays a customer; a colleague sees it within minutes.",
            )
        with self.later(hours=3):
            triage = usecases.create_use_case(
                self.teams["claims"],
                by=self.who("magda"),
                name="Dispute triage",
                summary="Recognises disputed payments and refund requests in incoming messages.",
                task="Given a message, say whether it disputes a payment, asks for a refund, or neither.",
                success_measure="Hours from message to case: 9 today, 2 wanted.",
                risk_tier="high",
                risk_reason="A missed dispute can run past a legal deadline.",
            )
        with self.later(hours=5):
            desk = usecases.create_use_case(
                self.teams["workplace"],
                by=self.who("lucia"),
                name="Identity help desk",
                summary="Suggests the next step when colleagues help a customer prove who they are.",
                task="Given the customer's question, suggest which verification article applies.",
                risk_tier="low",
                risk_reason="A colleague reads every suggestion before it is used.",
            )
        for key, use_case in (("service", support), ("claims", triage), ("workplace", desk)):
            self._name(key, "use_case", SubjectRef("use_case", use_case.pk))
        return support, triage, desk

    def _name(self, team: str, subject_type: str, ref: SubjectRef) -> None:
        lead = "magda" if team == "claims" else "ines"
        for responsibility, person in OWNERS[team].items():
            held_on = RESPONSIBILITIES[responsibility].held_on
            if subject_type in held_on and not (subject_type == "dataset" and "use_case" in held_on):
                self.ask(ref, responsibility, person, lead)

    def ask(self, ref: SubjectRef, responsibility: str, person: str, lead: str, note: str = "") -> Ownership:
        """Let the lead ask somebody, and let them accept a little later."""
        with self.later(minutes=1):
            offer = owners.offer(ref, responsibility, self.who(person), by=self.who(lead), note=note)
        if offer.ownership is not None:
            return offer.ownership
        with self.later(minutes=1):
            return owners.accept(offer, by=self.who(person))

    def _dataset(self, team: str, by: str, use_case: UseCase, name: str, about: str, source: Source) -> Dataset:
        with self.later(hours=6):
            dataset = datasets.create_dataset(use_case, by=self.who(by), name=name, description=about, sources=[source])
        self._name(team, "dataset", dataset_ref(dataset))
        return dataset

    def _version(self, dataset: Dataset, by: str, files: dict[str, bytes], **values: Any) -> DatasetVersion:
        with self.later(hours=4):
            offers = {}
            for split, data in files.items():
                file = SimpleUploadedFile(f"{split}.csv", b"")
                file.file, file.size = io.BytesIO(data), len(data)
                offers[split] = [datasets.FileOffer(upload=datasets.take_file(dataset, file, by=self.who(by)).pk)]
            version = datasets.register_version(dataset, offers, by=self.who(by), **values)
        with self.later(minutes=1):
            jobs.run_waiting()
        return version

    def _attach(self, version: DatasetVersion, by: str) -> list[Document]:
        found = []
        for kind, (title, text) in material.DOCUMENTS.items():
            with self.later(minutes=11):
                file = SimpleUploadedFile(f"{kind}.txt", f"{version}\n\n{text}\n".encode())
                found.append(evidence.add_document(version_ref(version), kind, title, by=self.who(by), file=file))
        return found

    def _open(self, version: DatasetVersion, by: str) -> Gate:
        with self.later(hours=2):
            return gates.open_gate("start", version_ref(version), by=self.who(by))

    def sign(self, gate: Gate, person: str, responsibility: str, verdict: str = "approve", comment: str = "") -> None:
        with self.later(hours=5):
            user = self.who(person)
            confirmation = confirmations.confirm(user, password=PASSWORD)
            gate.refresh_from_db()
            gates.sign_off(
                gate,
                by=user,
                responsibility=responsibility,
                verdict=verdict,
                dossier_digest=gate.dossier_digest,
                confirmation_id=confirmation.pk,
                comment=comment,
            )

    def _source(self, team: str, by: str, **values: Any) -> Source:
        with self.later(hours=1):
            return datasets.create_source(self.teams[team], by=self.who(by), **values)

    def _support(self, use_case: UseCase) -> None:
        source = self._source("service", "sanne", **origins.BANKING)
        cards = self._dataset(
            "service", "teodora", use_case, "Card questions", "Five intents about cards, to begin with.", source
        )
        version = self._version(cards, "teodora", material.cleaned(material.CARDS), note="First cut")
        self._attach(version, "sanne")
        gate = self._open(version, "teodora")
        self.sign(gate, "kofi", "compliance_reviewer", comment="Read the sample; nothing personal is left.")
        self.sign(gate, "bruno", "business_owner", comment="These are the five that matter first.")
        whole = self._dataset(
            "service",
            "teodora",
            use_case,
            "Customer questions (Banking77)",
            "13,083 real questions to a bank, labelled with 77 intents.",
            source,
        )
        files = {"train": material.published("train.csv"), "test": material.published("test.csv")}
        published = self._version(
            whole,
            "teodora",
            files,
            note="As published",
            fewer_splits_reason="The publisher made two splits; validation is cut from train when a run starts.",
        )
        self._attach(published, "sanne")
        annotating.tell(self, whole, published)
        self._open(published, "teodora")

    def _triage(self, use_case: UseCase) -> None:
        source = self._source("claims", "oskar", **origins.INBOX)
        disputes = self._dataset(
            "claims", "oskar", use_case, "Disputed payments", "Messages about payments nobody recognises.", source
        )
        version = self._version(disputes, "oskar", material.cleaned(material.DISPUTES), note="Three dispute intents")
        self._attach(version, "sanne")
        audits.find_sound(self, version, "kofi")
        with self.later(minutes=20):
            evidence.attest(version_ref(version), "labels_reviewed", by=self.who("ravi"))
        gate = self._open(version, "oskar")
        self.sign(gate, "bruno", "business_owner", comment="Fits how the desk sorts them today.")
        refunds = self._dataset(
            "claims", "oskar", use_case, "Refund requests", "Messages that ask for money back.", source
        )
        refused = self._version(refunds, "oskar", material.cleaned(material.REFUNDS), note="Draft")
        self._attach(refused, "sanne")
        other = self._open(refused, "oskar")
        self.sign(
            other,
            "kofi",
            "compliance_reviewer",
            "reject",
            "Refund messages quote invoice texts that we may not train on. Start again from the masked export.",
        )

    def _desk(self, use_case: UseCase) -> None:
        source = self._source("workplace", "hana", **origins.HELP_DESK)
        dataset = self._dataset(
            "workplace", "hana", use_case, "Identity questions", "Questions about proving who one is.", source
        )
        first = self._version(dataset, "hana", material.cleaned(material.HELP[:2]), note="Two intents")
        early = self._open(first, "hana")
        with self.later(hours=8):
            gates.withdraw(early, by=self.who("hana"), reason="Two intents are too few; version 2 has four.")
        second = self._version(dataset, "hana", material.cleaned(material.HELP), note="Four intents")
        documents = self._attach(second, "ravi")
        gate = self._open(second, "hana")
        self.sign(gate, "lucia", "business_owner")
        self.sign(gate, "kofi", "compliance_reviewer")
        with self.later(days=3):
            evidence.withdraw_document(
                documents[1], by=self.who("ravi"), reason="The retention period was changed to twelve months."
            )

    def _assess(self, use_case: UseCase, by: str, claims: Sequence[tuple[str, ...]], fit: dict[str, str]) -> Assessment:
        with self.later(hours=3):
            assessment = assessments.start(use_case, by=self.who(by))
        for person, question, level, comment, proof in claims:
            with self.later(minutes=21):
                assessments.answer(
                    assessment,
                    question,
                    level,
                    by=self.who(person),
                    revision=0,
                    comment=comment,
                    link=f"https://wiki.demo.example/{question}" if proof else "",
                    link_title=proof,
                )
        if fit:
            with self.later(minutes=12):
                assessments.state_fit(assessment, fit, by=self.who(by), revision=0)
        return assessment

    def _sign_assessment(self, assessment: Assessment, submitter: str, signer: str) -> None:
        with self.later(hours=2):
            assessment = assessments.submit(assessment, by=self.who(submitter))
        with self.later(hours=5):
            user = self.who(signer)
            confirmation = confirmations.confirm(user, password=PASSWORD)
            assessments.sign(assessment, by=user, digest=assessment.digest, confirmation_id=confirmation.pk)

    def _policy(self) -> None:
        with self.later(days=1):
            source = newest_policy("start").source.replace("at_most: 0.5", "at_most: 0.2")
            gates.propose_policy(
                source, by=self.who("magda"), note="Fewer conflicting labels: 0.5 % was chosen before we had figures."
            )

    def _absence(self) -> None:
        with self.later(hours=2):
            today = dt.datetime.now(dt.UTC).date()
            people.record_absence(
                self.people["magda"],
                today + dt.timedelta(days=9),
                today + dt.timedelta(days=13),
                by=self.who("magda"),
                note="Conference",
            )

    def _continuity(self, desk: UseCase) -> None:
        for team, responsibility, deputy in DEPUTIES:
            row = self._held(responsibility, team)
            with self.later(minutes=9):
                owners.appoint_deputy(row, self.who(deputy), by=self.who("magda" if team == "claims" else "ines"))
        place = SubjectRef("use_case", desk.pk)
        with self.later(hours=1):
            first = owners.offer(place, "sponsor", self.who("ravi"), by=self.who("ines"), note="You know the desk.")
        with self.later(hours=2):
            owners.decline(first, by=self.who("ravi"), reason="The budget is not mine to spend; ask Lucía.")
        with self.later(hours=1):
            owners.offer(place, "sponsor", self.who("lucia"), by=self.who("ines"), note="The desk is your budget.")
        with self.later(hours=1):
            owners.hand_over(
                self._held("sponsor", "service"),
                self.who("lucia"),
                by=self.who("bruno"),
                note="Cards move to your budget in spring.",
            )
        with self.later(hours=1):
            who = scenario([self.people["bruno"]], [], None)
            owners.record_drill(who, by=self.who("ines"), note="Quarterly drill. Bruno names deputies by Friday.")

    def _held(self, responsibility: str, team: str) -> Ownership:
        rows = Ownership.objects.active().filter(team=self.teams[team], responsibility=responsibility)
        return rows.order_by("id")[0]


def accounts() -> str:
    """Return the demo accounts as `up` prints them."""
    roles = {
        person.key: OrganisationRole(person.organisation_role).label
        if person.organisation_role
        else f"{', '.join(str(role.label) for role in person.roles)}, {TEAMS[person.team][0]}"  # type: ignore[attr-defined]
        for person in PEOPLE
    }
    lines = [f"    {person.email:<24} {person.name}: {roles[person.key]}" for person in PEOPLE]
    return f"  Demo accounts, all with the password “{PASSWORD}”:\n" + "\n".join(lines) + "\n"
