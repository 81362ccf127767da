"""What a continuity drill says of gates: which nobody could approve, which approvals would lapse."""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.evidence import facts
from apps.gates.composing import policy_of
from apps.gates.models import DossierSnapshot, Gate, GateState, GateWatch, SignOff
from apps.gates.policy import Policy
from apps.gates.state import matched
from apps.owners.continuity import Effect, EffectKind, Part, Scenario
from apps.owners.holders import absent
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people.access import holding
from apps.people.identity import persons

lazy = gettext_lazy
Held = dict[str, Ownership]
NOBODY: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class _Records:
    """What the gates that a scenario concerns rest on, read once for all of them."""

    chains: dict[uuid.UUID, list[SubjectRef]]
    owned: dict[SubjectRef, list[Ownership]]
    authors: dict[uuid.UUID, set[uuid.UUID]]
    signed: dict[uuid.UUID, list[SignOff]]
    away: set[uuid.UUID]
    able: set[tuple[uuid.UUID, uuid.UUID]]
    persons: dict[uuid.UUID, uuid.UUID]

    def held(self, gate: Gate, without: frozenset[uuid.UUID] = NOBODY) -> Held:
        """Return the nearest ownership of each responsibility, as if ``without`` held nothing."""
        nearest: Held = {}
        for ref in reversed(self.chains[gate.pk]):
            for row in self.owned.get(ref, ()):
                if row.holder_id not in without:
                    nearest[row.responsibility] = row
        return nearest

    def same(self, one: uuid.UUID) -> uuid.UUID:
        return self.persons.get(one, one)


def effects(scenario: Scenario, user: Any) -> list[Effect]:
    """Return the gates that would lapse and those that nobody could then approve, of what the user may see."""
    affected = Ownership.objects.active().filter(Q(holder__in=scenario.gone) | Q(deputy__in=scenario.gone))
    touched = _touched(list(affected), scenario)
    gates = list(
        Gate.objects.visible_to(user)
        .live()
        .filter(
            Q(pk__in=GateWatch.objects.filter(subject_id__in=[ref.id for ref in touched], gate_kind="").values("gate"))
            | Q(pk__in=SignOff.objects.filter(by__in=scenario.gone).values("gate"))
        )
        .select_related("policy_version", "base_version")
        .order_by("id")
    )
    records = _read(gates, scenario)
    found = []
    for gate in gates:
        policy = policy_of(gate)
        changed = _changed(gate, policy, records, scenario, touched) if scenario.for_good else []
        if gate.state == GateState.APPROVED:
            found += _lapse(gate, policy, records, scenario, changed)
        else:
            found += _unsignable(gate, policy, records, scenario, changed)
    return found


def _touched(affected: list[Ownership], scenario: Scenario) -> dict[SubjectRef, set[tuple[str, str]]]:
    """Return the subjects on and above which somebody holds or stands in, with the kinds of subject and the parts."""
    chains = subjects.chains(row.ref for row in affected)
    found: dict[SubjectRef, set[tuple[str, str]]] = {}
    for row in affected:
        parts = {"holder": row.holder_id, "deputy": row.deputy_id}
        gone = {(row.subject_type, part) for part, person in parts.items() if person in scenario.gone}
        for ref, _obj in chains.get(row.ref, ()):
            found.setdefault(ref, set()).update(gone)
    return found


def _read(gates: Sequence[Gate], scenario: Scenario) -> _Records:
    chains: dict[uuid.UUID, list[SubjectRef]] = {gate.pk: [] for gate in gates}
    for watch in GateWatch.objects.filter(gate__in=gates, gate_kind="").order_by("id"):
        chains[watch.gate_id].append(SubjectRef(watch.subject_type, watch.subject_id))
    ids = {ref.id for chain in chains.values() for ref in chain}
    owned: dict[SubjectRef, list[Ownership]] = {}
    for row in Ownership.objects.active().filter(subject_id__in=ids).select_related("holder", "deputy"):
        owned.setdefault(row.ref, []).append(row)
    bodies = DossierSnapshot.objects.filter(gate__in=gates, digest__in=[gate.dossier_digest for gate in gates])
    authors = {gate.pk: {gate.opened_by_id} for gate in gates}
    for snapshot in bodies:
        authors[snapshot.gate_id].update(uuid.UUID(author) for author in json.loads(snapshot.body)["authors"])
    digests = {gate.pk: gate.dossier_digest for gate in gates}
    signed: dict[uuid.UUID, list[SignOff]] = {}
    for made in SignOff.objects.filter(gate__in=gates).select_related("by").order_by("id"):
        if made.dossier_digest == digests[made.gate_id]:
            signed.setdefault(made.gate_id, []).append(made)
    rows = [row for held in owned.values() for row in held]
    candidates = {person for row in rows for person in (row.holder_id, row.deputy_id) if person}
    involved = {*candidates, *(made.by_id for made_on in signed.values() for made in made_on)}
    return _Records(
        chains,
        owned,
        authors,
        signed,
        absent(candidates, scenario.day),
        holding("view", candidates, {row.team_id for row in rows}),
        persons(involved | {author for found in authors.values() for author in found}),
    )


def _asked(policy: Policy) -> set[str]:
    """Return the responsibilities whose holders stand in the policy's dossier."""
    named = {name for row in policy.requirements for name in row.owners}
    return named | {row.responsibility for row in policy.sign_offs}


def _changed(
    gate: Gate,
    policy: Policy,
    records: _Records,
    scenario: Scenario,
    touched: dict[SubjectRef, set[tuple[str, str]]],
) -> list[uuid.UUID]:
    """Return those with whom the dossier changes: it names them, or a fact that it asks for rests on them."""
    now, then = records.held(gate), records.held(gate, scenario.gone)
    people = [
        now[name].holder_id
        for name in sorted(_asked(policy))
        if name in now and (name not in then or then[name].holder_id != now[name].holder_id)
    ]
    asked = {row.fact for row in policy.requirements}
    rests = any(
        definition.name in asked and definition.from_owners & touched.get(ref, set())
        for ref in records.chains[gate.pk]
        for definition in facts.definitions(ref.type).values()
    )
    return people or (sorted(scenario.gone) if rests else [])


def _effect(gate: Gate, kind: str, sentence: str, people: Iterable[uuid.UUID]) -> Effect:
    return Effect(kind, gate.ref, str(gate), gate.team_id, sentence, tuple(sorted(set(people))))


def _names(scenario: Scenario, people: Iterable[uuid.UUID]) -> str:
    wanted = set(people)
    return ", ".join(person.name for person in scenario.people if person.pk in wanted)


def _lapse(gate: Gate, policy: Policy, records: _Records, scenario: Scenario, changed: list[uuid.UUID]) -> list[Effect]:
    """Return the approval that lapses: the dossier changes, or a signature that it needs stops counting."""
    if not scenario.for_good:
        return []
    leaving = _leaving(gate, records, scenario)
    if changed or leaving:
        people = {*changed, *leaving}
        sentence = (
            _("The approval lapses: %(names)s signed it.")
            if leaving
            else _("The approval lapses: it rests on %(names)s.")
        )
        return [_effect(gate, "lapses", sentence % {"names": _names(scenario, people)}, people)]
    return []


def _leaving(gate: Gate, records: _Records, scenario: Scenario) -> set[uuid.UUID]:
    """Return who leaves of those who approved the dossier as it is; their leaving gives it a new revision."""
    signers = {made.by_id for made in records.signed.get(gate.pk, ()) if made.verdict == SignOff.Verdict.APPROVE}
    return signers & scenario.gone if scenario.for_good else set()


def _unsignable(
    gate: Gate, policy: Policy, records: _Records, scenario: Scenario, changed: list[uuid.UUID]
) -> list[Effect]:
    """Return the gate if its people could approve it before and no longer: a signature or a named owner lacks."""
    before = _lacking(gate, policy, records, records.held(gate), NOBODY, scenario, fresh=False)
    held = records.held(gate, scenario.gone) if scenario.for_good else records.held(gate)
    after = _lacking(
        gate, policy, records, held, scenario.gone, scenario, fresh=bool(changed or _leaving(gate, records, scenario))
    )
    if before or not after:
        return []
    people = {
        person
        for row in records.held(gate).values()
        for person in (row.holder_id, row.deputy_id)
        if person in scenario.gone and row.responsibility in after
    } | {made.by_id for made in records.signed.get(gate.pk, ()) if made.by_id in scenario.gone}
    signing = {row.responsibility for row in policy.sign_offs}
    words = {"who": ", ".join(str(title(name)).lower() for name in after)}
    sentence = _("Nobody could sign as %(who)s.") if signing & set(after) else _("It waits for a name: %(who)s.")
    return [_effect(gate, "unsignable", sentence % words, people or scenario.gone)]


def _lacking(
    gate: Gate,
    policy: Policy,
    records: _Records,
    held: Held,
    gone: frozenset[uuid.UUID],
    scenario: Scenario,
    *,
    fresh: bool,
) -> list[str]:
    """Return the responsibilities of the policy that are vacant, or under which nobody could sign.

    ``fresh`` says that nobody has signed the dossier as it is then.
    """
    signed = [] if fresh else records.signed.get(gate.pk, [])
    standing = [made for made in signed if made.verdict == SignOff.Verdict.APPROVE]
    spent = {records.same(made.by_id) for made in signed}
    authors = {records.same(author) for author in records.authors.get(gate.pk, ())}
    needed = [row.responsibility for row in policy.sign_offs]
    people: dict[str, list[uuid.UUID]] = {}
    for row in policy.sign_offs:
        given = [records.same(made.by_id) for made in standing if made.responsibility == row.responsibility]
        able = [
            records.same(person)
            for person in _acting(held.get(row.responsibility), gone, records)
            if (person, gate.team_id) in records.able
        ]
        people[row.responsibility] = given or [
            person for person in able if person not in spent and not (row.not_author and person in authors)
        ]
    given_to = matched(needed, people)
    named = [name for row in policy.requirements for name in row.owners]
    return [name for name in needed if name not in given_to] + [
        name for name in named if name not in held and name not in needed
    ]


def _acting(ownership: Ownership | None, gone: frozenset[uuid.UUID], records: _Records) -> list[uuid.UUID]:
    """Return who acts under the ownership on the day: the holder, or the deputy of one who is away."""
    if ownership is None:
        return []
    away = records.away | gone
    if ownership.holder_id not in away:
        return [ownership.holder_id]
    return [ownership.deputy_id] if ownership.deputy_id and ownership.deputy_id not in away else []


PART = Part(
    (
        EffectKind(
            "unsignable",
            lazy("Nobody could approve"),
            lazy("Live gates that lack a signature which nobody could give, or a name that they ask for."),
            "danger",
            "signature",
            40,
        ),
        EffectKind(
            "lapses",
            lazy("Approvals that lapse"),
            lazy("Approved gates that must be approved again."),
            "danger",
            "history",
            50,
        ),
    ),
    effects,
)
