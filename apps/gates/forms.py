from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.gates.actions import Terms
from apps.gates.models import SignOff


class ConfirmedForm(forms.Form):
    """A form whose act needs who is here confirmed: the password comes last."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = forms.CharField(
            label=_("Your password or one-time code"),
            required=False,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            help_text=_("Asked before every signature. Leave it empty after you confirmed another way."),
        )


class SignOffForm(ConfirmedForm):
    """A signature as the page asks for it: the dossier that was shown, a verdict, and who is here."""

    PLAIN = ("dossier_digest", "responsibility", "verdict", "comment", "requirement")
    CONDITIONAL = ("condition_text", "condition_due_on", "condition_responsibility")

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
    requirement = forms.ChoiceField(
        label=_("About"), required=False, help_text=_("A request for changes opens a thread there.")
    )
    condition_text = forms.CharField(
        label=_("On condition that"),
        required=False,
        max_length=1000,
        help_text=_("The approval lapses when this is not done in time."),
    )
    condition_due_on = forms.DateField(
        label=_("Done by"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    condition_responsibility = forms.ChoiceField(label=_("By the"), required=False)

    def __init__(
        self,
        *args: Any,
        responsibilities: list[tuple[str, str]],
        held: list[tuple[str, str]],
        requirements: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsibility"].choices = responsibilities  # type: ignore[attr-defined]
        self.fields["condition_responsibility"].choices = [("", "–"), *held]  # type: ignore[attr-defined]
        self.fields["requirement"].choices = [("", _("The whole gate")), *requirements]  # type: ignore[attr-defined]

    @property
    def plain(self) -> list[forms.BoundField]:
        return [self[name] for name in self.PLAIN]

    @property
    def conditional(self) -> list[forms.BoundField]:
        return [self[name] for name in self.CONDITIONAL]

    def clean(self) -> dict[str, Any]:
        """Let a condition be whole or not there."""
        data = super().clean() or self.cleaned_data
        if any(data.get(name) for name in self.CONDITIONAL):
            for name in self.CONDITIONAL:
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("A condition needs all three."))
        return data

    @property
    def terms(self) -> Terms | None:
        data = self.cleaned_data
        if not data["condition_text"]:
            return None
        return Terms(data["condition_text"], data["condition_due_on"], data["condition_responsibility"])


class WaiveForm(ConfirmedForm):
    dossier_digest = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Why"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}))


class CommentForm(forms.Form):
    text = forms.CharField(label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class FulfilForm(forms.Form):
    note = forms.CharField(
        label=_("What was done, and where it can be seen"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


class AnswerForm(ConfirmedForm):
    answer = forms.ChoiceField(
        label=_("Is it fulfilled?"),
        choices=[("accepted", _("Yes, it is fulfilled")), ("declined", _("No, something lacks"))],
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when something lacks."),
    )


class StateForm(forms.Form):
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ConfirmForm(forms.Form):
    """A form with a button and no fields."""
