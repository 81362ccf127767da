from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.errors import Text
from apps.core.pages import ActionFormView, Crumb, DetailPage
from apps.evaluations import actions, forms
from apps.evaluations.actions.comparing import runs_of
from apps.evaluations.content import GROUPS, Content, Threshold
from apps.evaluations.models import Comparison, EvaluationRun
from apps.evaluations.thresholds import asked, figure
from apps.evaluations.views.shared import NAV, run_rows, version_crumbs
from apps.evaluations.views.suites import OneVersion


class CompareCreate(OneVersion, ActionFormView):
    nav_key = NAV
    title = lazy("Compare")
    form_class = forms.CompareForm
    submit_label = lazy("Compare them")

    def newest(self) -> list[EvaluationRun]:
        """Return the newest run of each subject; those that count go first."""
        rows = run_rows(self.request.user).filter(suite_version=self.thing).order_by("-id")[:500]
        found: dict[Any, EvaluationRun] = {}
        for run in sorted(rows, key=lambda row: not row.counts):
            found.setdefault(run.model_version_id or run.baseline_id, run)
        return list(found.values())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "runs": self.newest()}

    def get_initial(self) -> dict[str, Any]:
        return {"candidate": self.request.GET.get("candidate", "")}

    def act(self, form: Any) -> Comparison:
        data = form.cleaned_data
        others = [UUID(key) for key in data["others"] if key != data["candidate"]]
        candidate, *beside = runs_of(self.thing, [UUID(data["candidate"]), *others])
        return actions.compare_runs(candidate, beside, by=self.request.user)

    def success_url_for(self, result: Comparison) -> str:
        return reverse("evaluations:comparison_detail", args=[result.pk])


def words(row: dict[str, Any], pair: dict[str, Any], other: str) -> str:
    """Return one difference in a sentence, with how sure it is."""
    name = f"{row['title']} ({row['segment']})" if row["segment"] else row["title"]
    said = {
        "name": name,
        "by": figure(abs(pair["difference"]), row["unit"]),
        "other": other,
        "now": figure(row["value"], row["unit"]),
        "then": figure(pair["value"], row["unit"]),
    }
    if pair["direction"] == "worse":
        text = _("%(name)s is worse than %(other)s by %(by)s: %(now)s after %(then)s.") % said
    else:
        text = _("%(name)s is better than %(other)s by %(by)s: %(now)s after %(then)s.") % said
    if pair["cases"] and not pair["is_sure"]:
        text += " " + _("On these %(n)d cases chance alone could explain it.") % {"n": pair["cases"]}
    elif not pair["cases"]:
        text += " " + _("Without scores by case nobody can say how sure that is.")
    return text


class ComparisonDetail(DetailPage):
    model = Comparison
    template_name = "evaluations/comparison_detail.html"
    context_name = "comparison"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[Comparison]:
        rows: QuerySet[Comparison] = Comparison.objects.visible_to(self.request.user)
        return rows.select_related(
            "suite_version__suite__use_case__team",
            "candidate__model_version__model",
            "candidate__baseline",
            "compared_by",
        )

    def get_title(self) -> Text:
        sides = self.object.result["sides"]
        others = ", ".join(side["label"] for side in sides[1:])
        return _("%(candidate)s beside %(others)s") % {"candidate": sides[0]["label"], "others": others}

    def get_subtitle(self) -> Text:
        counts = self.object.result["counts"]
        worse = ngettext("%(n)d figure is worse", "%(n)d figures are worse", counts["worse"]) % {"n": counts["worse"]}
        better = ngettext("%(n)d is better", "%(n)d are better", counts["better"]) % {"n": counts["better"]}
        return f"{worse}, {better}."

    def crumbs(self) -> Sequence[Crumb]:
        return version_crumbs(self.object.suite_version)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        comparison = self.object
        result, content = comparison.result, Content.of(comparison.suite_version.content)
        others = [side["label"] for side in result["sides"][1:]]
        told = [
            {"text": words(row, pair, other), "direction": pair["direction"], "is_sure": pair["is_sure"]}
            for row in result["rows"]
            for pair, other in zip(row["against"], others, strict=True)
            if pair["direction"] in ("worse", "better")
        ]
        return super().get_context_data(
            sides=result["sides"],
            told=sorted(told, key=lambda row: (row["direction"] != "worse", not row["is_sure"])),
            groups=[
                {
                    "title": title,
                    "is_measured": result["groups"][group],
                    "rows": [_shown(row) for row in result["rows"] if row["group"] == group],
                }
                for group, title in GROUPS.items()
            ],
            verdicts=[
                {
                    "state": row["outcome"],
                    "asked": asked(
                        Threshold(row["metric"], row["segment"], row["rule"], row["limit"]),
                        content.metric(row["metric"]),
                    ),
                    "sentence": row["sentence"],
                }
                for row in result["thresholds"]
            ],
            **kwargs,
        )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    unit = row["unit"]
    return {
        **row,
        "figure": figure(row["value"], unit),
        "pairs": [
            {
                **pair,
                "figure": figure(pair["value"], unit),
                "change": figure(pair["difference"], unit) if pair["difference"] is not None else "",
                "interval": f"{figure(pair['low'], unit)} … {figure(pair['high'], unit)}"
                if pair["low"] is not None
                else "",
            }
            for pair in row["against"]
        ],
    }
