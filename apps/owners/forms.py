from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from apps.core.clock import today
from apps.owners.continuity import Mode
from apps.owners.models import Ownership
from apps.people.models import Team, User
from apps.people.visibility import visible_people


def people_of(team: Team) -> Any:
    """Return the active people of the team, by name: those who can hold a responsibility."""
    return (
        User.objects.filter(memberships__team=team, is_active=True, kind=User.Kind.PERSON).distinct().order_by("name")
    )


class HolderForm(forms.Form):
    holder = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Holder"),
        empty_label=_("Choose a person"),
        help_text=_("They are asked, and hold it once they accept. You yourself hold it at once."),
    )
    deputy = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Deputy"),
        required=False,
        empty_label=_("No deputy"),
        help_text=_("Acts only on the days on which the holder is recorded as absent."),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, help_text=_("They read it, and it stays in the record.")
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("holder", "to", "deputy"):
            if name in self.fields:
                self.fields[name].queryset = people_of(team)  # type: ignore[attr-defined]


class HandOverForm(HolderForm):
    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Hand over to"),
        empty_label=_("Choose a person"),
        help_text=_("Nothing changes until they accept. What you take over yourself is yours at once."),
    )
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


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever asked you reads it and asks somebody else."),
    )


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, required=False)


class HandOverManyForm(forms.Form):
    """One person for everything, and where wanted another one for a single ownership."""

    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Hand everything over to"),
        required=False,
        empty_label=_("Choose a person"),
        help_text=_("Or choose a person for each line below."),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, ownerships: Sequence[Ownership], titles: dict[Any, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ownerships = ownerships
        teams = {row.team_id for row in ownerships}
        people = User.objects.filter(memberships__team__in=teams, is_active=True, kind=User.Kind.PERSON).distinct()
        choices = people.exclude(pk__in={row.holder_id for row in ownerships}).order_by("name")
        self.fields["to"].queryset = choices  # type: ignore[attr-defined]
        named = [("", str(_("As above"))), *((person.pk, person.name) for person in choices)]
        for row in ownerships:
            self.fields[self.name_of(row)] = forms.ChoiceField(label=titles[row.pk], choices=named, required=False)
        self.order_fields(["to", *(self.name_of(row) for row in ownerships), "note"])

    @staticmethod
    def name_of(row: Ownership) -> str:
        return f"to_{row.pk}"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        everything = data.get("to")
        chosen = {str(person.pk): person for person in self.fields["to"].queryset}  # type: ignore[attr-defined]
        self.successors: list[tuple[Ownership, User]] = []
        for row in self.ownerships:
            successor = chosen.get(data.get(self.name_of(row), ""), everything)
            if successor is not None:
                self.successors.append((row, successor))
            elif not self.errors:
                self.add_error(self.name_of(row), now("Choose who takes it over."))
        return data


class DrillForm(forms.Form):
    """Who is gone, when, and whether for good; ``ownership`` names a person by what they hold."""

    people = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label=_("Who"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("One person, or several at once with the Ctrl key."),
    )
    ownership = forms.ChoiceField(label=_("Or the holder of"), required=False)
    mode = forms.ChoiceField(label=_("What happens"), choices=Mode, initial=Mode.LEAVES)
    day = forms.DateField(label=_("On which day"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, user: Any, ownerships: Sequence[tuple[Any, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        people = visible_people(user).filter(is_active=True, kind=User.Kind.PERSON).order_by("name")
        self.fields["people"].queryset = people  # type: ignore[attr-defined]
        self.fields["ownership"].choices = [("", str(_("Nobody else"))), *ownerships]  # type: ignore[attr-defined]
        self.fields["day"].initial = today

    def held(self) -> list[Ownership]:
        """Return the chosen ownership, if any."""
        chosen = self.cleaned_data.get("ownership")
        rows = Ownership.objects.active().visible_to(self.user).select_related("holder")
        return list(rows.filter(pk=chosen)) if chosen else []
