from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.evaluations.actions.reviews import MOST_OUTPUTS
from apps.evaluations.models import (
    Baseline,
    EvaluationRun,
    FailureCase,
    FailureDecision,
    FindingRetest,
    RedTeamFinding,
    Suite,
    SuiteVersion,
)
from apps.evaluations.storing import MOST_FILES
from apps.people.models import User
from apps.registry.forms import ObjectField
from apps.registry.models import ModelVersion

MOST_CHOICES = 200
EXAMPLE = """\
tasks:
  - {key: intents, title: Name the intent, dataset: "sha256:…", split: test}
metrics:
  - key: accuracy
    title: Accuracy
    group: task            # task, risk or operational
    unit: ratio
    better: higher
    source: accuracy       # the tool's own name, as in banking77/acc,none
    segments: [card, transfer]
thresholds:
  - {metric: accuracy, at_least: 0.9}
  - {metric: accuracy, segment: card, at_least: 0.8}
  - {metric: accuracy, not_worse_than_baseline_by: 0}
"""


class SuiteForm(forms.ModelForm[Suite]):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Suite
        fields = ("name", "purpose")
        help_texts = {"purpose": _("What a model that passes has shown.")}
        widgets = {"purpose": forms.Textarea(attrs={"rows": 3})}

    def validate_constraints(self) -> None:
        """Leave the double name to the action, which refuses with a sentence."""


class VersionForm(forms.Form):
    note = forms.CharField(label=_("What is new"), max_length=500, required=False)
    source = forms.CharField(
        label=_("Tasks, metrics and thresholds"),
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "spellcheck": "false", "class": "code"}),
        help_text=_(
            "YAML. A dataset is named by the digest of a registered version. Thresholds: at_least, at_most,"
            " not_worse_than_live_by, not_worse_than_baseline_by."
        ),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class SignForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
    password = forms.CharField(
        label=_("Your password or one-time code"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Asked before every signature. Leave it empty after you confirmed another way."),
    )


class BaselineForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=Baseline.Kind.choices)
    model_name = forms.CharField(label=_("Model"), max_length=200, help_text=_("Which model answers, untuned."))
    description = forms.CharField(
        label=_("Description"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What it does, so that somebody else could run it again."),
    )
    prompts = forms.CharField(
        label=_("Prompts"), max_length=60_000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    configuration = ObjectField(
        label=_("Configuration"), required=False, help_text=_('A JSON object, as in {"temperature": 0}.')
    )


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        if not data:
            raise forms.ValidationError(_("Choose the tool’s files."))
        if len(data) > MOST_FILES:
            raise forms.ValidationError(_("At most %(n)d files."), params={"n": MOST_FILES})
        return data


class ImportForm(forms.Form):
    files = FilesField(  # type: ignore[assignment]
        label=_("Files"),
        help_text=_(
            "The result of lm-evaluation-harness, promptfoo, garak or MLflow, or Fourgate’s own JSON or CSV; with it,"
            " the scores by case that belong to it."
        ),
    )
    subject = forms.CharField(
        label=_("Which provider"),
        max_length=300,
        required=False,
        help_text=_("Only where a promptfoo file compares several."),
    )


class ConfirmForm(forms.Form):
    """What the files don't say: whose run this is, and, where they are silent, when it was."""

    subject = forms.ChoiceField(label=_("What was evaluated"))
    evaluated_by = forms.ChoiceField(label=_("Who evaluated"))
    started_at = forms.DateTimeField(
        label=_("Began"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})
    )
    finished_at = forms.DateTimeField(
        label=_("Ended"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})
    )
    seed = forms.IntegerField(label=_("Random seed"), required=False, min_value=-(2**53), max_value=2**53)
    tool_version = forms.CharField(label=_("Version of the tool"), required=False, max_length=60)
    note = forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, version: SuiteVersion, user: Any, found: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        use_case = version.suite.use_case_id
        models = ModelVersion.objects.visible_to(user).filter(model__use_case=use_case, withdrawal=None)
        self.models = {str(row.pk): row for row in models.select_related("model").order_by("-id")[:MOST_CHOICES]}
        baselines = Baseline.objects.visible_to(user).filter(use_case=use_case).order_by("-id")
        self.baselines = {str(row.pk): row for row in baselines[:MOST_CHOICES]}
        self.people = {str(row.pk): row for row in team_people(version)}
        fields: dict[str, Any] = self.fields
        fields["subject"].choices = [
            (_("Model versions"), [(key, str(row)) for key, row in self.models.items()]),
            (_("Baselines"), [(key, str(row)) for key, row in self.baselines.items()]),
        ]
        fields["evaluated_by"].choices = [(key, row.name) for key, row in self.people.items()]
        for name in ("started_at", "finished_at", "seed", "tool_version"):
            if found.get(name) not in (None, ""):
                del fields[name]
        if "started_at" in fields:
            fields["started_at"].required = True

    def values(self) -> dict[str, Any]:
        """Return what the action takes besides the import and the actor."""
        data = dict(self.cleaned_data)
        subject = data.pop("subject")
        return {
            **data,
            "model_version": self.models.get(subject),
            "baseline": self.baselines.get(subject),
            "evaluated_by": self.people[data["evaluated_by"]],
        }


def team_people(version: SuiteVersion) -> QuerySet[User]:
    """Return the team's accounts, people before programs."""
    rows = User.objects.filter(memberships__team=version.team, is_active=True).distinct()
    return rows.order_by("kind", "name")[:MOST_CHOICES]


class FailureForm(forms.Form):
    case = forms.CharField(label=_("Case"), max_length=200, help_text=_("As the scores name it."))
    metric = forms.CharField(label=_("Metric"), max_length=60, required=False)
    cause = forms.ChoiceField(label=_("Cause"), choices=FailureCase.Cause.choices)
    note = forms.CharField(label=_("What went wrong"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(label=_("Decision"), choices=FailureDecision.Decision.choices)
    note = forms.CharField(label=_("Why"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class FindingForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    severity = forms.ChoiceField(label=_("Severity"), choices=RedTeamFinding.Severity.choices)
    description = forms.CharField(
        label=_("How it was done, and what came out"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6})
    )
    found_on = forms.DateField(
        label=_("Found on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Today, if empty."),
    )


class RetestForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=FindingRetest.Outcome.choices)
    note = forms.CharField(label=_("How it was tried"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class DrawForm(forms.Form):
    wanted = forms.IntegerField(
        label=_("Outputs"),
        initial=50,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_OUTPUTS)],
        help_text=_("Drawn at random from what the run kept."),
    )
    judges_per_output = forms.TypedChoiceField(
        label=_("Judges for each output"),
        choices=[(1, _("One")), (2, _("Two, so that their agreement is known"))],
        coerce=int,
        initial=1,
        widget=forms.RadioSelect,
    )
    judges = forms.ModelMultipleChoiceField(
        label=_("Judges"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("People of the team who neither made nor evaluated what is judged."),
        error_messages={"required": _("Choose at least one judge.")},
    )

    def __init__(self, *args: Any, run: EvaluationRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(memberships__team=run.team, is_active=True, kind=User.Kind.PERSON).distinct()
        self.fields["judges"].queryset = people.order_by("name")  # type: ignore[attr-defined]


class JudgementForm(forms.Form):
    position = forms.IntegerField(min_value=1)
    choice = forms.CharField(max_length=12)
    note = forms.CharField(max_length=1000, required=False)


class ConclusionForm(forms.Form):
    conclusion = forms.CharField(
        label=_("What follows from it"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class CompareForm(forms.Form):
    candidate = forms.ChoiceField(label=_("Candidate"))
    others = forms.MultipleChoiceField(
        label=_("Compared with"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One to three: what is live, other versions, a baseline."),
    )

    def __init__(self, *args: Any, runs: list[EvaluationRun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(run.pk), f"{run.subject} ({run})") for run in runs]
        self.fields["candidate"].choices = choices  # type: ignore[attr-defined]
        self.fields["others"].choices = choices  # type: ignore[attr-defined]
