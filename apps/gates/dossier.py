"""The dossier: everything a signer sees on a gate, in one canonical form with a digest."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _

from apps.core import subjects
from apps.core.canonical import canonical_json, digest_of, sha256_digest
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.evidence.kinds import DOCUMENT_KINDS
from apps.evidence.models import Attestation, Document
from apps.gates.models import Gate
from apps.gates.policy import Policy, Requirement, known
from apps.gates.wording import asked_for
from apps.owners import holders
from apps.owners.models import Ownership
from apps.owners.responsibilities import title

OutcomeStatus = Literal["met", "missing", "failing", "lapsed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one requirement: its status, a sentence for a person, and the proof with its digests."""

    id: str
    title: str
    status: OutcomeStatus
    sentence: str
    needed: str
    proof: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        return self.status == "met"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "status": self.status,
            "sentence": self.sentence,
            "needed": self.needed,
            "proof": self.proof,
        }


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as read now. ``content_digest`` leaves out the revision; ``digest`` is what is signed."""

    subject: Any
    policy: Policy
    outcomes: tuple[Outcome, ...]
    holders: dict[str, Ownership]
    authors: frozenset[uuid.UUID]
    content: dict[str, Any]
    content_digest: str

    @property
    def unmet(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.is_met]

    @property
    def proof_until(self) -> dt.date | None:
        """The last day on which all that is met stays met as time passes; None when nothing expires."""
        days = [found for row in self.outcomes if row.is_met and (found := row.proof.get("valid_until"))]
        return min(map(dt.date.fromisoformat, days), default=None)

    def body(self, revision: int) -> str:
        return canonical_json({**self.content, "revision": revision}).decode()

    def digest(self, revision: int) -> str:
        return sha256_digest(self.body(revision).encode())


@dataclass(frozen=True, slots=True)
class _Sources:
    """What requirements are judged by, read once."""

    facts: dict[str, Fact]
    documents: list[Document]
    attestations: list[Attestation]
    holders: dict[str, Ownership]
    subject_digest: str
    today: dt.date


def build(gate: Gate, today: dt.date) -> Dossier:
    """Read everything the gate's policy asks for and judge it; a constant number of queries.

    ``today`` decides what has expired. Raise ``NotFound`` when the subject is gone.
    """
    policy = known(gate.policy_version.source)
    chain = subjects.chain(gate.subject)
    refs = [ref for ref, _obj in chain]
    obj = chain[0][1]
    kind = subjects.kind(gate.subject_type)
    held = holders.holders(gate.subject, refs)
    sources = _Sources(
        facts.read_along(chain, {row.fact for row in policy.requirements if row.fact}),
        list(Document.objects.on(*refs).standing().order_by("id")),
        list(Attestation.objects.on(*refs).standing().order_by("id")),
        held,
        kind.digest(obj),
        today,
    )
    outcomes = tuple(_judge(row, sources) for row in policy.requirements)
    signers = [
        {
            "responsibility": row.responsibility,
            "not_author": row.not_author,
            "holder": _person(held.get(row.responsibility)),
        }
        for row in policy.sign_offs
    ]
    authors = frozenset(kind.authors(obj))
    content = {
        "v": 1,
        "gate": str(gate.pk),
        "subject": {
            "type": gate.subject_type,
            "id": str(gate.subject_id),
            "label": kind.label(obj),
            "digest": sources.subject_digest,
        },
        "policy": {
            "kind": policy.kind,
            "number": gate.policy_version.number,
            "digest": gate.policy_version.digest,
        },
        "requirements": [outcome.as_dict() for outcome in outcomes],
        "signers": signers,
        "authors": sorted(str(author) for author in authors),
    }
    return Dossier(obj, policy, outcomes, held, authors, content, digest_of(content))


def _person(ownership: Ownership | None) -> dict[str, str] | None:
    return {"id": str(ownership.holder_id), "name": ownership.holder.name} if ownership else None


def _judge(row: Requirement, sources: _Sources) -> Outcome:
    if row.owners:
        return _owners(row, sources)
    if row.document:
        return _document(row, sources)
    if row.attestation:
        return _attestation(row, sources)
    return _fact(row, sources)


def _owners(row: Requirement, sources: _Sources) -> Outcome:
    named = {name: _person(sources.holders.get(name)) for name in row.owners}
    vacant = [str(title(name)) for name, person in named.items() if person is None]
    needed = asked_for(row)
    if vacant:
        sentence = _("Vacant: %(titles)s.") % {"titles": ", ".join(vacant)}
        return Outcome(row.id, row.title, "missing", sentence, needed, {"owners": named})
    sentence = _("All %(n)d are named.") % {"n": len(named)}
    return Outcome(row.id, row.title, "met", sentence, needed, {"owners": named})


def _fact(row: Requirement, sources: _Sources) -> Outcome:
    fact = sources.facts.get(row.fact)
    needed = asked_for(row)
    if fact is None or fact.status != "known":
        status: OutcomeStatus = "failing" if fact is not None and fact.status == "failed" else "missing"
        sentence = fact.sentence if fact is not None else _("Not known yet.")
        state = {"fact": row.fact, "state": fact.status if fact else "unknown"}
        return Outcome(row.id, row.title, status, sentence, needed, state)
    proof: dict[str, Any] = {
        "fact": row.fact,
        "figures": {name: _canonical(value) for name, value in fact.figures.items()},
        "computed_from": dict(fact.computed_from),
    }
    holds = any(
        condition.figure in fact.figures and condition.holds(fact.figures[condition.figure])
        for condition in row.conditions
    )
    return Outcome(row.id, row.title, "met" if holds else "failing", fact.sentence, needed, proof)


def _canonical(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _document(row: Requirement, sources: _Sources) -> Outcome:
    needed = asked_for(row)
    found = [document for document in sources.documents if document.kind == row.document]
    if not found:
        sentence = str(DOCUMENT_KINDS[row.document].says)
        return Outcome(row.id, row.title, "missing", sentence, needed)
    valid = [row_ for row_ in found if row_.valid_until is None or row_.valid_until >= sources.today]
    newest = (valid or found)[-1]
    proof = {
        "document": str(newest.pk),
        "title": newest.title,
        "digest": newest.digest,
        "valid_until": newest.valid_until.isoformat() if newest.valid_until else None,
    }
    if not valid:
        sentence = _("“%(title)s” was valid until %(day)s.") % {
            "title": newest.title,
            "day": proof["valid_until"],
        }
        return Outcome(row.id, row.title, "lapsed", sentence, needed, proof)
    return Outcome(row.id, row.title, "met", newest.title, needed, proof)


def _attestation(row: Requirement, sources: _Sources) -> Outcome:
    needed = asked_for(row)
    found = [made for made in sources.attestations if made.kind == row.attestation]
    if not found:
        return Outcome(row.id, row.title, "missing", _("Nobody has stated it yet."), needed)
    newest = found[-1]
    proof = {
        "attestation": str(newest.pk),
        "by": str(newest.added_by_id),
        "digest": digest_of({"statement": newest.statement, "comment": newest.comment}),
    }
    if newest.subject_digest and newest.subject_digest != sources.subject_digest:
        sentence = _("It was stated of other content. State it again.")
        return Outcome(row.id, row.title, "lapsed", sentence, needed, proof)
    return Outcome(row.id, row.title, "met", newest.statement, needed, proof)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was between two dossiers of one gate."""

    what: str
    before: str
    after: str


def differences(old_body: str, new_body: str) -> list[Difference]:
    """Return what changed from one dossier to another, requirement by requirement, in words."""
    old, new = json.loads(old_body), json.loads(new_body)
    found = []
    if old["subject"]["digest"] != new["subject"]["digest"]:
        found.append(Difference(_("Content"), old["subject"]["digest"], new["subject"]["digest"]))
    before = {row["id"]: row for row in old["requirements"]}
    for row in new["requirements"]:
        was = before.get(row["id"])
        if was is None or (was["status"], was["proof"]) != (row["status"], row["proof"]):
            found.append(
                Difference(
                    row["title"],
                    f"{was['status']}: {was['sentence']}" if was else "",
                    f"{row['status']}: {row['sentence']}",
                )
            )
    people = {row["responsibility"]: row["holder"] for row in old["signers"]}
    for row in new["signers"]:
        was = people.get(row["responsibility"])
        if was != row["holder"]:
            found.append(
                Difference(
                    str(title(row["responsibility"])),
                    was["name"] if was else _("vacant"),
                    row["holder"]["name"] if row["holder"] else _("vacant"),
                )
            )
    if not found and old["revision"] != new["revision"]:
        found.append(Difference(_("Revision"), str(old["revision"]), str(new["revision"])))
    return found
