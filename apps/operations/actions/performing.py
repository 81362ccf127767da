"""Performing a review: the checklist answered, an outcome, a signature."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.core import access
from apps.core.canonical import canonical_json, sha256_digest
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.evidence.models import Document
from apps.ledger.actions import record_on
from apps.operations import checklist as checklists
from apps.operations.checklist import Checklist
from apps.operations.errors import (
    ChecklistIncomplete,
    NotTheReviewer,
    OutcomeIncomplete,
    ReviewMissed,
    ReviewNotBegun,
    ReviewPerformed,
    StaleChecklist,
)
from apps.operations.models import FollowUp, Outcome, Review, ReviewState
from apps.operations.refs import use_case_ref
from apps.operations.working_days import WorkingDays
from apps.owners import holders
from apps.owners.models import Ownership
from apps.people import confirmations
from apps.people.models import User

OK, NOT_OK, NOT_APPLICABLE = "ok", "not_ok", "not_applicable"
ANSWERS = (OK, NOT_OK, NOT_APPLICABLE)
LONGEST_NOTE = 1000
LONGEST_FOLLOW_UP = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What the reviewer says of one item: ok, not ok or not applicable, and why where that is asked."""

    answer: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class FollowUpTerms:
    """What is to be done, by whom, until the end of which day in the team's time zone."""

    what: str
    owner: User
    due_on: dt.date


def ownership_of(review: Review) -> Ownership | None:
    """Return who holds the responsibility that performs the review."""
    ref = use_case_ref(review.plan)
    return holders.holders(ref, [ref]).get(review.responsibility)


def may_perform(review: Review, user: User) -> bool:
    """Tell whether the user holds the responsibility, or is the deputy of an absent holder."""
    ownership = ownership_of(review)
    return ownership is not None and holders.may_sign(ownership, user)


def meaning(review: Review) -> str:
    """Return the one sentence that says what the signature means; it is stored with it."""
    return _("As %(responsibility)s I confirm that I performed this review of %(period)s and found exactly this.") % {
        "responsibility": str(review.responsibility_title).lower(),
        "period": review.period,
    }


@atomic
def perform_review(
    review: Review,
    *,
    by: User,
    shown: str,
    answers: Mapping[str, ItemAnswer],
    outcome: str,
    notes: str = "",
    follow_up: FollowUpTerms | None = None,
    confirmation_id: uuid.UUID | None,
) -> Review:
    """Perform an open review as the holder of its responsibility or the deputy of an absent one, freshly confirmed.

    ``shown`` is the digest of the checklist that was read. Raise ``NotTheReviewer``, ``ReviewPerformed``,
    ``ReviewMissed``, ``ReviewNotBegun``, ``StaleChecklist``, ``ChecklistIncomplete``, ``OutcomeIncomplete`` or what
    ``confirmations.use`` raises.
    """
    access.require(by, "view", review.team.pk)
    ownership = ownership_of(review)
    if ownership is None or not holders.may_sign(ownership, by):
        raise NotTheReviewer(
            _("Only the %(responsibility)s performs it: %(name)s.")
            % {
                "responsibility": str(review.responsibility_title).lower(),
                "name": ownership.holder.name if ownership else _("vacant"),
            }
        )
    review = Review.objects.select_for_update(of=("self",)).whole().get(pk=review.pk)
    moment = now()
    _require_its_time(review, moment)
    checklist = checklists.read(review)
    if shown != checklist.digest:
        raise StaleChecklist(_("What the checklist shows changed while you read it. Read it again, then sign."))
    _require_answers(checklist, answers)
    _require_outcome(review, answers, outcome, notes, follow_up, moment)
    confirmation = confirmations.use(confirmation_id, by)
    review.body = canonical_json(_body(review, checklist, answers, outcome, notes, follow_up)).decode()
    review.digest = sha256_digest(review.body.encode())
    review.state, review.performed_by, review.performed_at = ReviewState.PERFORMED, by, moment
    review.outcome, review.notes = outcome, notes.strip()
    review.signature, review.confirmed_by = meaning(review), confirmation.method
    review.save(
        update_fields=[
            "body",
            "digest",
            "state",
            "performed_by",
            "performed_at",
            "outcome",
            "notes",
            "signature",
            "confirmed_by",
        ]
    )
    if follow_up is not None:
        _follow(review, follow_up)
    record_on(
        "review.performed",
        by=by,
        ref=review.ref,
        obj=review,
        payload={
            "digest": review.digest,
            "outcome": outcome,
            "not_ok": sorted(name for name, row in answers.items() if row.answer == NOT_OK),
            "responsibility": review.responsibility,
            "for": None if by.pk == ownership.holder_id else ownership.holder.name,
            "meaning": review.signature,
            "confirmed_by": confirmation.method,
            "late": moment >= review.due_at,
            "follow_up": None
            if follow_up is None
            else {"owner": follow_up.owner.name, "due_on": follow_up.due_on.isoformat()},
        },
    )
    return review


def _require_its_time(review: Review, moment: dt.datetime) -> None:
    if review.state == ReviewState.PERFORMED:
        raise ReviewPerformed(_("This review was performed before."))
    if review.state == ReviewState.MISSED or moment >= review.lapses_at:
        raise ReviewMissed(_("This review was missed, and stays so. Add a note that says what you know today."))
    if moment < review.opens_at:
        raise ReviewNotBegun(_("It is about %(period)s. Come back then.") % {"period": review.period})


def _require_answers(checklist: Checklist, answers: Mapping[str, ItemAnswer]) -> None:
    errors: dict[str, list[Any]] = {}
    for name in checklist.ids:
        row = answers.get(name)
        if row is None or row.answer not in ANSWERS:
            errors[f"/answers/{name}"] = [_("Answer: ok, not ok, or not applicable.")]
        elif row.answer != OK and not row.note.strip():
            errors[f"/answers/{name}"] = [_("Say why.")]
        elif len(row.note) > LONGEST_NOTE:
            errors[f"/answers/{name}"] = [_("At most %(n)d signs.") % {"n": LONGEST_NOTE}]
    for name in set(answers) - set(checklist.ids):
        errors[f"/answers/{name}"] = [_("There is no such item.")]
    if errors:
        raise ChecklistIncomplete(_("Answer every item; say why where one is not ok."), errors=errors)


def _require_outcome(
    review: Review,
    answers: Mapping[str, ItemAnswer],
    outcome: str,
    notes: str,
    follow_up: FollowUpTerms | None,
    moment: dt.datetime,
) -> None:
    def refuse(field: str, sentence: str) -> OutcomeIncomplete:
        return OutcomeIncomplete(sentence, errors={f"/{field}": [sentence]})

    if outcome not in Outcome.values:
        raise refuse("outcome", _("The outcome is fine, a follow-up, or a call."))
    if outcome == Outcome.FINE and any(row.answer == NOT_OK for row in answers.values()):
        raise refuse("outcome", _("Something is not ok: have it followed up, or call for a decision."))
    if outcome == Outcome.CALL and not notes.strip():
        raise refuse("notes", _("Say which decision you call for."))
    if outcome != Outcome.FOLLOW_UP:
        if follow_up is not None:
            raise refuse("outcome", _("A follow-up belongs to the outcome “follow-up”."))
        return
    if follow_up is None or not follow_up.what.strip():
        raise refuse("what", _("Say what is to be done, by whom, and until when."))
    person = follow_up.owner
    if person.kind != User.Kind.PERSON or not person.is_active or not person.may("view", review.team.pk):
        raise refuse("owner", _("Name an active person who sees the use case."))
    today = moment.astimezone(ZoneInfo(review.time_zone)).date()
    if not today <= follow_up.due_on <= today + LONGEST_FOLLOW_UP:
        raise refuse("due_on", _("Name a day to come, within the next year."))


def _follow(review: Review, terms: FollowUpTerms) -> FollowUp:
    made: FollowUp = FollowUp.objects.create(
        review=review,
        what=terms.what.strip(),
        owner=terms.owner,
        due_on=terms.due_on,
        due_at=WorkingDays(ZoneInfo(review.time_zone)).end_of(terms.due_on),
    )
    return made


def _body(
    review: Review,
    checklist: Checklist,
    answers: Mapping[str, ItemAnswer],
    outcome: str,
    notes: str,
    follow_up: FollowUpTerms | None,
) -> dict[str, Any]:
    """Return what is signed: the template, each item with its answer and fact, the outcome, the evidence by digest."""
    documents = Document.objects.on(review.ref).filter(withdrawal=None).order_by("id")
    return {
        "review": str(review.pk),
        "plan": str(review.plan_id),
        "first_day": review.first_day.isoformat(),
        "last_day": review.last_day.isoformat(),
        "template": {"number": review.template.number, "digest": review.template.digest},
        "items": [
            {
                **line.as_dict(),
                "answer": answers[line.item.id].answer,
                "note": answers[line.item.id].note.strip(),
            }
            for line in checklist.lines
        ],
        "outcome": outcome,
        "notes": notes.strip(),
        "follow_up": None
        if follow_up is None
        else {
            "what": follow_up.what.strip(),
            "owner": {"id": str(follow_up.owner.pk), "name": follow_up.owner.name},
            "due_on": follow_up.due_on.isoformat(),
        },
        "evidence": [{"id": str(row.pk), "title": row.title, "digest": row.digest} for row in documents],
    }
