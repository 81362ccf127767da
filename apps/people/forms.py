from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.people.models import Team, User
from apps.people.roles import PROGRAM_ROLES, OrganisationRole, Role


def managed_teams(user: Any) -> Any:
    """Return the teams whose people the user manages."""
    if user.may("people.manage", None):
        return Team.objects.all()
    return Team.objects.filter(memberships__user=user, memberships__role=Role.ADMINISTRATOR).distinct()


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=60, required=False, help_text=_("Such as Europe/Madrid; empty is UTC.")
    )


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"))
    name = forms.CharField(label=_("Name"), max_length=120)
    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), empty_label=_("Choose a team"))
    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = managed_teams(user)  # type: ignore[attr-defined]


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None takes the person out of the team."),
    )


class OrganisationRoleForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role in the whole organisation"), choices=[("", _("None")), *OrganisationRole.choices], required=False
    )


class TeamForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class TokenForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What uses it: a pipeline, a notebook."))
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[
            ("read", _("Read")),
            ("write", _("Write")),
            ("sign", _("Sign (with a fresh confirmation each time)")),
        ],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
    )
    days = forms.IntegerField(label=_("Ends after, days"), initial=90, min_value=1, max_value=366)


class ServiceAccountForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[pair for pair in Role.choices if pair[0] in PROGRAM_ROLES],
    )


class AbsenceForm(forms.Form):
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class GrantForm(forms.Form):
    user = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Person"), empty_label=_("Choose a person"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, kind=User.Kind.PERSON).order_by("name")
        self.fields["user"].queryset = people  # type: ignore[attr-defined]


class ConfirmForm(forms.Form):
    """A form with a button and no fields."""
