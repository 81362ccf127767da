from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb
from apps.operations import actions, forms
from apps.operations.models import TeamCalendar
from apps.people.models import Team


class TeamCalendarPage(ActionFormView):
    """When a team works: made the first time, changed from then on."""

    nav_key = "reviews"
    title = lazy("When the team works")
    template_name = "operations/team_calendar.html"
    form_class = forms.TeamCalendarForm
    submit_label = lazy("Save")
    success_message = lazy("Saved. Reviews that are open stay due when they are.")

    @cached_property
    def team(self) -> Team:
        found = Team.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such team, or you may not see it."))
        return found

    @cached_property
    def calendar(self) -> TeamCalendar | None:
        found: TeamCalendar | None = TeamCalendar.objects.filter(team=self.team).first()
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "review.plan", self.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.team.name

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Reviews"), reverse("operations:review_list"))]

    def get_initial(self) -> dict[str, Any]:
        if self.calendar is not None:
            return forms.TeamCalendarForm.initial_of(self.calendar)
        return {"time_zone": self.request.user.time_zone or "UTC", "weekend": [6, 7]}

    def act(self, form: Any) -> TeamCalendar:
        values = dict(form.cleaned_data)
        revision = values.pop("revision")
        if self.calendar is None:
            return actions.make_team_calendar(self.team, by=self.request.user, **values)
        return actions.edit_team_calendar(self.calendar.pk, by=self.request.user, revision=revision, **values)

    def success_url_for(self, result: Any) -> str:
        return reverse("operations:review_list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(calendar=self.calendar, **kwargs)
