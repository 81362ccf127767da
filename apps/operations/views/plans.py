from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core import access
from apps.core.clock import now
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage
from apps.operations import actions, forms
from apps.operations.actions.templates import TEMPLATES
from apps.operations.models import Cadence, ReviewPlan, TeamCalendar
from apps.operations.template import known
from apps.operations.working_days import DAY, due_day, periods_from
from apps.owners.responsibilities import title as title_of
from apps.usecases.models import UseCase

TO_COME = 5
MOST_SHOWN = 50


def list_crumb() -> Crumb:
    return (_("Reviews"), reverse("operations:review_list"))


class PlanMake(ActionFormView):
    """Plan one of the reviews that a use case has not planned yet."""

    nav_key = "reviews"
    title = lazy("Plan a review")
    template_name = "operations/plan_make.html"
    form_class = forms.PlanForm
    submit_label = lazy("Plan it")
    success_message = lazy("The review is planned.")

    @cached_property
    def use_case(self) -> UseCase:
        rows = UseCase.objects.visible_to(self.request.user).select_related("team")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return found

    @cached_property
    def calendar(self) -> TeamCalendar | None:
        found: TeamCalendar | None = TeamCalendar.objects.filter(team=self.use_case.team_id).first()
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "review.plan", self.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.use_case.name

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (self.use_case.name, self.success_url_for(None))]

    def get_form_kwargs(self) -> dict[str, Any]:
        planned = set(
            ReviewPlan.objects.filter(use_case=self.use_case, ended_on=None).values_list("cadence", flat=True)
        )
        return {**super().get_form_kwargs(), "cadences": [name for name in Cadence.values if name not in planned]}

    def get_initial(self) -> dict[str, Any]:
        return {"starts_on": self.calendar.working_days.day_of(now()) if self.calendar else now().date()}

    def act(self, form: Any) -> ReviewPlan:
        return actions.plan_reviews(self.use_case, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("usecases:usecase_detail", args=[self.use_case.pk]) + "#rhythm"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(use_case=self.use_case, calendar=self.calendar, **kwargs)


class PlanDetail(DetailPage):
    model = ReviewPlan
    template_name = "operations/plan_detail.html"
    context_name = "plan"
    nav_key = "reviews"

    def get_queryset(self) -> QuerySet[ReviewPlan]:
        rows: QuerySet[ReviewPlan] = ReviewPlan.objects.visible_to(self.request.user)
        return rows.select_related("use_case__team__calendar", "planned_by", "ended_by")

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def tags(self) -> Sequence[dict[str, Any]]:
        state = {"state": "ended" if self.object.ended_on else "active"}
        return [state, {"text": self.object.use_case.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        plan = self.object
        template = TEMPLATES.newest_published(plan.cadence)
        days = plan.use_case.team.calendar.working_days
        coming = periods_from(plan.cadence, plan.covered_until + DAY, days) if plan.next_at else iter(())
        return super().get_context_data(
            template=template,
            performer=title_of(known(template.source).responsibility) if template else "",
            to_come=[(period, due_day(period, days)) for period in islice(coming, TO_COME)],
            reviews=list(plan.reviews.order_by("-first_day")[:MOST_SHOWN]),
            may_end=plan.ended_on is None and self.request.user.may("review.plan", plan.use_case.team_id),
            **kwargs,
        )


class PlanEnd(ActionFormView):
    nav_key = "reviews"
    title = lazy("End these reviews")
    form_class = forms.ReasonForm
    submit_label = lazy("End the plan")
    success_message = lazy("No further review is opened. What is open stays due.")

    @cached_property
    def plan(self) -> ReviewPlan:
        rows = ReviewPlan.objects.visible_to(self.request.user).select_related("use_case__team")
        found: ReviewPlan | None = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such plan, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "review.plan", self.plan.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.plan)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (str(self.plan), self.success_url_for(None))]

    def act(self, form: Any) -> ReviewPlan:
        return actions.end_plan(self.plan, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("operations:plan_detail", args=[self.plan.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)
