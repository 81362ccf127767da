import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.clock import now
from apps.core.pages import TEAM_KEY, Crumb, ListPage, PageMixin
from apps.operations.burning_down import overdue_by_day, overdue_now
from apps.operations.filters import ReviewFilter
from apps.operations.forms import month_of
from apps.operations.models import Review
from apps.operations.month import month
from apps.operations.views.plans import list_crumb
from apps.operations.views.reviews import state_of
from apps.owners import holders
from apps.people.models import Team


class ReviewList(ListPage):
    model = Review
    template_name = "operations/review_list.html"
    nav_key = "reviews"
    title = _("Reviews")
    subtitle = _("What is looked at every day, week, month and quarter, and what was missed.")
    filterset_class = ReviewFilter
    orderings = {"due": "due_at", "created": "id"}
    default_ordering = ("-due_at", "-id")
    csv_name = "reviews"
    csv_columns = (
        (_("Use case"), lambda row: row.plan.use_case.name),
        (_("Team"), lambda row: row.team.name),
        (_("Cadence"), lambda row: row.plan.cadence),
        (_("First day"), lambda row: row.first_day.isoformat()),
        (_("Last day"), lambda row: row.last_day.isoformat()),
        (_("Due"), lambda row: row.due_at.isoformat()),
        (_("State"), lambda row: row.state),
        (_("Performed by"), lambda row: row.performed_by.name if row.performed_by else ""),
        (_("Performed"), lambda row: row.performed_at.isoformat() if row.performed_at else ""),
        (_("Outcome"), lambda row: row.outcome),
        (_("Digest"), lambda row: row.digest),
    )

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.visible_to(self.request.user).whole()

    def decorate(self, rows: list[Any]) -> list[Any]:
        moment = now()
        owners = holders.on_each("use_case", {row.plan.use_case_id for row in rows})
        return [
            {
                "review": row,
                "state": state_of(row, moment),
                "ownership": owners.get((row.plan.use_case_id, row.responsibility)),
            }
            for row in rows
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(
            calendars=[team for team in user.teams_list if user.may("review.plan", team.pk)], **kwargs
        )


class OfTeams(PageMixin, TemplateView):
    """A page about the reviews of the team that the reader chose, or of all that they see."""

    nav_key = "reviews"

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    @cached_property
    def teams(self) -> list[Team]:
        return list(Team.objects.visible_to(self.request.user).order_by("name"))

    @cached_property
    def team(self) -> Team | None:
        wanted = self.request.GET.get("team", str(self.request.session.get(TEAM_KEY, "")))
        return next((team for team in self.teams if str(team.pk) == wanted), None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(teams=self.teams, team=self.team, **kwargs)


class ReviewCalendar(OfTeams):
    """One month: what is due on which day, what is to come, which days are holidays."""

    template_name = "operations/review_calendar.html"
    title = _("Calendar of reviews")
    subtitle = _("Each review stands on the day by whose end it is due.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        moment = now()
        first = month_of(self.request.GET.get("month", ""), moment.date())
        return super().get_context_data(
            first=first,
            month_name=first.strftime("%Y-%m"),
            before=(first - dt.timedelta(days=1)).strftime("%Y-%m"),
            after=(first + dt.timedelta(days=32)).strftime("%Y-%m"),
            month=month(self.request.user, first, self.team, moment),
            feed_url=reverse("operations:feed_renew"),
            **kwargs,
        )


class Overdue(OfTeams):
    """What is overdue now, and how many were on each of the last days."""

    template_name = "operations/overdue.html"
    title = _("Overdue")
    subtitle = _("Reviews and follow-ups past their day that nobody has closed.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        moment = now()
        return super().get_context_data(
            drawn=overdue_by_day(self.request.user, self.team, moment),
            overdue=overdue_now(self.request.user, self.team, moment),
            **kwargs,
        )
