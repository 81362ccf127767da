from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.people.models import Team
from apps.people.roles import roles_with
from apps.usecases.models import UseCase


class UseCaseForm(forms.ModelForm[UseCase]):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = UseCase
        fields = ("name", "summary", "task", "success_measure", "risk_tier", "risk_reason")
        help_texts = {
            "summary": _("One sentence that somebody from another team understands."),
            "task": _("What the model is given, what it must answer, and what it must never do."),
            "success_measure": _("The figure that says whether tuning was worth it, and how it is measured."),
            "risk_reason": _("What a wrong answer can do, and to whom."),
        }
        widgets = {
            "task": forms.Textarea(attrs={"rows": 5}),
            "success_measure": forms.Textarea(attrs={"rows": 2}),
            "risk_reason": forms.Textarea(attrs={"rows": 2}),
        }

    def validate_constraints(self) -> None:
        """Leave the double name to the action, which refuses with a sentence."""


class PhaseForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when the use case goes back."),
    )


class NewUseCaseForm(UseCaseForm):
    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), empty_label=_("Choose a team"))
    field_order = ("team",)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Team.objects.filter(
            memberships__user=user, memberships__role__in=roles_with("usecase.create")
        ).distinct()
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]
        if len(mine) == 1:
            self.fields["team"].initial = mine[0]
