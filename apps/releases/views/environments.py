from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.releases import actions, forms
from apps.releases.filters import EnvironmentFilter
from apps.releases.models import Environment, Release, ReleaseState
from apps.releases.reading import Shown, gate_states

MOST_SHOWN = 50


def list_crumb() -> Crumb:
    return (_("Releases"), reverse("releases:environment_list"))


def live_in_each(environments: Sequence[Environment]) -> dict[Any, list[Shown]]:
    """Return what is live by environment; two queries."""
    rows = Release.objects.live().filter(environment__in=environments).whole().order_by("version__model__name")
    found: dict[Any, list[Shown]] = {}
    for shown in gate_states(rows):
        found.setdefault(shown.release.environment_id, []).append(shown)
    return found


class EnvironmentList(ListPage):
    model = Environment
    template_name = "releases/environment_list.html"
    nav_key = "releases"
    title = _("Releases")
    subtitle = _("What is live in each environment, and whether its approval still stands.")
    filterset_class = EnvironmentFilter
    orderings = {"name": "name", "created": "id"}
    csv_name = "environments"
    csv_columns = (
        (_("Environment"), lambda row: row.name),
        (_("Kind"), lambda row: row.kind),
        (_("Team"), lambda row: row.team.name),
        (_("Description"), lambda row: row.description),
    )

    def get_queryset(self) -> QuerySet[Environment]:
        return Environment.objects.visible_to(self.request.user).select_related("team")

    def decorate(self, rows: list[Any]) -> list[Any]:
        live = live_in_each(rows)
        proposed: dict[Any, int] = {}
        for pk in Release.objects.proposed().filter(environment__in=rows).values_list("environment_id", flat=True):
            proposed[pk] = proposed.get(pk, 0) + 1
        return [{"environment": row, "live": live.get(row.pk, []), "proposed": proposed.get(row.pk, 0)} for row in rows]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        may_create = any(user.may("environment.edit", team.pk) for team in user.teams_list)
        return super().get_context_data(may_create=may_create, **kwargs)


class EnvironmentDetail(DetailPage):
    model = Environment
    template_name = "releases/environment_detail.html"
    context_name = "environment"
    nav_key = "releases"

    def get_queryset(self) -> QuerySet[Environment]:
        return Environment.objects.visible_to(self.request.user).select_related("team", "created_by")

    def get_subtitle(self) -> Text:
        return str(self.object.description)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.kind}, {"text": self.object.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Release.objects.filter(environment=self.object).whole().order_by("-id")
        standing = gate_states(rows.exclude(state=ReleaseState.ENDED)[:MOST_SHOWN])
        return super().get_context_data(
            live=[row for row in standing if row.release.state == ReleaseState.LIVE],
            proposed=[row for row in standing if row.release.state == ReleaseState.PROPOSED],
            ended=list(rows.filter(state=ReleaseState.ENDED).select_related("ended_by")[:MOST_SHOWN]),
            may_edit=self.request.user.may("environment.edit", self.object.team_id),
            **kwargs,
        )


class EnvironmentCreate(ActionFormView):
    nav_key = "releases"
    title = _("New environment")
    subtitle = _("A place where model versions of a team are live.")
    form_class = forms.NewEnvironmentForm
    submit_label = _("Create the environment")
    success_message = _("The environment is created. Propose a release on a model version’s page.")

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> Environment:
        values = dict(form.cleaned_data)
        values.pop("revision")
        return actions.create_environment(values.pop("team"), by=self.request.user, **values)

    def success_url_for(self, result: Environment) -> str:
        return reverse("releases:environment_detail", args=[result.pk])


class EnvironmentEdit(ActionFormView):
    nav_key = "releases"
    title = _("Edit the environment")
    form_class = forms.EnvironmentForm
    submit_label = _("Save")
    success_message = _("Saved.")

    @cached_property
    def environment(self) -> Environment:
        rows = Environment.objects.visible_to(self.request.user).select_related("team")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such environment, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "environment.edit", self.environment.team_id)
        return super().get(request, *args, **kwargs)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (self.environment.name, self.success_url_for(self.environment))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": Environment.objects.get(pk=self.environment.pk)}

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.environment.revision}

    def act(self, form: Any) -> Environment:
        values = dict(form.cleaned_data)
        revision = values.pop("revision")
        return actions.edit_environment(self.environment.pk, by=self.request.user, revision=revision, **values)

    def success_url_for(self, result: Environment) -> str:
        return reverse("releases:environment_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(self.environment)
        return super().get_context_data(**kwargs)
