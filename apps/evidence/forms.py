from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=[(row.key, row.title) for row in DOCUMENT_KINDS.values()])
    title = forms.CharField(label=_("Title"), max_length=160)
    file = forms.FileField(label=_("File"), required=False, help_text=_("At most 50 MB; or give a link below."))
    link = forms.CharField(label=_("Link"), required=False, max_length=500, help_text=_("An https address."))
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
    dated_on = forms.DateField(
        label=_("Dated"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The day that it bears; left empty, its age counts from today."),
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("After this day it no longer counts at a gate."),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class AttestForm(forms.Form):
    kind = forms.ChoiceField(label=_("Statement"), widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(key, ATTESTATIONS[key].statement) for key in kinds]  # type: ignore[attr-defined]
