"""One's own settings: profile, tokens, absences."""

from collections.abc import Sequence
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from django_htmx.http import HttpResponseClientRedirect

from apps.core.clock import now
from apps.core.errors import NotFound, Refusal
from apps.core.pages import TEAM_KEY, ActionFormView, Crumb, PageMixin
from apps.people import actions, forms
from apps.people.models import Absence, ApiToken, Team
from apps.people.roles import PERMISSIONS, ROLE_PERMISSIONS, Role


def settings_crumb() -> Crumb:
    return (_("Settings"), reverse("people:profile"))


class Profile(ActionFormView):
    template_name = "people/profile.html"
    nav_key = "settings"
    title = _("Settings")
    form_class = forms.ProfileForm
    submit_label = _("Save")
    success_message = _("Saved.")

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.request.user.name, "time_zone": self.request.user.time_zone}

    def act(self, form: Any) -> Any:
        return actions.edit_profile(self.request.user, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("people:profile")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, moment = self.request.user, now()
        return super().get_context_data(
            tokens=ApiToken.objects.filter(user=user).order_by("-created"),
            absences=user.absences.filter(cancelled_at=None, ends_on__gte=moment.date()).order_by("starts_on"),
            sessions=UserSession.objects.filter(user=user).order_by("-last_seen_at"),
            roles=user.memberships.select_related("team").order_by("team__name", "role"),
            now=moment,
            has_single_sign_on=bool(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]),
            sees_mails=user.may("people.manage", None),
            manages=user.may("people.manage", None) or any(user.may("people.manage", t.pk) for t in user.teams_list),
            **kwargs,
        )


class TeamSwitch(PageMixin):
    """Choose the team that lists show from now on, or every team."""

    def post(self, request: Any) -> HttpResponse:
        chosen = request.POST.get("team", "")
        known = {str(team.pk) for team in Team.objects.visible_to(request.user)}
        request.session[TEAM_KEY] = chosen if chosen in known else ""
        back = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            back = "/"
        return HttpResponseClientRedirect(back) if request.htmx else HttpResponseRedirect(back)


class TokenCreate(ActionFormView):
    nav_key = "settings"
    title = _("New token")
    form_class = forms.TokenForm
    submit_label = _("Create the token")

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb()]

    def owner(self) -> Any:
        return self.request.user

    def form_valid(self, form: Any) -> HttpResponse:
        data = form.cleaned_data
        try:
            token, secret = actions.create_token(
                self.owner(), data["name"], data["scopes"], by=self.request.user, days=data["days"]
            )
        except Refusal as refusal:
            return self.refuse(form, refusal)
        self.template_name = "people/token_secret.html"
        return self.render_to_response(self.get_context_data(form=form, token=token, secret=secret))


class TokenRevoke(PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        token = ApiToken.objects.filter(id=pk).select_related("user").first()
        if token is None:
            raise NotFound(_("There is no such token."))
        actions.revoke_token(token, by=request.user)
        mine = token.user_id == request.user.pk
        return HttpResponseRedirect(
            reverse("people:profile") if mine else reverse("people:person_detail", args=[token.user_id])
        )


class AbsenceCreate(ActionFormView):
    nav_key = "settings"
    title = _("Record an absence")
    subtitle = _("On these days your deputies may act for you.")
    form_class = forms.AbsenceForm
    submit_label = _("Record")
    success_message = _("The absence is recorded.")

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb()]

    def act(self, form: Any) -> Absence:
        return actions.record_absence(self.request.user, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("people:profile")


class AbsenceCancel(PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        absence = Absence.objects.filter(pk=pk, user=request.user).first()
        if absence is None:
            raise NotFound(_("There is no such absence."))
        actions.cancel_absence(absence, by=request.user)
        return HttpResponseRedirect(reverse("people:profile"))


class SessionEnd(PageMixin):
    def post(self, request: Any, pk: int) -> HttpResponse:
        actions.end_session(pk, by=request.user)
        return HttpResponseRedirect(reverse("people:profile"))


class Roles(PageMixin, TemplateView):
    """The one table of permissions, as it is in force."""

    template_name = "people/roles.html"
    nav_key = "settings"
    title = _("Roles and permissions")
    subtitle = _("A role lets you act. A responsibility lets you sign.")

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb()]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [
            {"permission": name, "held": [name in ROLE_PERMISSIONS[role] for role in Role]}
            for name in sorted(PERMISSIONS)
        ]
        return super().get_context_data(roles=[role.label for role in Role], rows=rows, **kwargs)
