"""Managing people, teams, service accounts and grants."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access, subjects
from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin
from apps.core.subjects import SubjectRef
from apps.people import actions, forms, hooks
from apps.people.filters import PersonFilter, TeamFilter
from apps.people.grants import holders_of
from apps.people.models import Team, User
from apps.people.views.own import TokenCreate, settings_crumb
from apps.people.visibility import roles_seen_by, visible_memberships, visible_people


def people_crumbs() -> list[Crumb]:
    return [settings_crumb(), (_("People"), reverse("people:person_list"))]


class PersonList(ListPage):
    model = User
    template_name = "people/person_list.html"
    nav_key = "settings"
    title = _("People")
    filterset_class = PersonFilter
    orderings = {"name": "name", "created": "id"}
    default_ordering = ("name", "id")
    csv_name = "people"
    csv_columns = (
        (_("Name"), lambda row: row.name),
        (_("Kind"), lambda row: row.kind),
        (_("Active"), lambda row: row.is_active),
    )

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb()]

    def get_queryset(self) -> QuerySet[User]:
        return visible_people(self.request.user).prefetch_related(roles_seen_by(self.request.user))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may = forms.managed_teams(self.request.user).exists()
        return super().get_context_data(may_invite=may, **kwargs)


class PersonDetail(DetailPage):
    template_name = "people/person_detail.html"
    context_name = "person"
    nav_key = "settings"

    def get_queryset(self) -> QuerySet[User]:
        return visible_people(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return people_crumbs()

    def tags(self) -> Sequence[dict[str, Any]]:
        state = "active" if self.object.is_active else "deactivated"
        kind = [{"text": self.object.get_kind_display()}] if self.object.kind == User.Kind.SERVICE else []
        return [{"state": state}, *kind]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person, user = self.object, self.request.user
        rows = visible_memberships(user).filter(user=person).select_related("team").order_by("team__name", "role")
        by_team: dict[Team, list[str]] = {}
        for row in rows:
            by_team.setdefault(row.team, []).append(row.get_role_display())
        everywhere = user.may("people.manage", None)
        return super().get_context_data(
            teams=[
                {"team": team, "roles": roles, "may": user.may("people.manage", team.pk)}
                for team, roles in by_team.items()
            ],
            other_teams=forms.managed_teams(user).exclude(pk__in=[team.pk for team in by_team]),
            tokens=person.auth_token_set.order_by("-created") if everywhere or person.kind == "service" else [],
            invitation=Job.objects.filter(kind="send_invitation", subject_type="user", subject_id=person.pk).last()
            if not person.has_joined
            else None,
            manages=everywhere or any(user.may("people.manage", team.pk) for team in by_team),
            everywhere=everywhere,
            links=hooks.links(person, user),
            may_tokens=person.kind == "service" and any(user.may("token.manage_service", t.pk) for t in by_team),
            **kwargs,
        )


class OnePerson:
    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def person(self) -> User:
        found = visible_people(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such person, or you may not see them."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return [*people_crumbs(), (self.person.name, reverse("people:person_detail", args=[self.person.pk]))]

    def success_url_for(self, result: Any) -> str:
        return reverse("people:person_detail", args=[self.kwargs["pk"]])


class PersonInvite(ActionFormView):
    nav_key = "settings"
    title = _("Invite a person")
    subtitle = _("They get an e-mail with a link to choose a password.")
    form_class = forms.InviteForm
    submit_label = _("Invite")
    success_message = _("The invitation is on its way.")

    def crumbs(self) -> Sequence[Crumb]:
        return people_crumbs()

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not forms.managed_teams(request.user).exists():
            access.require(request.user, "people.manage", None)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> User:
        data = form.cleaned_data
        return actions.invite(
            data["email"], data["name"], by=self.request.user, team=data["team"], roles=tuple(data["roles"])
        )

    def success_url_for(self, result: User) -> str:
        return reverse("people:person_detail", args=[result.pk])


class PersonRoles(OnePerson, ActionFormView):
    nav_key = "settings"
    form_class = forms.RolesForm
    submit_label = _("Save the roles")
    success_message = _("The roles are changed.")

    @cached_property
    def team(self) -> Team:
        found = Team.objects.visible_to(self.request.user).filter(pk=self.kwargs["team"]).first()
        if found is None:
            raise NotFound(_("There is no such team, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "people.manage", self.team.pk)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> Text:
        return _("Roles of %(name)s in %(team)s") % {"name": self.person.name, "team": self.team.name}

    def get_initial(self) -> dict[str, Any]:
        return {"roles": list(self.person.memberships.filter(team=self.team).values_list("role", flat=True))}

    def act(self, form: Any) -> Any:
        return actions.change_roles(self.person, self.team, form.cleaned_data["roles"], by=self.request.user)


class PersonOrganisationRole(OnePerson, ActionFormView):
    nav_key = "settings"
    form_class = forms.OrganisationRoleForm
    submit_label = _("Save")
    success_message = _("The role is changed.")

    def get_title(self) -> Text:
        return self.person.name

    def get_initial(self) -> dict[str, Any]:
        return {"role": self.person.organisation_role}

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        _person = self.person
        access.require(request.user, "people.manage", None)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> Any:
        return actions.set_organisation_role(self.person, form.cleaned_data["role"], by=self.request.user)


class PersonSwitch(OnePerson, ActionFormView):
    """Deactivate or reactivate, after a page that says what it does."""

    nav_key = "settings"
    form_class = forms.ConfirmForm
    verb = ""

    def get_title(self) -> Text:
        text = _("Deactivate %(name)s") if self.verb == "deactivate" else _("Reactivate %(name)s")
        return text % {"name": self.person.name}

    def get_subtitle(self) -> Text:
        if self.verb == "deactivate":
            return _("Sessions and tokens end at once, and what this person holds becomes vacant.")
        return _("The roles come back; tokens and responsibilities do not.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.submit_label = _("Deactivate") if self.verb == "deactivate" else _("Reactivate")
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)

    def act(self, form: Any) -> User:
        act = actions.deactivate if self.verb == "deactivate" else actions.reactivate
        return act(self.person, by=self.request.user)


class PersonInviteAgain(OnePerson, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        actions.invite_again(self.person, by=request.user)
        messages.success(request, _("The invitation is on its way again."))
        return HttpResponseRedirect(self.success_url_for(None))


class ServiceToken(OnePerson, TokenCreate):
    def owner(self) -> User:
        return self.person


class TeamList(ListPage):
    model = Team
    template_name = "people/team_list.html"
    nav_key = "settings"
    title = _("Teams")
    filterset_class = TeamFilter
    orderings = {"name": "name", "created": "id"}
    default_ordering = ("name", "id")

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb()]

    def get_queryset(self) -> QuerySet[Team]:
        rows = Team.objects.visible_to(self.request.user)
        return rows.annotate(people=Count("memberships__user", distinct=True))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(may_create=self.request.user.may("people.manage", None), **kwargs)


class TeamDetail(DetailPage):
    model = Team
    template_name = "people/team_detail.html"
    context_name = "team"
    nav_key = "settings"

    def get_subtitle(self) -> Text:
        return str(self.object.description)

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb(), (_("Teams"), reverse("people:team_list"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        team, user = self.object, self.request.user
        people: dict[User, list[str]] = {}
        for row in team.memberships.select_related("user").order_by("user__name", "role"):
            people.setdefault(row.user, []).append(row.get_role_display())
        return super().get_context_data(
            people=list(people.items()),
            may_manage=user.may("people.manage", team.pk),
            may_service=user.may("token.manage_service", team.pk),
            **kwargs,
        )


class TeamCreate(ActionFormView):
    nav_key = "settings"
    title = _("New team")
    form_class = forms.TeamForm
    submit_label = _("Create the team")

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb(), (_("Teams"), reverse("people:team_list"))]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "people.manage", None)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> Team:
        return actions.create_team(form.cleaned_data["name"], form.cleaned_data["description"], by=self.request.user)

    def success_url_for(self, result: Team) -> str:
        return reverse("people:team_detail", args=[result.pk])


class OneTeam:
    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def team(self) -> Team:
        found = Team.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such team, or you may not see it."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return [settings_crumb(), (self.team.name, reverse("people:team_detail", args=[self.team.pk]))]


class TeamEdit(OneTeam, ActionFormView):
    nav_key = "settings"
    title = _("Edit the team")
    form_class = forms.TeamForm
    submit_label = _("Save")
    success_message = _("Saved.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "people.manage", self.team.pk)
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.team.revision, "name": self.team.name, "description": self.team.description}

    def act(self, form: Any) -> Team:
        return actions.edit_team(self.team.pk, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Team) -> str:
        return reverse("people:team_detail", args=[result.pk])


class ServiceAccountCreate(OneTeam, ActionFormView):
    nav_key = "settings"
    title = _("New service account")
    subtitle = _("A program's account: it submits evidence and never signs.")
    form_class = forms.ServiceAccountForm
    submit_label = _("Create the account")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "token.manage_service", self.team.pk)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> User:
        data = form.cleaned_data
        return actions.create_service_account(self.team, data["name"], by=self.request.user, role=data["role"])

    def success_url_for(self, result: User) -> str:
        return reverse("people:person_detail", args=[result.pk])


class Sharing(ActionFormView):
    """Who sees one thing without a role in its team: give and withdraw."""

    nav_key = "settings"
    template_name = "people/sharing.html"
    form_class = forms.GrantForm
    submit_label = _("Share")
    title = _("Share with a person from outside the team")

    @cached_property
    def ref(self) -> SubjectRef:
        return SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])

    @cached_property
    def subject(self) -> Any:
        found = subjects.get(self.ref, self.request.user)
        access.require(self.request.user, "grant.give", subjects.kind(self.ref.type).team(found).pk)
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        _subject = self.subject
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return subjects.kind(self.ref.type).label(self.subject)

    def crumbs(self) -> Sequence[Crumb]:
        kind = subjects.kind(self.ref.type)
        return [(kind.label(self.subject), kind.url(self.subject))]

    def act(self, form: Any) -> Any:
        return actions.give_grant(form.cleaned_data["user"], self.ref, by=self.request.user)

    def success_url_for(self, result: Any) -> str:
        return reverse("people:sharing", args=[self.ref.type, self.ref.id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(people=holders_of(self.ref), ref=self.ref, **kwargs)


class SharingEnd(PageMixin):
    def post(self, request: Any, subject_type: str, subject_id: Any, pk: Any) -> HttpResponse:
        ref = SubjectRef.parse(subject_type, subject_id)
        subjects.get(ref, request.user)
        person = User.objects.filter(pk=pk).first()
        if person is None:
            raise NotFound(_("There is no such person."))
        actions.withdraw_grant(person, ref, by=request.user)
        return HttpResponseRedirect(reverse("people:sharing", args=[subject_type, subject_id]))
