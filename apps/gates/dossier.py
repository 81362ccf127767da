"""The dossier: everything a signer sees on a gate, in one canonical form with a digest."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core import subjects
from apps.core.canonical import canonical_json, digest_of, sha256_digest
from apps.core.subjects import SubjectRef
from apps.evidence import facts
from apps.evidence.models import Attestation, Document
from apps.gates.composing import as_dict, policy_of
from apps.gates.models import Gate, Waiver
from apps.gates.outcomes import Outcome, Sources, Upstream, judge, judge_waiting, person, waive
from apps.gates.policy import Policy
from apps.owners import holders
from apps.owners.models import Ownership

Chain = Sequence[tuple[SubjectRef, Any]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as read now. ``content_digest`` leaves out the revision; ``digest`` is what is signed.

    ``authors`` made the content or asked for the gate: none of them signs where the policy wants others.
    ``settled_digest`` and ``changed_at`` are empty where no waiting period counts from the last change.
    """

    policy: Policy
    outcomes: tuple[Outcome, ...]
    holders: dict[str, Ownership]
    authors: frozenset[uuid.UUID]
    content: dict[str, Any]
    content_digest: str
    settled_digest: str
    changed_at: dt.datetime | None

    @property
    def unmet(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.is_met]

    @property
    def turns_at(self) -> dt.datetime | None:
        """The first moment at which time alone changes an outcome; None when nothing expires and nothing waits."""
        return min((row.turns_at for row in self.outcomes if row.turns_at is not None), default=None)

    def body(self, revision: int) -> str:
        return canonical_json({**self.content, "revision": revision}).decode()

    def digest(self, revision: int) -> str:
        return sha256_digest(self.body(revision).encode())


def build(gate: Gate, chain: Chain, moment: dt.datetime, upstream: Mapping[str, Sequence[Upstream]]) -> Dossier:
    """Read everything the gate's policy asks for and judge it; a constant number of queries.

    ``chain`` is the subject and what it belongs to, ``upstream`` what is known of the gates that the policy asks for by
    their kind; ``moment`` decides what has expired and what has waited long enough.
    """
    policy = policy_of(gate)
    obj, kind = chain[0][1], subjects.kind(gate.subject_type)
    sources = _read(policy, chain, moment, upstream)
    waivers = {row.requirement: row for row in Waiver.objects.filter(gate=gate).standing().order_by("id")}
    starts = {"opened": gate.created_at, "change": moment}
    outcomes = outcomes_of(policy, sources, waivers, starts)
    waiting = {row.id for row in policy.requirements if row.waiting_days is not None}
    authors = kind.authors(obj)
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
            **_extended(gate, policy),
        },
        "requirements": [outcome.as_dict() for outcome in outcomes if outcome.id not in waiting],
        "signers": [
            {
                "responsibility": row.responsibility,
                "not_author": row.not_author,
                "holder": person(sources.holders.get(row.responsibility)),
            }
            for row in policy.sign_offs
        ],
        "authors": sorted(str(author) for author in authors),
    }
    settled_digest, changed_at = "", None
    if any(row.since == "change" for row in policy.requirements if row.waiting_days is not None):
        settled_digest = digest_of(content)
        changed_at = gate.changed_at if settled_digest == gate.settled_digest else moment
    if changed_at is not None and changed_at != moment:
        outcomes = outcomes_of(policy, sources, waivers, {**starts, "change": changed_at})
    content["requirements"] = [outcome.as_dict() for outcome in outcomes]
    return Dossier(
        policy,
        outcomes,
        dict(sources.holders),
        frozenset({*authors, gate.opened_by_id}),
        content,
        digest_of(content),
        settled_digest,
        changed_at,
    )


def outcomes_of(
    policy: Policy, sources: Sources, waivers: Mapping[str, Waiver], starts: Mapping[str, dt.datetime]
) -> tuple[Outcome, ...]:
    """Judge every requirement by what was read, and let what is waived be so; no query.

    ``starts`` tells from which moment a waiting period counts, by its ``since``.
    """
    found = []
    for row in policy.requirements:
        waits = row.waiting_days is not None
        outcome = judge_waiting(row, starts[row.since], sources.moment) if waits else judge(row, sources)
        waiver = waivers.get(row.id) if row.waivable else None
        found.append(waive(outcome, waiver, sources.today) if waiver else outcome)
    return tuple(found)


def _extended(gate: Gate, policy: Policy) -> dict[str, Any]:
    """Return of a composed policy what it extends, and the digest of what both ask for together."""
    base = gate.base_version
    if base is None:
        return {}
    return {
        "extends": {"number": base.number, "digest": base.digest},
        "effective": digest_of(as_dict(policy)),
    }


def _read(policy: Policy, chain: Chain, moment: dt.datetime, upstream: Mapping[str, Sequence[Upstream]]) -> Sources:
    refs = [ref for ref, _obj in chain]
    return Sources(
        refs,
        facts.read_along(chain, {row.fact for row in policy.requirements if row.fact}),
        list(Document.objects.on(*refs).standing().order_by("id")),
        list(Attestation.objects.on(*refs).standing().select_related("ownership").order_by("id")),
        holders.holders(refs[0], refs),
        subjects.kind(refs[0].type).digest(chain[0][1]),
        upstream,
        moment,
    )
