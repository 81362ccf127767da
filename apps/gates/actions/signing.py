"""The signature: one person, one responsibility, one dossier digest, freshly confirmed."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.gates import signatures
from apps.gates.actions import guards
from apps.gates.actions.refresh import lock, rebuild, refresh_resting, settle
from apps.gates.actions.threads import start_thread
from apps.gates.dossier import Dossier
from apps.gates.errors import (
    CommentRequired,
    ConditionNotAllowed,
    GateNotInReview,
    NotTheHolder,
    OwnWork,
    ResponsibilitySigned,
    SecondResponsibility,
)
from apps.gates.models import SIGNABLE_STATES, Condition, Gate, SignOff
from apps.gates.state import Signed, are_changes_asked
from apps.ledger.actions import record_on
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people import confirmations
from apps.people.identity import same_as
from apps.people.models import User

Verdict = SignOff.Verdict
LONGEST_CONDITION = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Terms:
    """The condition of an approval: what must be done, by which day, under which responsibility."""

    text: str
    due_on: dt.date
    responsibility: str


def meaning(gate: Gate, responsibility: str, verdict: str, terms: Terms | None = None) -> str:
    """Return the one sentence that says what this signature means; it is stored with it."""
    sentences = {
        Verdict.APPROVE: _("As %(who)s I approve “%(what)s” on exactly the evidence of this dossier."),
        Verdict.REJECT: _("As %(who)s I reject “%(what)s” on the evidence of this dossier; the gate ends."),
        Verdict.REQUEST_CHANGES: _("As %(who)s I ask for changes to “%(what)s” before I decide."),
    }
    who = str(title(responsibility)).lower()
    sentence = sentences[Verdict(verdict)] % {"who": who, "what": gate.subject_label}
    if terms is None:
        return sentence
    condition = _("It holds only if the %(who)s does this by %(day)s: %(text)s") % {
        "who": str(title(terms.responsibility)).lower(),
        "day": terms.due_on.isoformat(),
        "text": terms.text,
    }
    return f"{sentence} {condition}"


@atomic
def sign_off(
    gate: Gate,
    *,
    by: User,
    responsibility: str,
    verdict: str,
    dossier_digest: str,
    confirmation_id: uuid.UUID | None,
    comment: str = "",
    condition: Terms | None = None,
    requirement: str = "",
) -> SignOff:
    """Sign the dossier with this digest; the gate's row is locked, the dossier built anew.

    An approval may have a ``condition``; a request for changes may name the ``requirement`` at which it opens a thread.
    Raise, in this order: ``ServiceAccountCannotSign``, ``GateNotInReview``, ``StaleDossier``, ``NotTheHolder``,
    ``OwnWork``, ``SecondResponsibility``, ``ResponsibilitySigned``, ``CommentRequired``, ``ConditionNotAllowed``,
    ``InvalidInput``, or what ``confirmations.use`` raises.
    """
    guards.require_person(by)
    if verdict not in Verdict.values:
        raise InvalidInput(
            _("A verdict is one of: %(names)s.") % {"names": ", ".join(Verdict.values)},
            errors={"/verdict": [_("Choose a verdict.")]},
        )
    gate = lock(gate.pk)
    guards.require_live(gate)
    moment, before = now(), gate.state
    judged = rebuild(gate, moment)
    dossier, rows = judged.dossier, judged.signatures.rows
    guards.require_shown(gate, dossier_digest)
    if verdict == Verdict.APPROVE:
        _require_waiting(gate, dossier, by, rows)
    ownership = _authority(dossier, by, responsibility, moment.date())
    _refuse_double([row for row in rows if row.digest == dossier_digest], by, responsibility, verdict)
    if verdict != Verdict.APPROVE and not comment.strip():
        raise CommentRequired(_("Say what must change, or why you reject."), errors={"/comment": [_("Say why.")]})
    terms = _terms(condition, dossier, responsibility, verdict, moment.date())
    if requirement and verdict != Verdict.REQUEST_CHANGES:
        raise InvalidInput(
            _("Only a request for changes names a requirement."),
            errors={"/requirement": [_("Leave it empty, or ask for changes.")]},
        )
    confirmation = confirmations.use(confirmation_id, by)
    stands_in = guards.stands_in(ownership, by)
    try:
        row = SignOff.objects.create(
            gate=gate,
            by=by,
            by_name=by.name,
            responsibility=responsibility,
            stands_in_for=stands_in,
            verdict=verdict,
            meaning=meaning(gate, responsibility, verdict, terms),
            comment=comment.strip(),
            dossier_digest=dossier_digest,
            dossier_revision=gate.revision,
            confirmed_by=confirmation.method,
            via=by.via,
            signed_at=moment,
        )
    except IntegrityError as error:
        raise SecondResponsibility(_("You have signed this dossier.")) from error
    kept = Condition.objects.create(sign_off=row, **asdict(terms)) if terms else None
    record_on(
        "gate.signed_off",
        by=by,
        ref=gate.ref,
        obj=gate,
        payload={
            "sign_off": str(row.pk),
            "verdict": str(verdict),
            "responsibility": responsibility,
            "stands_in_for": stands_in,
            "meaning": row.meaning,
            "dossier": dossier_digest,
            "confirmed_by": confirmation.method,
            "comment": row.comment,
            "condition": str(kept.pk) if kept else None,
        },
    )
    if requirement:
        start_thread(gate, by=by, requirement=requirement, text=row.comment, sign_off=row)
    settle(gate, dossier, signatures.read(gate, dossier.policy, moment), by)
    if gate.state != before:
        refresh_resting(gate)
    return row


def _terms(
    condition: Terms | None, dossier: Dossier, responsibility: str, verdict: str, today: dt.date
) -> Terms | None:
    """Return the condition as it is set, or refuse one that nobody could fulfil."""
    if condition is None:
        return None
    problems = {}
    if verdict != Verdict.APPROVE:
        problems["/verdict"] = _("Only an approval has a condition.")
    if not condition.text.strip():
        problems["/condition/text"] = _("Say what must be done.")
    if not today < condition.due_on <= today + LONGEST_CONDITION:
        problems["/condition/due_on"] = _("Choose a day after today, within a year.")
    if condition.responsibility == responsibility:
        problems["/condition/responsibility"] = _("Somebody else fulfils what you ask for.")
    elif dossier.holders.get(condition.responsibility) is None:
        problems["/condition/responsibility"] = _("Nobody holds this responsibility here.")
    if problems:
        raise ConditionNotAllowed(
            " ".join(problems.values()), errors={pointer: [text] for pointer, text in problems.items()}
        )
    return replace(condition, text=condition.text.strip())


def _require_waiting(gate: Gate, dossier: Dossier, by: User, rows: Sequence[Signed]) -> None:
    """Refuse an approval that the gate does not wait for."""
    asked = are_changes_asked(rows, gate.dossier_digest)
    if gate.state in SIGNABLE_STATES and not dossier.unmet and not asked:
        return
    if gate.sign_offs.filter(by=by, dossier_digest=gate.dossier_digest).exists():
        raise SecondResponsibility(_("You have signed this dossier. One person signs a gate once."))
    if dossier.unmet:
        raise GateNotInReview(
            ngettext(
                "%(n)d requirement is not met yet: %(title)s. %(sentence)s",
                "%(n)d requirements are not met yet, the first: %(title)s. %(sentence)s",
                len(dossier.unmet),
            )
            % {
                "n": len(dossier.unmet),
                "title": dossier.unmet[0].title,
                "sentence": dossier.unmet[0].sentence,
            }
        )
    if asked:
        raise GateNotInReview(
            _("Changes were asked for on this dossier. It can be approved once something that it rests on has changed.")
        )
    raise GateNotInReview(_("The gate waits for no signature now: %(state)s.") % {"state": gate.get_state_display()})


def _authority(dossier: Dossier, by: User, responsibility: str, day: dt.date) -> Ownership:
    """Return the ownership under which ``by`` may sign."""
    signature = next((row for row in dossier.policy.sign_offs if row.responsibility == responsibility), None)
    if signature is None:
        raise NotTheHolder(
            _("This gate asks for no signature of the %(who)s.") % {"who": str(title(responsibility)).lower()},
            errors={"/responsibility": [_("Not a signature of this gate.")]},
        )
    ownership = guards.require_holder(dossier.holders, responsibility, by, day)
    if signature.not_author:
        author = same_as(by, dossier.authors)
        if author is not None:
            raise OwnWork(
                _("%(name)s made or asked for what this gate decides on. Somebody else signs.") % {"name": author.name}
            )
    return ownership


def _refuse_double(now_signed: list[Signed], by: User, responsibility: str, verdict: str) -> None:
    """One person, one signature; one responsibility, one approval: on this dossier."""
    if same_as(by, [row.person for row in now_signed]) is not None:
        raise SecondResponsibility(
            _("You have signed this dossier. One person signs a gate once, under one responsibility.")
        )
    given = any(row.responsibility == responsibility and row.verdict == Verdict.APPROVE for row in now_signed)
    if given and verdict == Verdict.APPROVE:
        raise ResponsibilitySigned(
            _("The signature of the %(who)s was given.") % {"who": str(title(responsibility)).lower()}
        )
