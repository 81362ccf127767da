from django import forms
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import SensitiveDecision


class SensitiveDecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("What is to be done"),
        choices=SensitiveDecision.Decision.choices,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when the data is accepted as it is. It stands in the trail, word for word."),
    )
