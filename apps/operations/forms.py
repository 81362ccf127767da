import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.gates.forms import ConfirmedForm
from apps.operations.actions.performing import ANSWERS, LONGEST_NOTE, ItemAnswer
from apps.operations.checklist import Checklist
from apps.operations.models import Cadence, Outcome, TeamCalendar
from apps.people.models import User

WEEKDAYS = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)
ANSWER_CHOICES = tuple(zip(ANSWERS, (_("Ok"), _("Not ok"), _("Not applicable")), strict=True))


class TeamCalendarForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    time_zone = forms.CharField(label=_("Time zone"), max_length=60, help_text=_("Such as Europe/Madrid."))
    weekend = forms.TypedMultipleChoiceField(
        label=_("Weekend"), choices=WEEKDAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    holidays = forms.CharField(
        label=_("Holidays"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "code", "spellcheck": "false"}),
        help_text=_("One a line: the date, then the name, such as “2026-12-25 Christmas Day”."),
    )

    def clean_holidays(self) -> list[dict[str, str]]:
        """Split each line into a date and a name; whether they are good, the action says."""
        rows = [line.strip().partition(" ") for line in self.cleaned_data["holidays"].splitlines() if line.strip()]
        return [{"date": day, "name": name.strip()} for day, _space, name in rows]

    @staticmethod
    def initial_of(calendar: TeamCalendar) -> dict[str, Any]:
        return {
            "revision": calendar.revision,
            "time_zone": calendar.time_zone,
            "weekend": calendar.weekend,
            "holidays": "\n".join(f"{row['date']} {row['name']}" for row in calendar.holidays),
        }


class PlanForm(forms.Form):
    cadence = forms.ChoiceField(label=_("Which review"), widget=forms.RadioSelect)
    starts_on = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("A day of the team’s time zone.")
    )

    def __init__(self, *args: Any, cadences: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cadence"].choices = [  # type: ignore[attr-defined]
            row for row in Cadence.choices if row[0] in cadences
        ]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class NoteForm(forms.Form):
    note = forms.CharField(label=_("What was done"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class CommentForm(forms.Form):
    text = forms.CharField(label=_("Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class NothingForm(forms.Form):
    pass


class PerformForm(ConfirmedForm):
    """The checklist as it was shown, what is said of each item, and what comes of it."""

    shown = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices, widget=forms.RadioSelect)
    notes = forms.CharField(
        label=_("Notes"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("With a call: which decision you call for."),
    )
    what = forms.CharField(
        label=_("What is to be done"), max_length=1000, required=False, help_text=_("With a follow-up.")
    )
    owner = forms.ModelChoiceField(
        label=_("By whom"), queryset=User.objects.none(), required=False, empty_label=_("Choose a person")
    )
    due_on = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, checklist: Checklist, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        self.checklist = checklist
        for line in checklist.lines:
            self.fields[f"answer_{line.item.id}"] = forms.ChoiceField(
                label=_("What you found"), choices=ANSWER_CHOICES, widget=forms.RadioSelect
            )
            self.fields[f"note_{line.item.id}"] = forms.CharField(
                label=_("Why, if it is not ok"), max_length=LONGEST_NOTE, required=False
            )

    def lines(self) -> list[dict[str, Any]]:
        """Return each line of the checklist with its two fields."""
        return [
            {"line": line, "answer": self[f"answer_{line.item.id}"], "note": self[f"note_{line.item.id}"]}
            for line in self.checklist.lines
        ]

    def rest(self) -> list[Any]:
        return [self[name] for name in ("shown", "outcome", "what", "owner", "due_on", "notes", "password")]

    def answers(self) -> dict[str, ItemAnswer]:
        data = self.cleaned_data
        return {name: ItemAnswer(data[f"answer_{name}"], data[f"note_{name}"]) for name in self.checklist.ids}


def month_of(text: str, today: dt.date) -> dt.date:
    """Return the first day of the month that ``text`` (2026-11) names, of this month where it names none."""
    try:
        found = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        found = today.replace(day=1)
    return found if 2000 <= found.year <= 2100 else today.replace(day=1)
