"""A gate as its page and its JSON show it: read once, for one reader."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import subjects
from apps.core.clock import today
from apps.core.errors import Text
from apps.gates import dossier as dossiers
from apps.gates.dossier import Difference, Dossier, differences
from apps.gates.models import SIGNABLE_STATES, DossierSnapshot, Gate, GateState, SignOff
from apps.gates.policy import Requirement
from apps.gates.wording import meanings_of
from apps.owners import holders
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people.identity import same_as
from apps.people.models import User


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
class Line:
    """One requirement as it stands in the dossier, with its figures in words and where it is mended."""

    outcome: dict[str, Any]
    figures: list[tuple[str, Any]]
    owners: list[tuple[Text, Any]]
    mend_label: str = ""
    mend_url: str = ""


@dataclass(frozen=True, slots=True)
class GateView:
    subject: Any
    lines: list[Line]
    met: int
    seats: list[Seat]
    sign_offs: list[SignOff]
    since_last: list[Difference]
    blocked: str

    @property
    def given(self) -> int:
        return sum(seat.sign_off is not None for seat in self.seats)

    @property
    def blocking_id(self) -> str:
        """The requirement that the blocked reason speaks of: the first that is not met."""
        return next((line.outcome["id"] for line in self.lines if line.outcome["status"] != "met"), "")

    @property
    def mine(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.may_sign]


def read(gate: Gate, user: Any) -> GateView:
    """Return the gate for the reader. An ended gate shows the dossier it ended with; a live one as it is now."""
    sign_offs = list(gate.sign_offs.select_related("by").order_by("id"))
    day = today()
    dossier = dossiers.build(gate, day)
    snapshot = DossierSnapshot.objects.get(gate=gate, digest=gate.dossier_digest)
    body = json.loads(snapshot.body)
    seats = _seats(gate, dossier, sign_offs, user, day)
    outcomes = body["requirements"]
    return GateView(
        subject=dossier.subject,
        lines=_lines(gate, dossier, outcomes, user),
        met=sum(row["status"] == "met" for row in outcomes),
        seats=seats,
        sign_offs=sign_offs,
        since_last=_since_last(gate, snapshot, sign_offs),
        blocked=_blocked(gate, seats),
    )


def _lines(gate: Gate, dossier: Dossier, outcomes: list[dict[str, Any]], user: Any) -> list[Line]:
    asked = {row.id: row for row in dossier.policy.requirements}
    lines = []
    for outcome in outcomes:
        row, proof = asked[outcome["id"]], outcome["proof"]
        meanings = meanings_of(row.fact)
        figures = [(meanings.get(name, name), value) for name, value in proof.get("figures", {}).items()]
        owners = [(title(name), person) for name, person in proof.get("owners", {}).items()]
        mend = ("", "") if outcome["status"] == "met" else _mend(gate, dossier.subject, row, user)
        lines.append(Line(outcome, figures, owners, *mend))
    return lines


def _mend(gate: Gate, subject: Any, row: Requirement, user: Any) -> tuple[str, str]:
    """Return what the reader can do about an unmet requirement, and where."""
    place = [gate.subject_type, gate.subject_id]
    page = subjects.kind(gate.subject_type).url(subject)
    if row.document and user.may("evidence.add", gate.team_id):
        return _("Attach it"), f"{reverse('evidence:document_add', args=place)}?kind={row.document}"
    if row.attestation and user.may("evidence.attest", gate.team_id):
        return _("State it"), reverse("evidence:attest", args=place)
    if row.owners and user.may("owner.assign", gate.team_id):
        return _("Name them"), f"{page}#owners"
    return (_("Look at it"), f"{page}#{row.fact}") if row.fact else ("", "")


def _since_last(gate: Gate, now: DossierSnapshot, sign_offs: list[SignOff]) -> list[Difference]:
    """Return what changed since the newest decision on another dossier."""
    earlier = [row for row in sign_offs if row.dossier_digest != gate.dossier_digest]
    if not earlier:
        return []
    then = DossierSnapshot.objects.filter(gate=gate, digest=earlier[-1].dossier_digest).first()
    return differences(then.body, now.body) if then else []


def _seats(gate: Gate, dossier: Dossier, sign_offs: list[SignOff], user: User, day: dt.date) -> list[Seat]:
    current = [row for row in sign_offs if row.dossier_digest == gate.dossier_digest]
    held = [row for row in dossier.holders.values() if row is not None]
    away = holders.absent({row.holder_id for row in held}, day)
    own_work = user.kind == User.Kind.PERSON and same_as(user, dossier.authors) is not None
    has_signed = any(row.by_id == user.pk for row in current)
    seats = []
    for signature in dossier.policy.sign_offs:
        ownership = dossier.holders.get(signature.responsibility)
        given = next(
            (row for row in current if row.responsibility == signature.responsibility and row.verdict == "approve"),
            None,
        )
        is_mine = ownership is not None and user.pk in holders.acting_for(ownership, away)
        why_not = ""
        if is_mine and signature.not_author and own_work:
            why_not = _("You made what this gate decides on; somebody else signs.")
        elif is_mine and has_signed:
            why_not = _("You have signed this dossier.")
        can = gate.state in SIGNABLE_STATES or gate.state == GateState.OPEN
        seats.append(
            Seat(
                signature.responsibility,
                title(signature.responsibility),
                ownership,
                given,
                ownership is not None and ownership.holder_id in away,
                is_mine and not why_not and given is None and can,
                why_not,
            )
        )
    return seats


def _blocked(gate: Gate, seats: list[Seat]) -> str:
    """Return in one sentence why the gate can't be approved by the reader now."""
    if gate.state in (GateState.APPROVED, GateState.REJECTED, GateState.WITHDRAWN):
        return ""
    if gate.unmet:
        return _("Nobody can approve yet: %(why)s") % {"why": gate.blocked_by}
    waiting = [str(seat.title).lower() for seat in seats if seat.sign_off is None]
    return _("Waits for the signature of: %(who)s.") % {"who": ", ".join(waiting)} if waiting else ""
