"""Human review of outputs: drawn from what a run kept, judged one by one, closed with a result."""

import heapq
import secrets
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, clock, subjects
from apps.core.canonical import digest_of, sha256_digest
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.datasets.models import Verdict
from apps.evaluations import reviewing
from apps.evaluations.actions.following import announce_run
from apps.evaluations.errors import JudgeUnfit, NoOutputs, NotAJudge, OutputsOpen, ReviewClosed, ReviewRuns
from apps.evaluations.models import EvaluationRun, OutputJudgement, OutputReview, OutputReviewer, ReviewedOutput
from apps.evaluations.refs import evaluation_ref
from apps.evaluations.storing import scores_of
from apps.ledger.actions import record_on
from apps.people.identity import same_as
from apps.people.models import User

MOST_OUTPUTS = 1000
ROWS = "run__suite_version__suite__use_case__team"


def _drawn(run: EvaluationRun, wanted: int, seed: str) -> list[dict[str, Any]]:
    """Return so many cases with an output, each once, in an order that the seed alone decides."""
    seen = set[str]()

    def cases() -> Iterable[tuple[str, int, dict[str, Any]]]:
        for index, row in enumerate(scores_of(run)):
            if row.get("output") and row["case"] not in seen:
                seen.add(row["case"])
                yield sha256_digest(f"{seed}:{row['case']}".encode()), index, row

    return [row for _key, _index, row in heapq.nsmallest(wanted, cases())]


def _fit(run: EvaluationRun, judges: Iterable[User], each: int) -> list[User]:
    found = list({person.pk: person for person in judges}.values())
    authors = (
        subjects.kind("model_version").authors(run.model_version)
        if run.model_version is not None
        else {run.evaluated_by_id, run.registered_by_id}
    )
    for person in found:
        if person.kind != User.Kind.PERSON or not run.team.memberships.filter(user=person).exists():
            problem = _("%(name)s is no person of the team.") % {"name": person.name}
        elif same_as(person, authors) is not None:
            problem = _("%(name)s made or evaluated what is judged.") % {"name": person.name}
        else:
            continue
        raise JudgeUnfit(problem, errors={"/judges": [problem]})
    if len(found) < each:
        raise JudgeUnfit(_("Name at least %(n)d judges.") % {"n": each}, errors={"/judges": [_("Name more judges.")]})
    return found


@atomic
def draw_review(
    run: EvaluationRun,
    judges: Iterable[User],
    *,
    by: User,
    wanted: int = 50,
    judges_per_output: int = 1,
    seed: str = "",
) -> OutputReview:
    """Draw outputs of the run at random and have people judge them; nobody who made or evaluated the subject.

    Raise ``NoOutputs`` when the run kept none, ``JudgeUnfit``, or ``ReviewRuns``.
    """
    access.require(by, "evaluation.register", run.team.pk)
    if not 1 <= wanted <= MOST_OUTPUTS or judges_per_output not in (1, 2):
        raise InvalidInput(
            _("Draw 1 to %(n)d outputs, with one or two judges for each.") % {"n": MOST_OUTPUTS},
            errors={"/wanted": [_("1 to %(n)d.") % {"n": MOST_OUTPUTS}]},
        )
    people = _fit(run, judges, judges_per_output)
    seed = seed or secrets.token_hex(32)
    drawn = _drawn(run, wanted, seed)
    if not drawn:
        raise NoOutputs(_("This run kept no outputs. Import its scores with the outputs of the model."))
    EvaluationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    try:
        with transaction.atomic():
            review: OutputReview = OutputReview.objects.create(
                run=run,
                number=int(run.reviews.aggregate(n=Max("number"))["n"] or 0) + 1,
                judges_per_output=judges_per_output,
                seed=seed,
                drawn_by=by,
            )
    except IntegrityError as error:
        raise ReviewRuns(_("A review of this run is under way. Close it first.")) from error
    told = {"created_at": clock.now()} if clock.is_replayed() else {}
    OutputReviewer.objects.bulk_create(OutputReviewer(review=review, user=person, **told) for person in people)
    ReviewedOutput.objects.bulk_create(
        ReviewedOutput(
            review=review,
            position=position,
            case=row["case"],
            segment=row["segment"],
            input=row.get("input", ""),
            output=row["output"],
            expected=row.get("expected", ""),
            digest=digest_of([row["case"], row.get("input", ""), row["output"], row.get("expected", "")]),
            **told,
        )
        for position, row in enumerate(drawn, 1)
    )
    record_on(
        "evaluation_run.review_drawn",
        by=by,
        ref=evaluation_ref(run),
        obj=run,
        payload={
            "review": str(review.pk),
            "number": review.number,
            "outputs": len(drawn),
            "judges_per_output": judges_per_output,
            "seed": seed,
            "judges": [{"id": str(person.pk), "name": person.name} for person in people],
        },
    )
    return review


def _locked(review: OutputReview) -> OutputReview:
    rows = OutputReview.objects.select_for_update(of=("self",)).select_related(ROWS, "run__model_version")
    found: OutputReview = rows.get(pk=review.pk)
    if not found.is_reviewing:
        raise ReviewClosed(_("Review %(n)d is closed. Draw another one.") % {"n": found.number})
    return found


@atomic
def judge_output(review: OutputReview, position: int, *, by: User, verdict: str, note: str = "") -> OutputJudgement:
    """Judge one output, or change one's mind; a defective one needs a note.

    Raise ``ReviewClosed``, ``NotAJudge``, ``NotFound``, or ``OutputsOpen`` for one that others judged already.
    """
    access.require(by, "view", review.team.pk)
    review = _locked(review)
    if not review.reviewers.filter(user=by).exists():
        raise NotAJudge(_("You are not among the judges of this review."))
    if verdict not in Verdict.values:
        raise InvalidInput(_("Choose one of the buttons."), errors={"/verdict": [_("Choose one.")]})
    if verdict == Verdict.DEFECTIVE and not note.strip():
        raise ReasonNeeded(_("Say what is wrong with it."), errors={"/note": [_("Say what is wrong.")]})
    output = review.outputs.filter(position=position).first()
    if output is None:
        raise NotFound(_("The review has no such output."))
    others = output.judgements.exclude(reviewer=by).count()
    if others >= review.judges_per_output:
        raise OutputsOpen(_("This output has its judgements. Take the next one."))
    judgement, _created = OutputJudgement.objects.update_or_create(
        output=output, reviewer=by, defaults={"verdict": verdict, "note": note.strip(), "judged_at": now()}
    )
    return judgement


@atomic
def close_review(review: OutputReview, *, by: User, conclusion: str) -> OutputReview:
    """Close a review whose outputs are all judged; its result does not change any more.

    Raise ``ReviewClosed``, ``OutputsOpen``, or ``ReasonNeeded`` without a conclusion.
    """
    access.require(by, "evaluation.register", review.team.pk)
    review = _locked(review)
    if not conclusion.strip():
        raise ReasonNeeded(_("Say what follows from it."), errors={"/conclusion": [_("Say what follows.")]})
    left = reviewing.open_outputs(review).count()
    if left:
        raise OutputsOpen(_("%(n)d outputs still wait for a judgement.") % {"n": left})
    review.result = reviewing.result_of(review)
    review.state, review.conclusion = OutputReview.State.CLOSED, conclusion.strip()
    review.closed_by, review.closed_at = by, now()
    review.save(update_fields=["result", "state", "conclusion", "closed_by", "closed_at"])
    record_on(
        "evaluation_run.review_closed",
        by=by,
        ref=evaluation_ref(review.run),
        obj=review.run,
        payload={
            "review": str(review.pk),
            "number": review.number,
            "conclusion": review.conclusion,
            **{key: review.result[key] for key in ("outputs", "defective", "digest")},
        },
    )
    announce_run(review.run, "evaluation_run.review_closed")
    return review
