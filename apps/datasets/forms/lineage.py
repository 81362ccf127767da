from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound
from apps.core.subjects import SubjectRef
from apps.datasets.models import DatasetVersion, LineageNode, Source, SplitName
from apps.people.models import Team
from apps.people.roles import roles_with

MOST_CHOICES = 200
PARTS = {
    "description": _("The description, in place of the dataset's own"),
    "source": _("The published dataset as a source of the team, declared of this dataset"),
    "lineage": _("That this source went into the version"),
}


class OfTeamForm(forms.Form):
    """A form about the lineage of one team, of those whose lineage the user may record."""

    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), empty_label=_("Choose a team"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Team.objects.filter(
            memberships__user=user, memberships__role__in=roles_with("lineage.record")
        ).distinct()
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]
        if len(mine) == 1:
            self.fields["team"].initial = mine[0]


class EventsForm(OfTeamForm):
    file = forms.FileField(
        label=_("Run events"),
        help_text=_(
            "OpenLineage run events as JSON: one, or one a line, as the file transport of a client writes them."
        ),
    )


class NodeForm(OfTeamForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=LineageNode.Kind)
    name = forms.CharField(label=_("Name"), max_length=300, help_text=_("A table, a file, a job and its run."))
    namespace = forms.CharField(
        label=_("Namespace"),
        max_length=300,
        required=False,
        help_text=_("Where it lives, as OpenLineage names it: snowflake://account, s3://bucket."),
    )
    description = forms.CharField(
        label=_("Description"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    digest = forms.RegexField(
        r"^sha256:[0-9a-f]{64}$", label=_("Digest"), required=False, help_text=_("sha256: and 64 hexadecimal digits.")
    )


class InputForm(forms.Form):
    """What went into one thing: chosen of what stands, or named by its type and identifier."""

    input = forms.ChoiceField(label=_("What went into it"), required=False)
    other = forms.CharField(
        label=_("Or its type and identifier"),
        max_length=100,
        required=False,
        help_text=_("For what is not in the list, such as dataset_version:0193…"),
    )
    split = forms.ChoiceField(label=_("Into which split"), required=False)
    job = forms.CharField(label=_("By which job or query"), max_length=601, required=False)
    happened_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, user: Any, team: Team, output: SubjectRef, splits: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nodes = LineageNode.objects.filter(team=team).order_by("-id")[:MOST_CHOICES]
        sources = Source.objects.filter(team=team).order_by("name")[:MOST_CHOICES]
        versions = DatasetVersion.objects.visible_to(user).select_related("dataset").order_by("-id")[:MOST_CHOICES]
        groups = (
            (_("Sources"), [(f"source:{row.pk}", row.name) for row in sources]),
            (_("Extracts, runs, datasets outside"), [(f"lineage_node:{row.pk}", str(row)) for row in nodes]),
            (_("Dataset versions"), [(f"dataset_version:{row.pk}", str(row)) for row in versions]),
        )
        self.fields["input"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((title, [row for row in rows if row[0] != f"{output.type}:{output.id}"]) for title, rows in groups),
        ]
        for name in ("input", "other"):
            self.fields[name].is_asked = True  # type: ignore[attr-defined]
        if splits:
            self.fields["split"].choices = [  # type: ignore[attr-defined]
                ("", _("All of it")),
                *((name, SplitName(name).label) for name in splits),
            ]
        else:
            del self.fields["split"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        chosen, other = data.get("input", ""), data.get("other", "").strip()
        if bool(chosen) == bool(other):
            self.add_error("input", _("Choose one thing, or name one by its identifier."))
            return data
        type_, _colon, identifier = (chosen or other).partition(":")
        try:
            data["ref"] = SubjectRef.parse(type_, identifier)
        except NotFound as error:
            self.add_error("other" if other else "input", str(error.detail))
        return data


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class MetadataForm(forms.Form):
    file = forms.FileField(
        label=_("Metadata file"), help_text=_("Croissant JSON-LD, or the README.md of a Hugging Face dataset.")
    )
    version = forms.ModelChoiceField(
        label=_("For which version"),
        queryset=DatasetVersion.objects.none(),
        required=False,
        empty_label=_("The dataset as a whole"),
        help_text=_("With a version, lineage can be taken over as well."),
    )

    def __init__(self, *args: Any, dataset: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = dataset.versions.select_related("dataset").order_by("-number")
        self.fields["version"].queryset = rows  # type: ignore[attr-defined]


class PartsForm(forms.Form):
    parts = forms.MultipleChoiceField(label=_("What to take over"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, possible: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parts"].choices = [(part, PARTS[part]) for part in possible]  # type: ignore[attr-defined]
        self.fields["parts"].initial = possible
