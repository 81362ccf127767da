"""A team's policy on top of the organisation's: the stricter of both holds, and nothing may be looser."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import lru_cache

from django.utils.translation import gettext as _

from apps.core.lined import Condition, Message
from apps.gates.models import Gate, PolicyVersion
from apps.gates.policy import Policy, Requirement, Signature, known

OTHER = "_team"


def policy_of(gate: Gate) -> Policy:
    """Return what the gate asks for: its policy, composed with the one that it extends."""
    return effective(gate.policy_version, gate.base_version if gate.base_version_id else None)


def effective(version: PolicyVersion, base: PolicyVersion | None) -> Policy:
    return _effective(version.source, base.source if base else "")


@lru_cache(maxsize=256)
def _effective(source: str, base: str) -> Policy:
    return compose(known(base), known(source)) if base else known(source)


def as_dict(policy: Policy) -> dict[str, object]:
    """Return the policy for its digest: what it asks for, and nothing of how it was written."""
    found = asdict(policy)
    del found["lines"]
    return found


def compose(base: Policy, own: Policy) -> Policy:
    """Return the stricter of both in everything; what asks for another thing under one id stands beside it."""
    mine = {row.id: row for row in own.requirements}
    rows: list[Requirement] = []
    for row in base.requirements:
        other = mine.pop(row.id, None)
        both = _stricter(row, other) if other else row
        rows.append(both or row)
        if both is None and other is not None:
            rows.append(replace(other, id=f"{other.id}{OTHER}"))
    signed = {row.responsibility: row for row in own.sign_offs}
    sign_offs = [
        Signature(row.responsibility, row.not_author or _apart(signed.pop(row.responsibility, None)))
        for row in base.sign_offs
    ]
    return replace(
        own,
        subject=base.subject,
        summary=own.summary or base.summary,
        requirements=(*rows, *mine.values()),
        sign_offs=(*sign_offs, *signed.values()),
        valid_days=_least(base.valid_days, own.valid_days),
        longest_waiver_days=min(
            base.longest_waiver_days,
            own.longest_waiver_days if "longest_waiver_days" in own.lines else base.longest_waiver_days,
        ),
    )


def _apart(row: Signature | None) -> bool:
    return row is not None and row.not_author


def _least(first: int | None, second: int | None) -> int | None:
    return min((days for days in (first, second) if days is not None), default=None)


def _same_thing(base: Requirement, own: Requirement) -> bool:
    """Tell whether both ask for the same, however strictly."""
    return (
        bool(base.owners) == bool(own.owners)
        and (base.waiting_days is None) == (own.waiting_days is None)
        and (base.fact, base.document, base.attestation, base.by, base.statement, base.gate)
        == (own.fact, own.document, own.attestation, own.by, own.statement, own.gate)
    )


def _stricter(base: Requirement, own: Requirement) -> Requirement | None:
    """Return what meets both; None where they ask for different things or neither limit implies the other."""
    if not _same_thing(base, own):
        return None
    if implies(own.conditions, base.conditions):
        conditions = own.conditions
    elif implies(base.conditions, own.conditions):
        conditions = base.conditions
    else:
        return None
    waits = [days for days in (base.waiting_days, own.waiting_days) if days is not None]
    return replace(
        own,
        owners=tuple(dict.fromkeys([*base.owners, *own.owners])),
        conditions=conditions,
        max_age_days=_least(base.max_age_days, own.max_age_days),
        waiting_days=max(waits, default=None),
        since="change" if "change" in (base.since, own.since) else "opened",
        waivable=base.waivable and own.waivable,
    )


def implies(these: Iterable[Condition], those: Iterable[Condition]) -> bool:
    """Tell whether whatever meets one of the first alternatives meets one of the others."""
    others = list(those)
    rows = list(these)
    return (not rows and not others) or (
        bool(rows) and all(any(_implies(one, other) for other in others) for one in rows)
    )


def _implies(one: Condition, other: Condition) -> bool:
    if one.figure != other.figure:
        return False
    if (one.comparison, one.limit) == (other.comparison, other.limit):
        return True
    if isinstance(one.limit, str) or isinstance(other.limit, str) or one.comparison not in (other.comparison, "equals"):
        return False
    return other.comparison != "equals" and other.holds(one.limit)


def loosened(base: Policy, own: Policy) -> list[Message]:
    """Return with its line each thing in which a team's policy is looser than the organisation's."""
    found = [*_loosened_limits(base, own)]
    rows = {row.id: row for row in base.requirements}
    for row in own.requirements:
        if row.id in rows:
            found += _loosened_requirement(rows[row.id], row, own)
    signed = {row.responsibility: row for row in base.sign_offs}
    for signature in own.sign_offs:
        known_one = signed.get(signature.responsibility)
        if known_one is not None and known_one.not_author and not signature.not_author:
            text = _("The organisation wants somebody other than the author to sign.")
            found.append(Message(own.lines[f"{signature.responsibility}.not_author"], text))
    return found


def _loosened_limits(base: Policy, own: Policy) -> Iterator[Message]:
    if own.subject != base.subject:
        yield Message(
            own.lines["subject"], _("The organisation\u2019s policy is for a %(kind)s.") % {"kind": base.subject}
        )
    for key, limit, given in (
        ("valid_days", base.valid_days, own.valid_days),
        ("longest_waiver_days", base.longest_waiver_days, own.longest_waiver_days),
    ):
        if key in own.lines and limit is not None and given is not None and given > limit:
            yield Message(own.lines[key], _looser(key, given, limit))


def _looser(key: str, given: object, limit: object) -> str:
    return _("\u201c%(key)s: %(given)s\u201d is looser than the organisation\u2019s %(limit)s.") % {
        "key": key,
        "given": given,
        "limit": limit,
    }


def _loosened_requirement(base: Requirement, own: Requirement, policy: Policy) -> Iterator[Message]:
    def line(key: str) -> int:
        return policy.lines.get(f"{own.id}.{key}", policy.lines[own.id])

    if not _same_thing(base, own):
        text = _("The organisation asks for something else under \u201c%(id)s\u201d; give yours another id.")
        yield Message(policy.lines[own.id], text % {"id": own.id})
        return
    missing = [name for name in base.owners if name not in own.owners]
    if missing:
        text = _("The organisation asks for these too: %(names)s.") % {"names": ", ".join(missing)}
        yield Message(line("owners"), text)
    if not implies(own.conditions, base.conditions):
        words = {"limits": f" {_('or')} ".join(f"{row.figure} {row.comparison} {row.limit}" for row in base.conditions)}
        text = _("This is looser than the organisation\u2019s: %(limits)s.") % words
        yield Message(line(own.conditions[0].comparison), text)
    if own.max_age_days and base.max_age_days and own.max_age_days > base.max_age_days:
        yield Message(line("max_age_days"), _looser("max_age_days", own.max_age_days, base.max_age_days))
    if own.waiting_days and base.waiting_days and own.waiting_days < base.waiting_days:
        yield Message(line("waiting_days"), _looser("waiting_days", own.waiting_days, base.waiting_days))
    if base.since == "change" and f"{own.id}.since" in policy.lines and own.since != "change":
        yield Message(line("since"), _looser("since", own.since, base.since))
    if not base.waivable and f"{own.id}.waivable" in policy.lines and own.waivable:
        yield Message(line("waivable"), _looser("waivable", "true", "false"))
