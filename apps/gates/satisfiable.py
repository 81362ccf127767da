"""What makes a policy one that nobody could ever meet."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from apps.core import subjects
from apps.gates.errors import PolicyUnsatisfiable
from apps.gates.policy import Policy
from apps.owners.responsibilities import held_on


def check_satisfiable(policy: Policy, others: Mapping[str, Sequence[Policy]]) -> None:
    """Refuse a policy that nobody could ever meet; ``others`` are those in force by kind of gate.

    A responsibility that must sign twice needs two holders where there is one; one that can't be held on the
    subject or above it has no holder; limits on one figure may exclude each other; gates may wait for each other, or
    for a gate on what the subject neither belongs to nor names.
    """
    problems = [*_signing_twice(policy), *_unholdable(policy), *_contradictions(policy), *_gates(policy, others)]
    if problems:
        raise PolicyUnsatisfiable(" ".join(problems), errors={"/source": problems})


def _signing_twice(policy: Policy) -> list[str]:
    names = [row.responsibility for row in policy.sign_offs]
    return [
        _("“%(name)s” must sign twice, but one person holds it.") % {"name": name}
        for name in sorted(set(names))
        if names.count(name) > 1
    ]


def _unholdable(policy: Policy) -> list[str]:
    kind = subjects.kind(policy.subject)
    holdable = {row.key for type_ in (*kind.ancestors, kind.type) for row in held_on(type_)}
    wanted = {row.responsibility for row in policy.sign_offs}
    wanted.update(name for row in policy.requirements for name in row.responsibilities)
    return [
        _("“%(name)s” can't be held on a %(kind)s or above it.") % {"name": name, "kind": str(kind.title).lower()}
        for name in sorted(wanted - holdable)
    ]


def _contradictions(policy: Policy) -> list[str]:
    least: dict[tuple[str, str], float] = {}
    most: dict[tuple[str, str], float] = {}
    for row in policy.requirements:
        if len(row.conditions) != 1:
            continue
        condition = row.conditions[0]
        key = (row.fact, condition.figure)
        if isinstance(condition.limit, str):
            continue
        if condition.comparison in ("at_least", "equals"):
            least[key] = max(least.get(key, float("-inf")), condition.limit)
        if condition.comparison in ("at_most", "equals"):
            most[key] = min(most.get(key, float("inf")), condition.limit)
    found = [key for key in least if key in most and least[key] > most[key]]
    found += [key for key in most if most[key] < 0]
    return [
        _("No value of %(fact)s.%(figure)s can meet every limit.") % {"fact": fact, "figure": figure}
        for fact, figure in found
    ]


def _gates(policy: Policy, others: Mapping[str, Sequence[Policy]]) -> list[str]:
    kind = subjects.kind(policy.subject)
    around = {kind.type, *kind.ancestors}
    problems = []
    for wanted in sorted(policy.gates):
        if _leads_to(wanted, policy.kind, others):
            problems.append(_("The gate “%(kind)s” waits, by its own policy, for this one.") % {"kind": wanted})
        other = next(iter(others.get(wanted, ())), None)
        if other is not None and other.subject not in around and not kind.names_upstream:
            problems.append(
                _("The gate “%(kind)s” is on a %(other)s, which a %(subject)s neither belongs to nor names.")
                % {
                    "kind": wanted,
                    "other": str(subjects.kind(other.subject).title).lower(),
                    "subject": str(kind.title).lower(),
                }
            )
    return problems


def _leads_to(start: str, end: str, others: Mapping[str, Sequence[Policy]]) -> bool:
    """Tell whether the gate ``start`` is, or waits through others for, the gate ``end``."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        kind = waiting.pop()
        if kind == end:
            return True
        if kind not in seen:
            seen.add(kind)
            waiting += [gate for policy in others.get(kind, ()) for gate in policy.gates]
    return False
