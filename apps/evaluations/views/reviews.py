from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from apps.core.errors import InvalidInput, NotFound, NotPermitted, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, PageMixin
from apps.datasets.models import Verdict
from apps.datasets.views.findings import masked
from apps.evaluations import actions, forms, reviewing
from apps.evaluations.errors import NotAJudge
from apps.evaluations.models import OutputJudgement, OutputReview, ReviewedOutput
from apps.evaluations.views.runs import OneRun
from apps.evaluations.views.shared import NAV, OneThing, run_crumbs

ROWS = (
    "run__suite_version__suite__use_case__team",
    "run__suite_version__signature",
    "run__model_version__model",
    "run__baseline",
    "drawn_by",
    "closed_by",
)
KEYS = {Verdict.GOOD: "g", Verdict.DEFECTIVE: "d", Verdict.UNSURE: "u"}


def review_rows(user: Any) -> QuerySet[OutputReview]:
    rows: QuerySet[OutputReview] = OutputReview.objects.visible_to(user)
    return rows.select_related(*ROWS)


class ReviewDraw(OneRun, ActionFormView):
    nav_key = NAV
    title = lazy("Have outputs judged")
    permission = "evaluation.register"
    form_class = forms.DrawForm
    submit_label = lazy("Draw them")
    success_message = lazy("The outputs are drawn. Their judges find them under My work.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "run": self.thing}

    def act(self, form: Any) -> OutputReview:
        data = dict(form.cleaned_data)
        return actions.draw_review(self.thing, data.pop("judges"), by=self.request.user, **data)

    def success_url_for(self, result: OutputReview) -> str:
        return reverse("evaluations:review_detail", args=[result.pk])


class ReviewDetail(DetailPage):
    model = OutputReview
    template_name = "evaluations/review_detail.html"
    context_name = "review"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[OutputReview]:
        return review_rows(self.request.user)

    def get_title(self) -> Text:
        return _("Review %(n)d of outputs") % {"n": self.object.number}

    def get_subtitle(self) -> Text:
        return f"{self.object.run.subject}: {self.object.run}"

    def crumbs(self) -> Sequence[Crumb]:
        return run_crumbs(self.object.run)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        review, user = self.object, self.request.user
        judges = list(review.reviewers.select_related("user"))
        left = reviewing.open_outputs(review).count() if review.is_reviewing else 0
        total = review.outputs.count()
        judged = [
            {"output": row, "text": masked(row.output), "judgements": list(row.judgements.all())}
            for row in review.outputs.prefetch_related("judgements__reviewer").order_by("position")[:200]
        ]
        return super().get_context_data(
            judges=judges,
            left=left,
            total=total,
            judged=judged if not review.is_reviewing else [],
            is_judge=review.is_reviewing and any(row.user_id == user.pk for row in judges),
            may_close=review.is_reviewing and not left and user.may("evaluation.register", review.team.pk),
            **kwargs,
        )


class OneReview(OneThing):
    def find(self) -> QuerySet[OutputReview]:
        return review_rows(self.request.user)

    def home(self) -> str:
        return reverse("evaluations:review_detail", args=[self.thing.pk])

    def crumbs(self) -> Sequence[Crumb]:
        return [*run_crumbs(self.thing.run), (str(_("Review")), self.home())]

    def get_subtitle(self) -> Text:
        return str(self.thing)


class ReviewClose(OneReview, ActionFormView):
    nav_key = NAV
    title = lazy("Close the review")
    permission = "evaluation.register"
    form_class = forms.ConclusionForm
    submit_label = lazy("Close it")
    success_message = lazy("The review is closed.")

    def act(self, form: Any) -> OutputReview:
        return actions.close_review(self.thing, by=self.request.user, conclusion=form.cleaned_data["conclusion"])


class ReviewJudge(OneReview, PageMixin, TemplateView):
    """One output at a time, judged with a key or a button; the next one comes until none is left."""

    template_name = "evaluations/review_judge.html"
    nav_key = NAV
    title = lazy("Judge outputs")
    refusal: Refusal | None = None
    typed = ""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.thing.reviewers.filter(user=request.user).exists():
            raise NotPermitted(_("You are not among the judges of this review."))
        return super().get(request, *args, **kwargs)

    def own(self) -> QuerySet[OutputJudgement]:
        mine = OutputJudgement.objects.filter(output__review=self.thing, reviewer=self.request.user)
        return mine.select_related("output").order_by("-judged_at", "-id")

    @cached_property
    def output(self) -> ReviewedOutput | None:
        asked = self.request.GET.get("output", "")
        if asked.isdigit() and len(asked) < 10:
            found: ReviewedOutput | None = self.thing.outputs.filter(position=int(asked)).first()
            if found is None:
                raise NotFound(_("The review has no such output."))
            return found
        waiting = reviewing.waiting_for(self.thing, self.request.user) if self.thing.is_reviewing else None
        return waiting.first() if waiting is not None else None

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = forms.JudgementForm(request.POST)
        if not form.is_valid():
            raise InvalidInput(_("Choose one of the buttons."))
        data = form.cleaned_data
        try:
            actions.judge_output(
                self.thing, data["position"], by=request.user, verdict=data["choice"], note=data["note"]
            )
        except (NotFound, NotPermitted, NotAJudge):
            raise
        except Refusal as refusal:
            self.refusal, self.typed = refusal, data["note"]
            self.output = self.thing.outputs.filter(position=data["position"]).first()
            answer = self.render_to_response(self.get_context_data())
            answer.status_code = refusal.status
            return answer
        return HttpResponseRedirect(request.path)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        output = self.output
        newest = [row.output.position for row in self.own()[:200]]
        here = newest.index(output.position) + 1 if output is not None and output.position in newest else 0
        said = self.own().filter(output=output).first() if output is not None else None
        left = reviewing.waiting_for(self.thing, self.request.user).count() if self.thing.is_reviewing else 0
        return super().get_context_data(
            review=self.thing,
            output=output,
            asked=masked(output.input) if output else "",
            answered=masked(output.output) if output else "",
            expected=masked(output.expected) if output else "",
            choices=[{"key": KEYS[value], "value": str(value), "text": value.label} for value in Verdict],
            said=said,
            note=self.typed or (said.note if said is not None else ""),
            refusal=self.refusal,
            left=left,
            done=self.own().count(),
            back=newest[here] if here < len(newest) else None,
            **kwargs,
        )
