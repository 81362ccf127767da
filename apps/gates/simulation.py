"""What a policy would say of the gates that there are: read, judged, and nothing written."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.clock import now
from apps.core.errors import Text
from apps.core.subjects import SubjectRef
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.evidence.models import Attestation, Document
from apps.gates.actions.policies import organisation_policy
from apps.gates.composing import effective
from apps.gates.dossier import Chain, outcomes_of
from apps.gates.judgement import live_on, targets
from apps.gates.models import DossierSnapshot, Gate, GateState, PolicyVersion, Waiver
from apps.gates.outcomes import Outcome, Sources, Upstream
from apps.gates.policy import Policy
from apps.owners.holders import on_any
from apps.owners.models import Ownership

PAGE = 20
EFFECTS: dict[str, Text] = {
    "newly_blocked": _("Newly blocked"),
    "freed": _("Freed"),
    "blocked": _("Blocked as before"),
    "met": _("Met as before"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One requirement that would say something else; a side is empty where the policy does not ask for it."""

    title: str
    before: str
    after: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Simulated:
    """One gate under the policy: what would block it, and what would be otherwise than it is now."""

    gate: Gate
    effect: str
    met: int
    asked: int
    blocking: list[Outcome]
    changes: list[Change]

    @property
    def effect_text(self) -> Text:
        return EFFECTS[self.effect]


@dataclass(frozen=True, slots=True)
class Simulation:
    rows: list[Simulated]
    following: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What the gates of one page rest on, read once for all of them."""

    chains: Mapping[SubjectRef, Chain]
    owned: Sequence[Ownership]
    documents: Sequence[Document]
    attestations: Sequence[Attestation]
    waivers: Sequence[Waiver]
    bodies: Mapping[uuid.UUID, dict[str, Any]]


def simulate(version: PolicyVersion, user: Any, after: uuid.UUID | None = None) -> Simulation:
    """Return what the version would say of the live gates of its kind that the user may see, the newest first.

    A constant number of queries a page, but for facts and gates that no dossier of the page holds. Figures are those
    of the gates' dossiers, other gates count by their stored state.
    """
    rows = Gate.objects.visible_to(user).live().filter(kind=version.kind)
    if version.team_id:
        rows = rows.filter(team=version.team_id)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.select_related("policy_version", "base_version", "team").order_by("-id")[: PAGE + 1])
    page = found[:PAGE]
    base = organisation_policy(version.kind, version.tier) if version.team_id else None
    read, moment = _read(page), now()
    simulated = []
    for gate in page:
        chain = read.chains.get(gate.subject)
        if chain is None or (version.tier and subjects.tier(chain) != version.tier):
            continue
        own = gate.policy_version if gate.policy_version.team_id and not version.team_id else None
        policy = effective(own, version) if own else effective(version, base)
        outcomes = _outcomes(gate, policy, chain, read, moment)
        simulated.append(_simulated(gate, outcomes, read.bodies.get(gate.pk, {"requirements": []})["requirements"]))
    return Simulation(simulated, page[-1].pk if len(found) > PAGE else None)


def _read(gates: Sequence[Gate]) -> _Read:
    chains = subjects.chains(gate.subject for gate in gates)
    refs = {ref for chain in chains.values() for ref, _obj in chain}
    digests = [gate.dossier_digest for gate in gates]
    snapshots = DossierSnapshot.objects.filter(gate__in=gates, digest__in=digests)
    return _Read(
        chains,
        list(Ownership.objects.active().filter(on_any(refs)).select_related("holder", "deputy")),
        list(Document.objects.on(*refs).standing().order_by("id")),
        list(Attestation.objects.on(*refs).standing().select_related("ownership").order_by("id")),
        list(Waiver.objects.filter(gate__in=gates).standing().order_by("id")),
        {row.gate_id: json.loads(row.body) for row in snapshots},
    )


def _outcomes(gate: Gate, policy: Policy, chain: Chain, read: _Read, moment: Any) -> tuple[Outcome, ...]:
    refs = [ref for ref, _obj in chain]
    body = read.bodies.get(gate.pk)
    seen = _facts(body["requirements"]) if body else {}
    lacking = {row.fact for row in policy.requirements if row.fact} - seen.keys()
    sources = Sources(
        refs,
        seen | (facts.read_along(chain, lacking) if lacking else {}),
        [row for row in read.documents if row.ref in refs],
        [row for row in read.attestations if row.ref in refs],
        {row.responsibility: row for ref in reversed(refs) for row in read.owned if row.ref == ref},
        subjects.kind(gate.subject_type).digest(chain[0][1]),
        _upstream(policy, chain) if policy.gates else {},
        moment,
    )
    waivers = {row.requirement: row for row in read.waivers if row.gate_id == gate.pk}
    return outcomes_of(policy, sources, waivers, {"opened": gate.created_at, "change": gate.changed_at or moment})


def _facts(requirements: Sequence[dict[str, Any]]) -> dict[str, Fact]:
    """Return the facts that a dossier tells of, with the sentences that it tells them in."""
    found = {}
    for row in requirements:
        proof = row["proof"]
        if "fact" in proof:
            sentence = proof.get("waiver", {}).get("instead_of", row)["sentence"]
            found[proof["fact"]] = Fact(
                proof["fact"],
                proof.get("state", "known"),
                sentence,
                proof.get("figures", {}),
                proof.get("computed_from", {}),
            )
    return found


def _upstream(policy: Policy, chain: Chain) -> dict[str, Sequence[Upstream]]:
    wanted = targets(policy, chain)
    standing = live_on(wanted)
    objects = dict(chain) | subjects.find({ref for refs in wanted.values() for ref in refs} - dict(chain).keys())
    return {
        kind: [
            Upstream(
                ref,
                subjects.kind(ref.type).label(objects[ref]) if ref in objects else str(ref.id),
                gate := standing.get((kind, ref)),
                GateState(gate.state) if gate else None,
            )
            for ref in refs
        ]
        for kind, refs in wanted.items()
    }


def _simulated(gate: Gate, outcomes: Sequence[Outcome], before: Sequence[dict[str, Any]]) -> Simulated:
    blocking = [row for row in outcomes if not row.is_met]
    effect = ("blocked" if gate.unmet else "newly_blocked") if blocking else ("freed" if gate.unmet else "met")
    then = {row["id"]: row for row in before}
    now_asked = {row.id for row in outcomes}
    changes = [
        Change(row.title, then[row.id]["status"] if row.id in then else "", row.status, row.sentence)
        for row in outcomes
        if row.id not in then or then[row.id]["status"] != row.status
    ]
    changes += [
        Change(row["title"], row["status"], "", row["sentence"]) for row in before if row["id"] not in now_asked
    ]
    return Simulated(gate, effect, len(outcomes) - len(blocking), len(outcomes), blocking, changes)
