"""The signature: one person, one responsibility, one dossier digest, freshly confirmed."""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import InvalidInput, NotPermitted
from apps.gates.actions.refresh import lock, rebuild, settle
from apps.gates.dossier import Dossier, differences
from apps.gates.errors import (
    CommentRequired,
    GateNotInReview,
    NotTheHolder,
    OwnWork,
    ResponsibilitySigned,
    SecondResponsibility,
    ServiceAccountCannotSign,
    StaleDossier,
)
from apps.gates.models import SIGNABLE_STATES, DossierSnapshot, Gate, GateState, SignOff
from apps.gates.state import Signed
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people import confirmations
from apps.people.identity import same_as
from apps.people.models import User

Verdict = SignOff.Verdict


def meaning(gate: Gate, responsibility: str, verdict: str) -> str:
    """Return the one sentence that says what this signature means; it is stored with it."""
    sentences = {
        Verdict.APPROVE: _("As %(who)s I approve “%(what)s” on exactly the evidence of this dossier."),
        Verdict.REJECT: _("As %(who)s I reject “%(what)s” on the evidence of this dossier; the gate ends."),
        Verdict.REQUEST_CHANGES: _("As %(who)s I ask for changes to “%(what)s” before I decide."),
    }
    who = str(title(responsibility)).lower()
    return sentences[Verdict(verdict)] % {"who": who, "what": gate.subject_label}


@transaction.atomic
def sign_off(
    gate: Gate,
    *,
    by: User,
    responsibility: str,
    verdict: str,
    dossier_digest: str,
    confirmation_id: uuid.UUID | None,
    comment: str = "",
) -> SignOff:
    """Sign the dossier with this digest; the gate's row is locked, the dossier built anew.

    Raise, in this order: ``ServiceAccountCannotSign``, ``GateNotInReview``, ``StaleDossier``, ``NotTheHolder``,
    ``OwnWork``, ``SecondResponsibility``, ``ResponsibilitySigned``, ``CommentRequired``, or what
    ``confirmations.use`` raises.
    """
    if by.kind != User.Kind.PERSON:
        raise ServiceAccountCannotSign(_("A service account submits evidence; a named person signs."))
    if not User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk).is_active:
        raise NotPermitted(_("This account is deactivated."))
    if verdict not in Verdict.values:
        raise InvalidInput(
            _("A verdict is one of: %(names)s.") % {"names": ", ".join(Verdict.values)},
            errors={"/verdict": [_("Choose a verdict.")]},
        )
    gate = lock(gate.pk)
    if gate.state in (GateState.REJECTED, GateState.WITHDRAWN):
        raise GateNotInReview(
            _("This gate has ended: %(state)s. Open a new one.") % {"state": GateState(gate.state).label.lower()}
        )
    moment = now()
    dossier, rows = rebuild(gate, moment)
    if gate.dossier_digest != dossier_digest:
        raise _stale(gate, dossier_digest)
    if verdict == Verdict.APPROVE and (gate.state not in SIGNABLE_STATES or dossier.unmet):
        _refuse_state(gate, dossier, by)
    ownership = _authority(dossier, by, responsibility, moment.date())
    _refuse_double([row for row in rows if row.digest == dossier_digest], by, responsibility, verdict)
    if verdict != Verdict.APPROVE and not comment.strip():
        raise CommentRequired(_("Say what must change, or why you reject."), errors={"/comment": [_("Say why.")]})
    confirmation = confirmations.use(confirmation_id, by)
    stands_in = ownership.holder.name if ownership.holder_id != by.pk else ""
    try:
        row = SignOff.objects.create(
            gate=gate,
            by=by,
            by_name=by.name,
            responsibility=responsibility,
            stands_in_for=stands_in,
            verdict=verdict,
            meaning=meaning(gate, responsibility, verdict),
            comment=comment.strip(),
            dossier_digest=dossier_digest,
            dossier_revision=gate.revision,
            confirmed_by=confirmation.method,
            via=by.via,
            signed_at=moment,
        )
    except IntegrityError as error:
        raise SecondResponsibility(_("You have signed this dossier.")) from error
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
        },
    )
    rows.append(Signed(dossier_digest, by.pk, responsibility, str(verdict)))
    settle(gate, dossier, rows, by)
    return row


def _stale(gate: Gate, shown: str) -> StaleDossier:
    found = {
        row.digest: row.body
        for row in DossierSnapshot.objects.filter(gate=gate, digest__in=[shown, gate.dossier_digest])
    }
    changed = (
        [
            {"what": row.what, "from": row.before, "to": row.after}
            for row in differences(found[shown], found[gate.dossier_digest])
        ]
        if shown in found
        else []
    )
    return StaleDossier(
        _("The evidence changed while you were reading. Look at what changed, then decide again."),
        extra={"dossier_digest": gate.dossier_digest, "changed": changed},
    )


def _refuse_state(gate: Gate, dossier: Dossier, by: User) -> None:
    if gate.sign_offs.filter(by=by, dossier_digest=gate.dossier_digest).exists():
        raise SecondResponsibility(_("You have signed this dossier. One person signs a gate once."))
    if dossier.unmet:
        raise GateNotInReview(
            _("%(n)d requirements are not met yet, the first: %(title)s. %(sentence)s")
            % {
                "n": len(dossier.unmet),
                "title": dossier.unmet[0].title,
                "sentence": dossier.unmet[0].sentence,
            }
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
    ownership = dossier.holders.get(responsibility)
    if ownership is None or not holders.may_sign(ownership, by, day):
        raise NotTheHolder(
            _("Only %(name)s signs as %(who)s; a deputy only on the days of a recorded absence.")
            % {
                "name": ownership.holder.name if ownership else _("the holder (nobody now)"),
                "who": str(title(responsibility)).lower(),
            }
        )
    if signature.not_author:
        author = same_as(by, dossier.authors)
        if author is not None:
            raise OwnWork(_("%(name)s made what this gate decides on. Somebody else signs.") % {"name": author.name})
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
