from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.assessments.framework import LEVEL_TITLES, NOT_APPLICABLE, Fit, Question


class AnswerForm(forms.Form):
    """A claim on one question, with what one has read of it."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    level = forms.ChoiceField(label=_("Answer"), widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    evidence = forms.MultipleChoiceField(
        label=_("Evidence on the use case"), required=False, widget=forms.CheckboxSelectMultiple
    )
    link = forms.CharField(
        label=_("A link as evidence"),
        required=False,
        max_length=500,
        help_text=_("An https address; it is attached there."),
    )

    def __init__(
        self, data: Any = None, *, question: Question, evidence: list[tuple[str, str]], initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial=initial)
        levels = [row for row in LEVEL_TITLES.items() if row[0] != NOT_APPLICABLE or question.may_not_apply]
        self.fields["level"].choices = list(reversed(levels))  # type: ignore[attr-defined]
        self.fields["evidence"].choices = evidence  # type: ignore[attr-defined]
        if not evidence:
            del self.fields["evidence"]


class FitForm(forms.Form):
    """What is said of the task; one choice for each input of the framework."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, fit: Fit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in fit.inputs:
            asked = forms.ChoiceField(
                label=row.text,
                required=False,
                choices=[("", _("Not said yet")), *((choice.value, choice.title) for choice in row.choices)],
            )
            asked.is_asked = True  # type: ignore[attr-defined]
            self.fields[row.id] = asked

    def values(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "revision" and value}


class SignForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput)
    password = forms.CharField(
        label=_("Your password or one-time code"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Asked before every signature. Leave it empty after you confirmed another way."),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class StartForm(forms.Form):
    """A form with a button and no fields."""
