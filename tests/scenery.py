"""One believable team with a use case, a dataset and everything its start gate asks for."""

import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from apps.core import clock, jobs
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.models import Copy, Dataset, DatasetVersion, Upload, VersionExport
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.gates.models import Gate
from apps.owners import actions as owners
from apps.owners.models import Ownership, OwnershipOffer
from apps.people.models import Team, User
from apps.usecases import actions as usecases
from apps.usecases.models import UseCase
from tests.people.factories import confirmation_for, make_team, member

DOCUMENTS = ("exclusions", "retention_statement", "sensitive_data_statement", "labelling_guideline")
TRAIN = "text,category\nHow do I pay?,pay\nWhere is my card?,card\nI lost it,lost\n"
TEST = "text,category\nCan I pay later?,pay\n"
LEAKING = "text,category\nhow do i PAY?,pay\n"
ON_USE_CASE = ("business_owner", "technical_owner", "governance_owner", "sponsor", "compliance_reviewer")
ON_DATASET = ("source_owner", "data_steward", "annotation_owner", "review_lead")


@dataclass
class Scene:
    team: Team
    people: dict[str, User] = field(default_factory=dict)
    use_case: Any = None
    dataset: Any = None
    version: Any = None

    @property
    def lead(self) -> User:
        return self.people["governance_owner"]

    @property
    def engineer(self) -> User:
        return self.people["technical_owner"]

    def sign(self, gate: Gate, responsibility: str, verdict: str = "approve", **values: Any) -> Any:
        gate.refresh_from_db()
        by = values.pop("by", None) or self.people[responsibility]
        return gates.sign_off(
            gate,
            by=by,
            responsibility=responsibility,
            verdict=verdict,
            dossier_digest=values.pop("digest", gate.dossier_digest),
            confirmation_id=values.pop("confirmation", None) or confirmation_for(by).pk,
            **values,
        )

    def approve(self, gate: Gate) -> Gate:
        self.sign(gate, "business_owner")
        self.sign(gate, "compliance_reviewer")
        gate.refresh_from_db()
        return gate


def answered(offer: OwnershipOffer) -> Ownership:
    """Return what the offer came to, accepted by whoever was asked."""
    return offer.ownership or owners.accept(offer, by=offer.to)


def name_holder(ref: SubjectRef, responsibility: str, holder: User, *, by: User, **values: Any) -> Ownership:
    """Ask somebody to hold a responsibility, and let them accept."""
    return answered(owners.offer(ref, responsibility, holder, by=by, **values))


def hand_over(ownership: Ownership, to: User, *, by: User, **values: Any) -> Ownership:
    """Ask somebody to take a responsibility over, and let them accept."""
    return answered(owners.hand_over(ownership, to, by=by, **values))


def make_people(team: Team) -> dict[str, User]:
    roles = {
        "business_owner": "business_owner",
        "technical_owner": "technical_owner",
        "governance_owner": "governance_lead",
        "sponsor": "member",
        "compliance_reviewer": "compliance_reviewer",
        "source_owner": "data_steward",
        "data_steward": "data_steward",
        "annotation_owner": "data_steward",
        "review_lead": "data_steward",
    }
    return {
        responsibility: member(team, role, name=responsibility.replace("_", " ").title())
        for responsibility, role in roles.items()
    }


def make_use_case(scene: Scene) -> UseCase:
    return usecases.create_use_case(
        scene.team,
        by=scene.lead,
        name="Support assistant",
        summary="Sorts questions by intent",
        task="Name the intent of a question.",
        risk_tier="medium",
    )


def upload(dataset: Dataset, name: str, text: str | bytes, by: User) -> datasets.FileOffer:
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, data)
    file.file = io.BytesIO(data)
    return datasets.FileOffer(upload=datasets.take_file(dataset, file, by=by).pk)


def make_version(
    scene: Scene, train: str | bytes = TRAIN, test: str | bytes = TEST, by: User | None = None, **values: Any
) -> DatasetVersion:
    by = by or scene.engineer
    values.setdefault("fewer_splits_reason", "The publisher made two")
    version = datasets.register_version(
        scene.dataset,
        {
            "train": [upload(scene.dataset, "train.csv", train, by)],
            "test": [upload(scene.dataset, "test.csv", test, by)],
        },
        by=by,
        **values,
    )
    jobs.run_waiting()
    return version


def make_scene(*, complete: bool = True, train: str = TRAIN, test: str = TEST, name: str = "") -> Scene:
    """Return a team with people, a use case, a dataset and a version; complete: nothing lacks at its start gate."""
    scene = Scene(make_team(name))
    scene.people = make_people(scene.team)
    scene.use_case = make_use_case(scene)
    source = datasets.create_source(
        scene.team, by=scene.engineer, name="Help desk", kind="application", is_authoritative=True
    )
    scene.dataset = datasets.create_dataset(
        scene.use_case, by=scene.engineer, name="Questions", sources=[source] if complete else []
    )
    if complete:
        for responsibility in ON_USE_CASE:
            ref = SubjectRef("use_case", scene.use_case.pk)
            name_holder(ref, responsibility, scene.people[responsibility], by=scene.lead)
        for responsibility in ON_DATASET:
            name_holder(dataset_ref(scene.dataset), responsibility, scene.people[responsibility], by=scene.lead)
    scene.version = make_version(scene, train, test)
    if complete:
        for kind in DOCUMENTS:
            evidence.add_document(
                version_ref(scene.version),
                kind,
                kind.replace("_", " ").title(),
                by=scene.engineer,
                file=SimpleUploadedFile(f"{kind}.txt", f"About {kind}".encode()),
            )
    return scene


def publish_guideline(scene: Scene, *rules: str, by: User | None = None) -> Any:
    """Draft and publish the dataset's next guideline, with one example more than it has rules."""
    draft = datasets.draft_guideline(
        scene.dataset,
        by=scene.engineer,
        rules=rules or ["Label what the customer wants."],
        examples=[{"text": "Where is my money?", "label": "pay", "why": "Money, not a card."}],
    )
    owner = by or scene.people["annotation_owner"]
    return datasets.publish_guideline(draft.pk, by=owner, revision=draft.revision)


ANNOTATIONS = "item,annotator,label\n1,Ann,pay\n1,Bea,pay\n2,Ann,card\n2,Bea,pay\n3,Ann,card\n3,Bea,card\n"


def add_annotations(scene: Scene, text: str = ANNOTATIONS, version: Any = None, **values: Any) -> Any:
    """Add a table of annotations to a version and let the worker compare them."""
    version = version or scene.version
    offer = upload(version.dataset, "annotations.csv", text, scene.engineer)
    table = datasets.add_annotations(version, offer.upload, by=scene.engineer, **values)
    jobs.run_waiting()
    return table


def make_copy(scene: Scene, place: str = "s3://training/questions", **values: Any) -> Copy:
    """Register a training copy that the engineer owns and deletes in 90 days."""
    values = {"kind": "training", "owner": scene.engineer, "purpose": "To tune on", "keep_days": 90} | values
    kind, owner, purpose = values.pop("kind"), values.pop("owner"), values.pop("purpose")
    by = values.pop("by", scene.engineer)
    return datasets.register_copy(scene.version, kind, place, owner, purpose, by=by, **values)


def make_export(scene: Scene, **values: Any) -> VersionExport:
    """Make a link of the engineer's to the whole version."""
    values = {
        "by": scene.engineer,
        "reason": "To look at it offline",
        "delete_by": clock.today() + dt.timedelta(days=30),
    } | values
    return datasets.create_export(values.pop("version", scene.version), values.pop("format", "csv"), **values)


FEEDBACK = "text,category,ticket\nWhy was I charged twice?,pay,T-1\nMy card was swallowed,lost,T-2\n"


def make_proposed(scene: Scene, feedback: str = FEEDBACK, by: User | None = None, **values: Any) -> DatasetVersion:
    """Register a version of which two training rows come from production feedback."""
    by = by or scene.engineer
    plain = TRAIN.replace("category", "category,ticket").replace("\n", ",\n").replace("ticket,", "ticket")
    offer = upload(scene.dataset, "feedback.csv", feedback, by)
    declared = {"origin": "production_feedback", "origin_column": "ticket"} | values
    version = datasets.register_version(
        scene.dataset,
        {"train": [upload(scene.dataset, "train.csv", plain, by), replace(offer, **declared)]},
        by=by,
        fewer_splits_reason="A trial",
    )
    jobs.run_waiting()
    return version


@contextmanager
def tables_at(path: Any, *patterns: str) -> Iterator[None]:
    """Allow tables of a DuckDB file to be read, those in the schema ``support`` when nothing is named."""
    with override_settings(TABLES=list(patterns or ("support.*",)), TABLES_DATABASE=str(path)):
        yield


def ask_for_table(scene: Scene, table: str = "support.tickets") -> Upload:
    """Ask for a table; no worker has read it yet."""
    with tables_at("no-such.duckdb"):
        return datasets.take_table(scene.dataset, table, by=scene.engineer)


def make_gate(scene: Scene) -> Gate:
    gate = gates.open_gate("start", version_ref(scene.version), by=scene.engineer)
    gate.refresh_from_db()
    return gate
