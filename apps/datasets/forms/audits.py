from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from apps.datasets import auditing
from apps.datasets.models import DatasetVersion, SampleAudit
from apps.people.models import User

REVIEWERS_HELP = _("People of the team. Whoever made the version judges only beside somebody who did not.")


class ReviewersForm(forms.Form):
    reviewers = forms.ModelMultipleChoiceField(
        label=_("Reviewers"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=REVIEWERS_HELP,
        error_messages={"required": _("Choose at least one reviewer.")},
    )

    def __init__(self, *args: Any, version: DatasetVersion, left_out: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewers"].queryset = auditing.candidates(version).exclude(pk__in=left_out)  # type: ignore[attr-defined]


class DrawForm(ReviewersForm):
    confidence_percent = forms.TypedChoiceField(
        label=_("Confidence"), choices=SampleAudit.Confidence.choices, coerce=int, initial=95
    )
    margin_percent = forms.FloatField(
        label=_("Margin, per cent"),
        initial=5,
        validators=[MinValueValidator(0.1), MaxValueValidator(30)],
        help_text=_("How far the sample's share of defects may be from the truth, at that confidence."),
        widget=forms.NumberInput(attrs={"step": "any", "min": "0.1", "max": "30"}),
    )
    reviewers_per_row = forms.TypedChoiceField(
        label=_("Reviewers a row"),
        choices=[(1, _("One")), (2, _("Two, and the review lead decides where they differ"))],
        coerce=int,
        initial=1,
        widget=forms.RadioSelect,
    )
    field_order = ("confidence_percent", "margin_percent", "reviewers_per_row", "reviewers")


class CloseForm(forms.Form):
    conclusion = forms.CharField(
        label=_("What follows from it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One or two sentences for whoever signs: is the data good enough, what is mended first."),
    )


class AuditReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class RulingForm(forms.Form):
    """What one key or button says of a row: ``choice`` is good, unsure, or a kind of defect."""

    row = forms.IntegerField(min_value=1)
    choice = forms.CharField(max_length=12)
    note = forms.CharField(max_length=1000, required=False)
