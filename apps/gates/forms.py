from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.gates.models import SignOff


class SignOffForm(forms.Form):
    """A signature as the page asks for it: the dossier that was shown, a verdict, and who is here."""

    dossier_digest = forms.CharField(widget=forms.HiddenInput)
    responsibility = forms.ChoiceField(label=_("Sign as"))
    verdict = forms.ChoiceField(choices=SignOff.Verdict, label=_("Decision"))
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when you reject or ask for changes."),
    )
    password = forms.CharField(
        label=_("Your password or one-time code"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Asked before every signature. Leave it empty after you confirmed another way."),
    )

    def __init__(self, *args: Any, responsibilities: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsibility"].choices = responsibilities  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ConfirmForm(forms.Form):
    """A form with a button and no fields."""
