from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.people.models import Team, User
from apps.people.roles import roles_with
from apps.releases.models import Environment, Rehearsal, Release, RollbackReview

DIGEST_HELP = _("sha256: and 64 hexadecimal digits; empty where there are none.")


class EnvironmentForm(forms.ModelForm[Environment]):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Environment
        fields = ("name", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def validate_constraints(self) -> None:
        """Leave the double name to the action, which refuses with a sentence."""


class NewEnvironmentForm(EnvironmentForm):
    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), empty_label=_("Choose a team"))
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Environment.Kind.choices,
        widget=forms.RadioSelect,
        help_text=_("It never changes: approvals rest on it."),
    )
    field_order = ("team", "name", "kind", "description")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Team.objects.filter(
            memberships__user=user, memberships__role__in=roles_with("environment.edit")
        ).distinct()
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]
        if len(mine) == 1:
            self.fields["team"].initial = mine[0]


class ProposeForm(forms.Form):
    environment = forms.ModelChoiceField(
        queryset=Environment.objects.none(), label=_("Environment"), empty_label=_("Choose an environment")
    )
    prompt_digest = forms.CharField(
        label=_("Digest of the prompts"), max_length=71, required=False, help_text=DIGEST_HELP
    )
    configuration_digest = forms.CharField(
        label=_("Digest of the configuration"), max_length=71, required=False, help_text=DIGEST_HELP
    )
    notes = forms.CharField(
        label=_("Notes"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What signers should know beyond what is compared by itself."),
    )

    def __init__(self, *args: Any, environments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].queryset = environments  # type: ignore[attr-defined]


class CompareForm(forms.Form):
    rollback_target = forms.ModelChoiceField(
        queryset=Release.objects.none(),
        label=_("Way back"),
        required=False,
        empty_label=_("To what is live now"),
        help_text=_("Which release would be gone back to."),
    )

    def __init__(self, *args: Any, targets: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rollback_target"].queryset = targets  # type: ignore[attr-defined]


class NothingForm(forms.Form):
    pass


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class RollBackForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is recorded, and the governance owner reviews it afterwards."),
    )


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(label=_("Verdict"), choices=RollbackReview.Verdict.choices, widget=forms.RadioSelect)
    comment = forms.CharField(label=_("What you found"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class RehearsalForm(forms.Form):
    rehearsed_by = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Who rehearsed"), empty_label=None)
    rehearsed_at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    duration_seconds = forms.IntegerField(label=_("How long it took, in seconds"), min_value=1)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Rehearsal.Outcome.choices, widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("Record"), required=False, help_text=_("The log or the minutes, at most 50 MB; or give a link below.")
    )
    link = forms.CharField(label=_("Link"), required=False, max_length=500, help_text=_("An https address."))
    note = forms.CharField(label=_("Note"), required=False, max_length=1000)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rehearsed_by"].queryset = people  # type: ignore[attr-defined]
