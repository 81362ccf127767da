from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.datasets.actions.catalogue import SOURCE_FIELDS
from apps.datasets.models import Dataset, Source
from apps.people.models import Team, User
from apps.people.roles import roles_with
from apps.people.visibility import visible_people
from apps.usecases.models import UseCase


class PairsInput(forms.Widget):
    """Lines of two inputs: what, and why; three empty ones at the end."""

    use_fieldset = True
    empty = 3

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        whats, whys = data.getlist(f"{name}_what"), data.getlist(f"{name}_why")
        return [{"what": what, "why": why} for what, why in zip(whats, whys, strict=False)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_what" not in data

    def format_value(self, value: Any) -> Any:
        return value if isinstance(value, list) else []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = [pair for pair in self.format_value(value) if pair.get("what") or pair.get("why")]
        rows = [*given, *({"what": "", "why": ""} for _number in range(self.empty))]
        first = (attrs or {}).get("id", name)
        return format_html(
            '<div class="pairs">{}</div>',
            format_html_join(
                "",
                '<div><input class="form-control" type="text" name="{0}_what" id="{1}" value="{2}" maxlength="300"'
                ' aria-label="{4} {6}" placeholder="{4}"><input class="form-control" type="text" name="{0}_why"'
                ' value="{3}" maxlength="300" aria-label="{5} {6}" placeholder="{5}"></div>',
                (
                    (
                        name,
                        first if number == 0 else f"{first}_{number}",
                        pair["what"],
                        pair["why"],
                        _("What"),
                        _("Why"),
                        number + 1,
                    )
                    for number, pair in enumerate(rows)
                ),
            ),
        )


class PairsField(forms.Field):
    """A list of ``{"what": …, "why": …}``; empty lines are left out."""

    widget = PairsInput

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for name in ("encoder", "decoder"):
            kwargs.pop(name, None)
        super().__init__(*args, **kwargs)

    def clean(self, value: Any) -> list[dict[str, str]]:
        pairs = [{"what": pair["what"].strip(), "why": pair["why"].strip()} for pair in value or []]
        if any(pair["why"] and not pair["what"] for pair in pairs):
            raise forms.ValidationError(_("Say what is excluded, not only why."))
        if len(pairs) > 100 or any(len(text) > 300 for pair in pairs for text in pair.values()):
            raise forms.ValidationError(_("At most 100 lines of 300 characters."))
        return [pair for pair in pairs if pair["what"]]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.clean(data) != (initial or [])


class SourceForm(forms.ModelForm[Source]):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Source
        fields = SOURCE_FIELDS
        help_texts = {
            "location": _("Where it is: a site, an object, a table."),
            "retention_days": _("From the registration of a version on; no copy of its data stays longer."),
            "owner_name": _("Who answers for the system itself."),
            "is_authoritative": _("This system, and no copy of it, decides what is right."),
            "owner": _("Who in the team answers for what comes out of it."),
            "licence": _("As the publisher writes it: CC BY 4.0, a contract, own data."),
            "covers_from": _("The first day that its records cover: what is older does not come from it."),
            "cut_off": _("The last day that its records cover, as the source declares it."),
            "eligibility": _("May models be trained on what comes out of it?"),
            "eligibility_reason": _("Needed for “restricted” and “not eligible”."),
            "exclusions": _("Which records are never taken from it, in your own words."),
            "excluded": _("One thing a line. Save to get more lines."),
        }
        widgets = {
            "exclusions": forms.Textarea(attrs={"rows": 3}),
            "eligibility_reason": forms.Textarea(attrs={"rows": 2}),
            "covers_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "cut_off": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        field_classes = {"excluded": PairsField}

    def __init__(self, *args: Any, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, kind=User.Kind.PERSON).order_by("name")
        owner: Any = self.fields["owner"]
        owner.queryset = people.filter(memberships__team=team).distinct() if team else people.none()
        owner.empty_label = _("Nobody in the team")

    def validate_constraints(self) -> None:
        """Leave the double name to the action, which refuses with a sentence."""


class NewSourceForm(SourceForm):
    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), empty_label=_("Choose a team"))
    field_order = ("team",)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = visible_people(user).filter(is_active=True, kind=User.Kind.PERSON)
        self.fields["owner"].queryset = people.order_by("name")  # type: ignore[attr-defined]
        mine = Team.objects.filter(memberships__user=user, memberships__role__in=roles_with("source.edit")).distinct()
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]
        if len(mine) == 1:
            self.fields["team"].initial = mine[0]


class DatasetForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    retention_days = forms.IntegerField(
        label=_("Days that copies are kept"),
        min_value=1,
        max_value=36500,
        required=False,
        help_text=_("From the registration of a version on, unless a copy says sooner. An extension can go past it."),
    )
    sources = forms.ModelMultipleChoiceField(
        label=_("Sources"),
        queryset=Source.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where the records come from. Declare a new source under Datasets, Sources."),
    )

    def __init__(self, *args: Any, use_case: UseCase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sources"].queryset = Source.objects.filter(team=use_case.team_id).order_by("name")  # type: ignore[attr-defined]


def dataset_values(dataset: Dataset) -> dict[str, Any]:
    return {
        "revision": dataset.revision,
        "name": dataset.name,
        "description": dataset.description,
        "retention_days": dataset.retention_days,
        "sources": list(dataset.sources.values_list("pk", flat=True)),
    }
