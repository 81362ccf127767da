"""What is due of the teams that the reader oversees."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView, View

from apps.agenda import overview
from apps.core.errors import NotPermitted, Refusal
from apps.core.pages import PageMixin

MOST = 200


class Overview(PageMixin, TemplateView):
    """Everything overdue by team, person, kind and age; the trend; who has too much; nudge and hand over."""

    template_name = "agenda/overview.html"
    nav_key = "due"
    title = lazy("What is due")
    subtitle = lazy("Of the teams that you oversee: overdue, and due within a fortnight.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        teams = overview.overseen(self.request.user)
        if not teams:
            raise NotPermitted(_("Governance leads and auditors oversee what is due."))
        found = overview.rows(self.request.user)
        asked = self.request.GET
        chosen = [
            row
            for row in found
            if (not asked.get("team") or str(row.duty.team_id) == asked["team"])
            and (not asked.get("person") or asked["person"] in {str(user.pk) for user in row.holders})
            and (not asked.get("overdue") or row.is_overdue)
        ]
        late = overview.by_team(found)
        days = overview.trend(team.pk for team in teams)
        return super().get_context_data(
            rows=chosen[:MOST],
            more=max(len(chosen) - MOST, 0),
            teams=[(team, late[team.pk]) for team in teams],
            names={team.pk: team.name for team in teams},
            burdens=overview.burdens(found)[:10],
            days=days,
            most=max((n for _day, n in days), default=0),
            overdue=sum(row.is_overdue for row in found),
            asked={name: asked.get(name, "") for name in ("team", "person", "overdue")},
            may_nudge={team.pk for team in teams if self.request.user.may("due.nudge", team.pk)},
            **kwargs,
        )


class Nudge(PageMixin, View):
    """Tell those who answer for a duty that their lead waits for it."""

    def post(self, request: Any) -> HttpResponse:
        try:
            told = overview.nudge(request.POST.get("key", ""), by=request.user)
            messages.success(request, _("Told: %(n)d.") % {"n": told})
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            messages.error(request, f"{refusal.title}. {refusal.detail}")
        back = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
        return HttpResponseRedirect(back if safe else reverse("agenda:overview"))
