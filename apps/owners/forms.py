from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.people.models import Team, User


def people_of(team: Team) -> Any:
    """Return the active people of the team, by name: those who can hold a responsibility."""
    return (
        User.objects.filter(memberships__team=team, is_active=True, kind=User.Kind.PERSON).distinct().order_by("name")
    )


class HolderForm(forms.Form):
    holder = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Holder"), empty_label=_("Choose a person"))
    deputy = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Deputy"),
        required=False,
        empty_label=_("No deputy"),
        help_text=_("Acts only on the days on which the holder is recorded as absent."),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, help_text=_("For the record: why this person.")
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("holder", "to", "deputy"):
            if name in self.fields:
                self.fields[name].queryset = people_of(team)  # type: ignore[attr-defined]


class HandOverForm(HolderForm):
    to = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Hand over to"), empty_label=_("Choose a person"))
    holder = None  # type: ignore[assignment]
    field_order = ("to", "deputy", "note")


class DeputyForm(HolderForm):
    holder = None  # type: ignore[assignment]
    note = None  # type: ignore[assignment]


class VacateForm(forms.Form):
    note = forms.CharField(
        label=_("Why"),
        max_length=500,
        help_text=_("The responsibility stays vacant until somebody is named."),
    )
