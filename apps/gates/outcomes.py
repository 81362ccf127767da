"""What becomes of one requirement, judged by what was read: the status, a sentence, the proof with its digests."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.utils.translation import gettext as _

from apps.core.canonical import digest_of, moment_text
from apps.core.clock import end_of
from apps.core.subjects import SubjectRef
from apps.evidence.facts import Fact
from apps.evidence.kinds import DOCUMENT_KINDS
from apps.evidence.models import Attestation, Document
from apps.gates.models import Gate, GateState, Waiver
from apps.gates.policy import Requirement
from apps.gates.wording import asked_for, instant
from apps.owners.models import Ownership
from apps.owners.responsibilities import title

OutcomeStatus = Literal["met", "missing", "failing", "lapsed", "pending", "waived"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one requirement: its status, a sentence for a person, and the proof with its digests.

    ``turns_at`` is the moment at which time alone makes it another outcome; the dossier does not tell it.
    """

    id: str
    title: str
    status: OutcomeStatus
    sentence: str
    needed: str
    proof: dict[str, Any] = field(default_factory=dict)
    turns_at: dt.datetime | None = None

    @property
    def is_met(self) -> bool:
        """Tell whether it blocks nothing: it is met, or waived for now."""
        return self.status in ("met", "waived")

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
class Upstream:
    """One subject on whose gate a gate rests, that gate if there is one, and its state, judged anew."""

    ref: SubjectRef
    label: str
    gate: Gate | None
    state: GateState | None


@dataclass(frozen=True, slots=True)
class Sources:
    """What requirements are judged by, read once. ``refs`` are the subject and those above it."""

    refs: Sequence[SubjectRef]
    facts: Mapping[str, Fact]
    documents: Sequence[Document]
    attestations: Sequence[Attestation]
    holders: Mapping[str, Ownership]
    subject_digest: str
    upstream: Mapping[str, Sequence[Upstream]]
    moment: dt.datetime

    @property
    def today(self) -> dt.date:
        return self.moment.date()


def person(ownership: Ownership | None) -> dict[str, str] | None:
    return {"id": str(ownership.holder_id), "name": ownership.holder.name} if ownership else None


def judge(row: Requirement, sources: Sources) -> Outcome:
    """Return the outcome of a requirement that is no waiting period."""
    if row.owners:
        return _owners(row, sources)
    if row.document:
        return _document(row, sources)
    if row.attestation:
        return _attestation(row, sources)
    if row.gate:
        return _gate(row, sources)
    return _fact(row, sources)


def judge_waiting(row: Requirement, start: dt.datetime, moment: dt.datetime) -> Outcome:
    """Return the outcome of a waiting period that counts from ``start``."""
    end = start + dt.timedelta(days=row.waiting_days or 0)
    proof = {"since": moment_text(start), "until": moment_text(end)}
    needed = asked_for(row)
    if moment >= end:
        return Outcome(row.id, row.title, "met", _("Waited until %(at)s.") % {"at": instant(end)}, needed, proof)
    sentence = _("Waits until %(at)s; nothing needs to be done.") % {"at": instant(end)}
    return Outcome(row.id, row.title, "pending", sentence, needed, proof, end)


def waive(outcome: Outcome, waiver: Waiver, today: dt.date) -> Outcome:
    """Return the outcome under a waiver: what is met needs none, and after its last day it is as if there were none."""
    if outcome.is_met or waiver.until < today:
        return outcome
    words = {"name": waiver.by_name, "day": waiver.until.isoformat(), "reason": waiver.reason}
    proof = {
        **outcome.proof,
        "waiver": {
            "id": str(waiver.pk),
            "by": {"id": str(waiver.by_id), "name": waiver.by_name},
            "reason": waiver.reason,
            "until": waiver.until.isoformat(),
            "instead_of": {"status": outcome.status, "sentence": outcome.sentence},
        },
    }
    return replace(
        outcome,
        status="waived",
        sentence=_("Waived by %(name)s until %(day)s: %(reason)s") % words,
        proof=proof,
        turns_at=min(end_of(waiver.until), outcome.turns_at or end_of(waiver.until)),
    )


def _owners(row: Requirement, sources: Sources) -> Outcome:
    named = {name: person(sources.holders.get(name)) for name in row.owners}
    vacant = [str(title(name)) for name, found in named.items() if found is None]
    needed = asked_for(row)
    if vacant:
        sentence = _("Vacant: %(titles)s.") % {"titles": ", ".join(vacant)}
        return Outcome(row.id, row.title, "missing", sentence, needed, {"owners": named})
    sentence = _("All %(n)d are named.") % {"n": len(named)}
    return Outcome(row.id, row.title, "met", sentence, needed, {"owners": named})


def _fact(row: Requirement, sources: Sources) -> Outcome:
    fact = sources.facts.get(row.fact)
    needed = asked_for(row)
    status: OutcomeStatus
    if fact is None or fact.status != "known":
        status = "failing" if fact is not None and fact.status == "failed" else "missing"
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
    status = "met" if holds else "failing"
    return Outcome(row.id, row.title, status, fact.sentence, needed, proof, fact.turns_at)


def _canonical(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _last_day(row: Requirement, document: Document) -> dt.date | None:
    """Return the last day on which the document counts: its own, or the one on which it gets too old."""
    too_old = document.date + dt.timedelta(days=row.max_age_days) if row.max_age_days else None
    return min((day for day in (document.valid_until, too_old) if day is not None), default=None)


def _document(row: Requirement, sources: Sources) -> Outcome:
    needed = asked_for(row)
    found = [(document, _last_day(row, document)) for document in sources.documents if document.kind == row.document]
    if not found:
        sentence = str(DOCUMENT_KINDS[row.document].says)
        return Outcome(row.id, row.title, "missing", sentence, needed)
    valid = [(document, last) for document, last in found if last is None or last >= sources.today]
    newest, last = (valid or found)[-1]
    proof: dict[str, Any] = {
        "document": str(newest.pk),
        "title": newest.title,
        "digest": newest.digest,
        "valid_until": last.isoformat() if last else None,
    }
    if row.max_age_days:
        proof["dated"] = newest.date.isoformat()
    if not valid:
        words = {"title": newest.title, "day": proof["valid_until"]}
        sentence = _("“%(title)s” was valid until %(day)s.") % words
        if row.max_age_days and last != newest.valid_until:
            sentence = _("“%(title)s” is of %(dated)s, and older than %(n)d days.") % {
                **words,
                "dated": proof["dated"],
                "n": row.max_age_days,
            }
        return Outcome(row.id, row.title, "lapsed", sentence, needed, proof)
    turns_at = end_of(last) if last else None
    return Outcome(row.id, row.title, "met", newest.title, needed, proof, turns_at)


def _attestation(row: Requirement, sources: Sources) -> Outcome:
    needed = asked_for(row)
    found = [made for made in sources.attestations if _answers(row, made) and _by_its_holder(made, sources.refs)]
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


def _answers(row: Requirement, made: Attestation) -> bool:
    asked = made.kind == row.attestation
    return asked and (not row.by or (made.responsibility, made.statement) == (row.by, row.statement))


def _by_its_holder(made: Attestation, refs: Sequence[SubjectRef]) -> bool:
    """Tell whether it was stated under an ownership of its responsibility here, as it was held then."""
    under = made.ownership
    return under is None or (under.responsibility == made.responsibility and under.ref in refs)


def _gate(row: Requirement, sources: Sources) -> Outcome:
    needed = asked_for(row)
    seen = sources.upstream.get(row.gate, ())
    if not seen:
        return Outcome(row.id, row.title, "missing", _("Nothing is named on which this gate could be."), needed)
    proof = {
        "gates": [
            {
                "subject": {"type": one.ref.type, "id": str(one.ref.id), "label": one.label},
                "gate": str(one.gate.pk) if one.gate else None,
                "state": str(one.state) if one.state else None,
                "dossier": one.gate.dossier_digest if one.gate else None,
            }
            for one in seen
        ]
    }
    lacking = [one for one in seen if one.state != GateState.APPROVED]
    if not lacking:
        sentence = _("Approved: %(subjects)s.") % {"subjects": ", ".join(one.label for one in seen)}
        return Outcome(row.id, row.title, "met", sentence, needed, proof)
    status: OutcomeStatus = "lapsed" if any(one.state == GateState.LAPSED for one in lacking) else "missing"
    sentence = " ".join(_why_not(one) for one in lacking)
    return Outcome(row.id, row.title, status, sentence, needed, proof)


def _why_not(one: Upstream) -> str:
    if one.gate is None or one.state is None:
        return _("“%(subject)s” has no such gate.") % {"subject": one.label}
    words = {"subject": one.label, "state": str(GateState(one.state).label).lower()}
    return _("The gate of “%(subject)s” is %(state)s.") % words
