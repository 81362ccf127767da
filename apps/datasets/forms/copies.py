import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import Copy, CopyDeletion, DatasetVersion, SplitFile, VersionExport
from apps.datasets.refs import version_ref
from apps.evidence.models import Document
from apps.people.models import Team, User


def people_of(team: Team) -> Any:
    rows = User.objects.filter(memberships__team=team, is_active=True, kind=User.Kind.PERSON)
    return rows.distinct().order_by("name")


def _day(**values: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **values)


class CopyForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[row for row in Copy.Kind.choices if row[0] != Copy.Kind.REGISTERED]
    )
    place = forms.CharField(
        label=_("Place"), max_length=300, help_text=_("Where the bytes are: a bucket and path, a host, a table.")
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        empty_label=_("Choose a person"),
        help_text=_("Who deletes it in time and proves it."),
    )
    purpose = forms.CharField(label=_("What for"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    made_on = _day(label=_("Made on"), required=False, help_text=_("Today when it is empty."))
    keep_until = _day(label=_("Delete by"), required=False, help_text=_("A day; or give a number of days below."))
    keep_days = forms.IntegerField(
        label=_("Days to keep"), min_value=1, max_value=36500, required=False, help_text=_("From the day it was made.")
    )

    def __init__(self, *args: Any, version: DatasetVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_of(version.team)  # type: ignore[attr-defined]


class DeletionForm(forms.Form):
    method = forms.ChoiceField(
        label=_("How it was deleted"),
        choices=[row for row in CopyDeletion.Method.choices if row[0] != CopyDeletion.Method.FOURGATE],
    )
    proof = forms.CharField(
        label=_("Proof"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The output of the job, the number of the ticket, the text of the certificate."),
    )
    document = forms.ModelChoiceField(
        label=_("Or a document"),
        queryset=Document.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("One that is attached to the version."),
    )

    def __init__(self, *args: Any, version: DatasetVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Document.objects.on(version_ref(version)).standing().order_by("title")
        self.fields["document"].queryset = rows  # type: ignore[attr-defined]


class ExtensionForm(forms.Form):
    keep_until = _day(label=_("Delete by"))
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class HandOverForm(forms.Form):
    owner = forms.ModelChoiceField(label=_("New owner"), queryset=User.objects.none(), empty_label=_("Choose a person"))

    def __init__(self, *args: Any, version: DatasetVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_of(version.team)  # type: ignore[attr-defined]


class EraseForm(forms.Form):
    confirm = forms.CharField(max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reason = forms.CharField(label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, version: DatasetVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm"].label = _("Type “%(name)s” to confirm") % {"name": version}


class WhyForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ExportForm(forms.Form):
    file = forms.ModelChoiceField(
        label=_("What"),
        queryset=SplitFile.objects.none(),
        required=False,
        empty_label=_("The whole version, with a column for the split"),
    )
    format = forms.ChoiceField(label=_("Format"), choices=VersionExport.Format.choices)
    reason = forms.CharField(label=_("What for"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    is_for_anyone = forms.ChoiceField(
        label=_("Who may follow the link"),
        choices=(("", _("Only I, signed in")), ("yes", _("Anyone who has the link, until it ends"))),
        required=False,
        widget=forms.RadioSelect,
    )
    hours = forms.IntegerField(label=_("The link works for so many hours"), min_value=1, max_value=168, initial=24)
    most_downloads = forms.IntegerField(label=_("At most so many downloads"), min_value=1, max_value=100, initial=3)
    delete_by = _day(
        label=_("Delete what was downloaded by"),
        help_text=_("The download is registered as a copy of yours; you are reminded in time."),
    )

    def __init__(self, *args: Any, version: DatasetVersion, day: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = version.files.all()  # type: ignore[attr-defined]
        self.fields["delete_by"].initial = day + dt.timedelta(days=30)
        self.fields["is_for_anyone"].initial = ""
        self.fields["file"].is_asked = True  # type: ignore[attr-defined]
