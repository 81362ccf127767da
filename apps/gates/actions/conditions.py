"""Conditions of approvals: what was done about them, and whether that is enough."""

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.transactions import atomic
from apps.gates import conditions
from apps.gates.actions import guards
from apps.gates.actions.refresh import lock, rebuild, refresh
from apps.gates.conditions import Standing
from apps.gates.errors import CommentRequired, ConditionClosed, OwnWork
from apps.gates.models import Condition, Fulfilment, FulfilmentAnswer, Gate
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people import confirmations
from apps.people.identity import same_person
from apps.people.models import User


@atomic
def fulfil_condition(condition: Condition, *, by: User, note: str) -> Fulfilment:
    """Say what was done about a condition; its responsibility's holder does.

    Raise ``NotTheHolder``, ``ConditionClosed`` or ``CommentRequired``.
    """
    guards.require_person(by)
    moment = now()
    gate, condition = _locked(condition)
    guards.require_holder(holders.holders(gate.subject), condition.responsibility, by, moment.date())
    _require(gate, condition, Standing.OPEN, moment)
    if not note.strip():
        raise CommentRequired(_("Say what was done, and where it can be seen."), errors={"/note": [_("Say what.")]})
    row = Fulfilment.objects.create(condition=condition, by=by, by_name=by.name, note=note.strip(), recorded_at=now())
    record_on(
        "gate.condition_fulfilled",
        by=by,
        ref=gate.ref,
        obj=gate,
        payload={"condition": str(condition.pk), "fulfilment": str(row.pk), "note": row.note},
    )
    return row


@atomic
def answer_fulfilment(
    condition: Condition, *, by: User, is_accepted: bool, confirmation_id: uuid.UUID | None, comment: str = ""
) -> FulfilmentAnswer:
    """Accept what was done about a condition, or say what lacks: under the responsibility that set it.

    Raise ``NotTheHolder``, ``ConditionClosed``, ``OwnWork``, ``CommentRequired``, or what ``confirmations.use`` raises.
    """
    guards.require_person(by)
    moment = now()
    gate, condition = _locked(condition)
    guards.require_holder(holders.holders(gate.subject), condition.sign_off.responsibility, by, moment.date())
    _require(gate, condition, Standing.OFFERED, moment)
    fulfilment = conditions.offered(condition)
    assert fulfilment is not None
    if same_person(by, fulfilment.by):
        raise OwnWork(_("You said that it is done. Somebody else accepts it."))
    if not is_accepted and not comment.strip():
        raise CommentRequired(_("Say what lacks."), errors={"/comment": [_("Say what lacks.")]})
    confirmation = confirmations.use(confirmation_id, by)
    row = FulfilmentAnswer.objects.create(
        fulfilment=fulfilment,
        by=by,
        by_name=by.name,
        is_accepted=is_accepted,
        comment=comment.strip(),
        confirmed_by=confirmation.method,
        answered_at=moment,
    )
    record_on(
        "gate.fulfilment_answered",
        by=by,
        ref=gate.ref,
        obj=gate,
        payload={
            "condition": str(condition.pk),
            "fulfilment": str(fulfilment.pk),
            "is_accepted": is_accepted,
            "comment": row.comment,
            "confirmed_by": confirmation.method,
        },
    )
    refresh(gate, by)
    return row


def _locked(condition: Condition) -> tuple[Gate, Condition]:
    gate = lock(condition.sign_off.gate_id)
    rows = Condition.objects.select_related("sign_off").prefetch_related("fulfilments__answer", "fulfilments__by")
    return gate, rows.get(pk=condition.pk)


def _require(gate: Gate, condition: Condition, wanted: Standing, moment: dt.datetime) -> None:
    """Refuse a condition that does not stand as wanted, or not on what is signed now."""
    rebuild(gate, moment)
    if not gate.is_live or condition.sign_off.dossier_digest != gate.dossier_digest:
        raise ConditionClosed(_("The approval that this condition belongs to no longer stands."))
    found = conditions.standing(condition, moment.date())
    if found != wanted:
        raise ConditionClosed(_("This condition stands otherwise: %(state)s.") % {"state": str(found.label).lower()})
