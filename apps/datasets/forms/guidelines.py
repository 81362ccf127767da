"""The editor of a guideline: numbered rules and examples as rows, more of them without a script."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.datasets.actions.guidelines import LONGEST_LABEL, LONGEST_TEXT, MOST_EXAMPLES, MOST_RULES

SPARE = 2
MORE = 5


class Row(forms.Form):
    """A row that is filled in or left out as a whole, so that none of its fields is called optional."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.is_asked = True  # type: ignore[attr-defined]


class RuleForm(Row):
    place = forms.IntegerField(label=gettext_lazy("Number"), min_value=1, max_value=100_000, required=False)
    text = forms.CharField(
        label=gettext_lazy("Rule"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def is_blank(self) -> bool:
        return not self.cleaned_data.get("text")


class ExampleForm(Row):
    text = forms.CharField(
        label=gettext_lazy("Example"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    label = forms.CharField(label=gettext_lazy("Label"), max_length=LONGEST_LABEL, required=False)
    why = forms.CharField(
        label=gettext_lazy("Why"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def is_blank(self) -> bool:
        return not any(self.cleaned_data.get(name) for name in self.fields)

    def clean(self) -> dict[str, Any]:
        """Ask for the rest of an example that was begun."""
        if not self.is_blank():
            for name in self.fields:
                if not self.cleaned_data.get(name) and name not in self.errors:
                    self.add_error(name, _("Fill this in, or empty the whole example."))
        return self.cleaned_data


RuleRows: Any = forms.formset_factory(RuleForm, extra=SPARE, max_num=MOST_RULES, absolute_max=MOST_RULES + MORE)
ExampleRows: Any = forms.formset_factory(
    ExampleForm, extra=SPARE, max_num=MOST_EXAMPLES, absolute_max=MOST_EXAMPLES + MORE
)


class GuidelineForm(forms.Form):
    """What is new, and two lists of rows: ``rules`` and ``examples``. An emptied row is taken away."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(label=gettext_lazy("What is new"), max_length=500, required=False)

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        initial = kwargs.get("initial") or {}
        kwargs.pop("files", None)
        super().__init__(data, *args, **kwargs)
        self.rules = self._rows(RuleRows, "rules", initial.get("rules", []))
        self.examples = self._rows(ExampleRows, "examples", initial.get("examples", []))

    def _rows(self, make: Callable[..., Any], prefix: str, initial: list[dict[str, Any]]) -> Any:
        return make(self.data if self.is_bound else None, prefix=prefix, initial=initial)

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.rules.is_valid(), self.examples.is_valid()])

    def values(self) -> dict[str, Any]:
        """Return what was written: the rules by their numbers, rows without a number where they stand."""
        rows = [(form, index) for index, form in enumerate(self.rules.forms, 1) if not form.is_blank()]
        rows.sort(key=lambda row: (row[0].cleaned_data.get("place") or row[1], row[1]))
        return {
            "note": self.cleaned_data["note"],
            "rules": [form.cleaned_data["text"] for form, _index in rows],
            "examples": [
                {name: form.cleaned_data[name] for name in ("text", "label", "why")}
                for form in self.examples.forms
                if not form.is_blank()
            ],
        }


def typed(data: Any) -> dict[str, Any]:
    """Return what stands in an editor that was sent, unchecked, for an editor with more rows."""

    def rows(prefix: str, names: tuple[str, ...], most: int) -> list[dict[str, str]]:
        said = data.get(f"{prefix}-TOTAL_FORMS", "0")
        total = min(int(said), most) if said.isdecimal() and len(said) < 7 else 0
        found = [{name: data.get(f"{prefix}-{at}-{name}", "") for name in names} for at in range(total)]
        return [row for row in found if any(row.values())]

    return {
        "revision": data.get("revision", ""),
        "note": data.get("note", ""),
        "rules": rows("rules", ("place", "text"), MOST_RULES),
        "examples": rows("examples", ("text", "label", "why"), MOST_EXAMPLES),
    }


def guideline_values(guideline: Any) -> dict[str, Any]:
    return {
        "revision": guideline.revision,
        "note": guideline.note,
        "rules": [{"place": place, "text": text} for place, text in enumerate(guideline.rules, 1)],
        "examples": guideline.examples,
    }
