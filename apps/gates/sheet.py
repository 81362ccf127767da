"""A gate as a PDF: the dossier as its page and its JSON show it, with every decision on it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.sheets import Section, Sheet
from apps.core.templatetags.fourgate import status_text
from apps.gates.models import Gate
from apps.gates.reading import Decision, GateView, Line
from apps.gates.wording import instant
from apps.owners.responsibilities import title


def sheet(gate: Gate, seen: GateView) -> Sheet:
    """Return the sheet of the gate as it was read for one reader."""
    sections = [_about(gate, seen)]
    sections += [_requirements(status, lines) for status, lines in seen.groups()]
    sections += [_differences(seen), _waivers(seen), _seats(seen), _decisions(seen), _threads(seen)]
    filled = tuple(section for section in sections if section.rows or section.table or section.sentences)
    return Sheet(str(gate), gate.dossier_digest, gate.team.name, now(), filled)


def _section(
    key: str,
    name: Any,
    *,
    rows: Iterable[tuple[Any, Any]] = (),
    headings: Sequence[Any] = (),
    table: Iterable[Sequence[Any]] = (),
    sentences: Iterable[str] = (),
) -> Section:
    return Section(
        key,
        str(name),
        tuple((str(left), str(right)) for left, right in rows),
        tuple(map(str, headings)),
        tuple(tuple(map(str, row)) for row in table),
        tuple(sentences),
    )


def _about(gate: Gate, seen: GateView) -> Section:
    rows = [
        (_("Subject"), gate.subject_label),
        (_("State"), gate.get_state_display()),
        (_("State since"), instant(gate.state_since)),
        (_("Policy"), gate.policy_version),
        *([(_("Extends"), gate.base_version)] if gate.base_version else []),
        (_("Opened"), f"{gate.opened_by.name}, {instant(gate.created_at)}"),
        (_("Revision"), gate.revision),
        (_("Dossier"), gate.dossier_digest),
        *([(_("Approved until"), instant(seen.expires_at))] if seen.expires_at else []),
        *([(_("Withdrawn"), gate.withdrawal_reason)] if gate.withdrawal_reason else []),
    ]
    return _section("about", _("About"), rows=rows, sentences=[seen.blocked] if seen.blocked else [])


def _requirements(status: str, lines: Sequence[Line]) -> Section:
    return _section(
        f"requirements_{status}",
        _("Requirements: %(status)s (%(n)d)") % {"status": status_text(status).lower(), "n": len(lines)},
        headings=[_("Requirement"), _("What stands"), _("Asked for"), _("Proof")],
        table=[
            (line.outcome["title"], line.outcome["sentence"], line.outcome["needed"], _proof(line)) for line in lines
        ],
    )


def _proof(line: Line) -> str:
    proof = line.outcome["proof"]
    parts = [f"{name}: {value}" for name, value in line.figures]
    parts += [f"{name} {digest}" for name, digest in proof.get("computed_from", {}).items()]
    parts += [f"{name}: {person['name'] if person else _('vacant')}" for name, person in line.owners]
    parts += [str(proof[key]) for key in ("digest", "valid_until", "until") if proof.get(key)]
    parts += [f"{row['subject']['label']}: {row['state'] or _('none')}" for row in proof.get("gates", ())]
    waiver = proof.get("waiver")
    if waiver:
        parts.append(f"{status_text(waiver['instead_of']['status'])}: {waiver['instead_of']['sentence']}")
    return "; ".join(parts)


def _differences(seen: GateView) -> Section:
    return _section(
        "differences",
        _("What changed since the last decision"),
        headings=[_("What"), _("Then"), _("Now")],
        table=[(row.what, row.before, row.after) for row in seen.since_last],
    )


def _waivers(seen: GateView) -> Section:
    return _section(
        "waivers",
        _("Waivers"),
        headings=[_("Requirement"), _("By"), _("Why"), _("Until"), _("Revoked")],
        table=[
            (
                title,
                row.by_name,
                row.reason,
                row.until,
                f"{row.revocation.by_name}: {row.revocation.reason}" if hasattr(row, "revocation") else "",
            )
            for title, row in seen.waivers
        ],
    )


def _seats(seen: GateView) -> Section:
    return _section(
        "signatures",
        _("Signatures"),
        rows=[
            (
                seat.title,
                f"{seat.sign_off.by_name}, {instant(seat.sign_off.signed_at)}"
                if seat.sign_off
                else _("Waits for %(name)s")
                % {"name": seat.ownership.holder.name if seat.ownership else _("a holder; vacant")},
            )
            for seat in seen.seats
        ],
    )


def _decisions(seen: GateView) -> Section:
    return _section(
        "decisions",
        _("Decisions"),
        headings=[_("Who"), _("When"), _("What it means"), _("Comment"), _("Dossier")],
        table=[_decision(row) for row in seen.decisions],
    )


def _decision(decision: Decision) -> tuple[Any, ...]:
    row = decision.sign_off
    meaning = row.meaning
    if decision.condition:
        meaning += f" {_('Condition')}: {status_text(decision.condition.standing).lower()}."
    if row.stands_in_for:
        meaning += " " + _("In place of %(name)s.") % {"name": row.stands_in_for}
    counts = "" if decision.is_current else _("an earlier one, it no longer counts")
    who = f"{row.by_name}, {title(row.responsibility)}"
    return who, f"{instant(row.signed_at)}, {row.confirmed_by}", meaning, row.comment, counts or row.dossier_digest


def _threads(seen: GateView) -> Section:
    return _section(
        "threads",
        _("Threads"),
        headings=[_("Requirement"), _("Who"), _("When"), _("What was said"), _("State")],
        table=[
            (
                line.outcome["title"],
                said.by_name,
                instant(said.said_at),
                said.text,
                status_text("open" if view.is_open else "resolved"),
            )
            for line in seen.lines
            for view in line.threads
            for said in view.thread.comments.all()
        ],
    )
