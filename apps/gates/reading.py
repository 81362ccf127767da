"""A gate as its page, its JSON and its PDF show it: read once, for one reader."""

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import subjects
from apps.core.clock import now
from apps.core.errors import Text
from apps.core.subjects import SubjectRef
from apps.gates import conditions, signatures
from apps.gates.actions.threads import COMMENTS
from apps.gates.actions.waivers import WAIVES
from apps.gates.composing import policy_of
from apps.gates.differences import Difference, differences
from apps.gates.lanes import before
from apps.gates.models import (
    SIGNABLE_STATES,
    Condition,
    DossierSnapshot,
    Fulfilment,
    Gate,
    GateState,
    SignOff,
    Thread,
    Waiver,
)
from apps.gates.policy import Policy, Requirement
from apps.gates.wording import meanings_of
from apps.owners import holders
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people.identity import same_as
from apps.people.models import User

ORDER = ("failing", "missing", "lapsed", "pending", "waived", "met")


@dataclass(frozen=True, slots=True)
class Seat:
    """One signature that the policy asks for: who holds it, whether it was given, whether the reader can give it."""

    responsibility: str
    title: Text
    ownership: Ownership | None
    sign_off: SignOff | None
    away: bool
    may_sign: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class ThreadView:
    thread: Thread
    may_resolve: bool

    @property
    def is_open(self) -> bool:
        return not hasattr(self.thread, "resolution")


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement as it stands in the dossier, with its figures in words and where it is mended."""

    outcome: dict[str, Any]
    figures: list[tuple[str, Any]]
    owners: list[tuple[Text, Any]]
    threads: list[ThreadView]
    mend_label: str = ""
    mend_url: str = ""
    waive_url: str = ""
    comment_url: str = ""

    @property
    def open_threads(self) -> int:
        return sum(row.is_open for row in self.threads)


@dataclass(frozen=True, slots=True)
class ConditionView:
    """What an approval depends on, where it stands, and what the reader can do about it."""

    condition: Condition
    who: Text
    standing: str
    offered: Fulfilment | None
    may_fulfil: bool
    may_answer: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """One sign-off; ``is_current`` while it is one on the dossier that is shown."""

    sign_off: SignOff
    condition: ConditionView | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class GateView:
    subject: Any
    before: list[SubjectRef]
    lines: list[Line]
    met: int
    seats: list[Seat]
    decisions: list[Decision]
    waivers: list[tuple[str, Waiver]]
    since_last: list[Difference]
    blocked: str
    expires_at: dt.datetime | None
    may_revoke: bool
    held: list[str]

    @property
    def given(self) -> int:
        return sum(seat.sign_off is not None for seat in self.seats)

    @property
    def blocking_id(self) -> str:
        """The requirement that the blocked reason speaks of: the first that is neither met nor waived."""
        return next((line.outcome["id"] for line in self.lines if line.outcome["status"] not in ("met", "waived")), "")

    @property
    def mine(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.may_sign]

    def groups(self, status: str = "", find: str = "") -> list[tuple[str, list[Line]]]:
        """Return the lines by status, what blocks first; of one status, or with a text in them, where given."""
        wanted = find.casefold()
        rows = [
            line
            for line in self.lines
            if status in ("", line.outcome["status"])
            and wanted in f"{line.outcome['title']} {line.outcome['sentence']} {line.outcome['id']}".casefold()
        ]
        found = [(name, [line for line in rows if line.outcome["status"] == name]) for name in ORDER]
        return [(name, lines) for name, lines in found if lines]

    def counts(self) -> list[tuple[str, int]]:
        return [(name, len(lines)) for name, lines in self.groups()]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads the gate: what they hold on it today, and whether it is their own work."""

    gate: Gate
    user: Any
    held: Mapping[str, Ownership]
    away: set[uuid.UUID]
    is_author: bool

    def acts_as(self, responsibility: str) -> bool:
        row = self.held.get(responsibility)
        return row is not None and self.user.pk in holders.acting_for(row, self.away)

    def has_a_part(self) -> bool:
        return self.user.may(COMMENTS, self.gate.team_id) or any(self.acts_as(name) for name in self.held)


def read(gate: Gate, user: Any) -> GateView:
    """Return the gate for the reader, with the dossier that can be signed or with which it ended.

    What it rests on is not read again: whatever changes refreshes it, and a signature is given on what is true then.
    """
    moment = now()
    chain = subjects.chain(gate.subject)
    subject, policy = chain[0][1], policy_of(gate)
    sign_offs = list(gate.sign_offs.select_related("by").prefetch_related(*conditions.READ).order_by("id"))
    snapshot = DossierSnapshot.objects.get(gate=gate, digest=gate.dossier_digest)
    outcomes = json.loads(snapshot.body)["requirements"]
    titles = {row["id"]: row["title"] for row in outcomes}
    held = holders.holders(gate.subject, [ref for ref, _obj in chain])
    authors = {*subjects.kind(gate.subject_type).authors(subject), gate.opened_by_id}
    reader = _Reader(
        gate,
        user,
        held,
        holders.absent({row.holder_id for row in held.values()}, moment.date()),
        user.kind == User.Kind.PERSON and same_as(user, authors) is not None,
    )
    seats = _seats(reader, policy, sign_offs)
    approved = gate.state == GateState.APPROVED
    current = [row for row in sign_offs if row.dossier_digest == gate.dossier_digest]
    return GateView(
        subject=subject,
        before=before(chain),
        lines=_lines(reader, subject, policy, outcomes),
        met=sum(row["status"] == "met" for row in outcomes),
        seats=seats,
        decisions=_decisions(reader, sign_offs, moment.date()),
        waivers=[
            (titles.get(row.requirement, row.requirement), row)
            for row in gate.waivers.select_related("revocation").order_by("id")
        ],
        since_last=_since_last(gate, snapshot, sign_offs),
        blocked=_blocked(gate, seats),
        expires_at=signatures.runs_out(policy, current) if approved else None,
        may_revoke=reader.acts_as(WAIVES),
        held=sorted(held),
    )


def _threads(reader: _Reader, policy: Policy) -> dict[str, list[ThreadView]]:
    rows = reader.gate.threads.select_related("opened_by", "resolution", "sign_off").prefetch_related("comments")
    signs = any(reader.acts_as(row.responsibility) for row in policy.sign_offs)
    found: dict[str, list[ThreadView]] = {}
    for row in rows.order_by("id"):
        view = ThreadView(row, signs or row.opened_by_id == reader.user.pk)
        found.setdefault(row.requirement, []).append(view)
    return found


def _lines(reader: _Reader, subject: Any, policy: Policy, outcomes: Sequence[dict[str, Any]]) -> list[Line]:
    gate = reader.gate
    asked = {row.id: row for row in policy.requirements}
    threads = _threads(reader, policy)
    may_waive = gate.is_live and reader.acts_as(WAIVES) and not reader.is_author
    may_comment = gate.is_live and reader.has_a_part()
    lines = []
    for outcome in outcomes:
        row, proof = asked[outcome["id"]], outcome["proof"]
        meanings = meanings_of(row.fact)
        is_met = outcome["status"] in ("met", "waived")
        mend = ("", "") if outcome["status"] == "met" else _mend(gate, subject, row, reader.user)
        lines.append(
            Line(
                outcome,
                [(meanings.get(name, name), value) for name, value in proof.get("figures", {}).items()],
                [(title(name), person) for name, person in proof.get("owners", {}).items()],
                threads.get(row.id, []),
                *mend,
                waive_url=_at(gate, "waive", row) if may_waive and row.waivable and not is_met else "",
                comment_url=_at(gate, "comment", row) if may_comment else "",
            )
        )
    return lines


def _at(gate: Gate, page: str, row: Requirement) -> str:
    """Return the address of a page of the gate that is about one requirement."""
    return f"{reverse(f'gates:requirement_{page}', args=[gate.pk])}?{urlencode({'requirement': row.id})}"


def _mend(gate: Gate, subject: Any, row: Requirement, user: Any) -> tuple[str, str]:
    """Return what the reader can do about an unmet requirement, and where."""
    place = [gate.subject_type, gate.subject_id]
    page = subjects.kind(gate.subject_type).url(subject)
    if row.document and user.may("evidence.add", gate.team_id):
        return _("Attach it"), f"{reverse('evidence:document_add', args=place)}?kind={row.document}"
    if row.attestation and user.may("evidence.attest", gate.team_id):
        return _("State it"), _at(gate, "state", row) if row.by else reverse("evidence:attest", args=place)
    if row.owners and user.may("owner.assign", gate.team_id):
        return _("Name them"), f"{page}#owners"
    return (_("Look at it"), f"{page}#{row.fact}") if row.fact else ("", "")


def _decisions(reader: _Reader, sign_offs: Sequence[SignOff], day: dt.date) -> list[Decision]:
    found = []
    for row in sign_offs:
        is_current = row.dossier_digest == reader.gate.dossier_digest
        view = _condition(reader, row, is_current, day) if hasattr(row, "condition") else None
        found.append(Decision(row, view, is_current))
    return found


def _condition(reader: _Reader, row: SignOff, is_current: bool, day: dt.date) -> ConditionView:
    condition: Condition = row.condition
    standing, offered = conditions.standing(condition, day), conditions.offered(condition)
    is_live = is_current and reader.gate.is_live
    return ConditionView(
        condition,
        title(condition.responsibility),
        standing,
        offered,
        is_live and standing == conditions.Standing.OPEN and reader.acts_as(condition.responsibility),
        is_live
        and standing == conditions.Standing.OFFERED
        and reader.acts_as(row.responsibility)
        and offered is not None
        and offered.by_id != reader.user.pk,
    )


def _since_last(gate: Gate, now: DossierSnapshot, sign_offs: Sequence[SignOff]) -> list[Difference]:
    """Return what changed since the newest decision on another dossier."""
    earlier = [row for row in sign_offs if row.dossier_digest != gate.dossier_digest]
    if not earlier:
        return []
    then = DossierSnapshot.objects.filter(gate=gate, digest=earlier[-1].dossier_digest).first()
    return differences(then.body, now.body) if then else []


def _seats(reader: _Reader, policy: Policy, sign_offs: Sequence[SignOff]) -> list[Seat]:
    gate = reader.gate
    current = [row for row in sign_offs if row.dossier_digest == gate.dossier_digest]
    has_signed = any(row.by_id == reader.user.pk for row in current)
    can = gate.state in SIGNABLE_STATES or gate.state == GateState.OPEN
    seats = []
    for signature in policy.sign_offs:
        ownership = reader.held.get(signature.responsibility)
        given = next(
            (row for row in current if row.responsibility == signature.responsibility and row.verdict == "approve"),
            None,
        )
        is_mine = reader.acts_as(signature.responsibility)
        why_not = ""
        if is_mine and signature.not_author and reader.is_author:
            why_not = _("You made or asked for what this gate decides on; somebody else signs.")
        elif is_mine and has_signed:
            why_not = _("You have signed this dossier.")
        seats.append(
            Seat(
                signature.responsibility,
                title(signature.responsibility),
                ownership,
                given,
                ownership is not None and ownership.holder_id in reader.away,
                is_mine and not why_not and given is None and can,
                why_not,
            )
        )
    return seats


def _blocked(gate: Gate, seats: Sequence[Seat]) -> str:
    """Return in one sentence why the gate can't be approved by the reader now."""
    if gate.state in (GateState.APPROVED, GateState.REJECTED, GateState.WITHDRAWN):
        return ""
    if gate.unmet:
        return _("Nobody can approve yet: %(why)s") % {"why": gate.blocked_by}
    waiting = [str(seat.title).lower() for seat in seats if seat.sign_off is None]
    waits = _("Waits for the signature of: %(who)s.") % {"who": ", ".join(waiting)} if waiting else ""
    return " ".join(text for text in (gate.blocked_by, waits) if text)
