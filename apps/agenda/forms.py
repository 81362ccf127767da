from typing import Any

from django import forms

from apps.agenda.models import Preference
from apps.agenda.preferences import GROUPS


class PreferencesForm(forms.Form):
    """One choice for each group of notifications."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group, (label, _default) in GROUPS.items():
            self.fields[group] = forms.ChoiceField(label=str(label), choices=Preference.Way.choices)
