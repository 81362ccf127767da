from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.agenda.models import Preference, Webhook
from apps.agenda.preferences import GROUPS
from apps.core.errors import Text
from apps.ledger import sentences
from apps.people.models import Team
from apps.people.roles import roles_with


class PreferencesForm(forms.Form):
    """One choice for each group of notifications."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group, (label, _default) in GROUPS.items():
            self.fields[group] = forms.ChoiceField(label=str(label), choices=Preference.Way.choices)


def groups() -> list[tuple[str, Text]]:
    """Return what acts are about, as the beginning of their names and in words."""
    heads = sorted({name.split(".")[0] for name in sentences.names()})
    return [(f"{head}.", head.replace("_", " ").capitalize()) for head in heads]


class WebhookForm(forms.Form):
    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), required=False)
    name = forms.CharField(label=_("Name"), max_length=80)
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        help_text=_("https://… It is kept encrypted and not shown again: whoever knows a chat’s address writes there."),
    )
    format = forms.ChoiceField(
        label=_("Format"), choices=Webhook.Format.choices, widget=forms.RadioSelect, initial="cloudevents"
    )
    kinds = forms.MultipleChoiceField(
        label=_("Acts on"),
        choices=groups,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a tick it is told of everything."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everywhere = user.may("webhook.manage", None)
        mine = Team.objects.all()
        if not everywhere:
            mine = mine.filter(memberships__user=user, memberships__role__in=roles_with("webhook.manage")).distinct()
        field: Any = self.fields["team"]
        field.queryset = mine
        field.required = field.is_asked = not everywhere
        field.empty_label = _("Every team") if everywhere else _("Choose a team")
