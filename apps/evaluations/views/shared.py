"""What the pages of this app share: crumbs, one thing that the reader may see, values by group."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound
from apps.core.pages import Crumb
from apps.evaluations.content import GROUPS, Content
from apps.evaluations.models import EvaluationRun, Suite, SuiteVersion
from apps.evaluations.thresholds import Verdict, figure

NAV = "evaluations"
RUN_ROWS = (
    "suite_version__suite__use_case__team",
    "suite_version__signature",
    "model_version__model",
    "model_version__run",
    "baseline",
    "evaluated_by",
    "registered_by",
)


def list_crumb() -> Crumb:
    return (_("Evaluations"), reverse("evaluations:suite_list"))


def suite_crumbs(suite: Suite) -> list[Crumb]:
    return [list_crumb(), (suite.name, reverse("evaluations:suite_detail", args=[suite.pk]))]


def version_crumbs(version: SuiteVersion) -> list[Crumb]:
    return [*suite_crumbs(version.suite), (str(version), reverse("evaluations:version_detail", args=[version.pk]))]


def run_crumbs(run: EvaluationRun) -> list[Crumb]:
    return [*version_crumbs(run.suite_version), (str(run), reverse("evaluations:run_detail", args=[run.pk]))]


def run_rows(user: Any) -> QuerySet[EvaluationRun]:
    return EvaluationRun.objects.visible_to(user).select_related(*RUN_ROWS)


def version_rows(user: Any) -> QuerySet[SuiteVersion]:
    rows = SuiteVersion.objects.visible_to(user)
    return rows.select_related("suite__use_case__team", "signature__by", "drafted_by", "published_by")


class OneThing:
    """A page about one thing: found for the reader, with the permission that its form needs."""

    request: Any
    kwargs: dict[str, Any]
    permission = ""

    def find(self) -> Any:
        """Return the rows among which the thing is looked for."""
        raise NotImplementedError

    @cached_property
    def thing(self) -> Any:
        found = self.find().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such thing, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self.permission:
            access.require(request.user, self.permission, self.thing.team.pk)
        parent: Any = super()
        return parent.get(request, *args, **kwargs)

    def home(self) -> str:
        """Return where the form leads back to."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.home()
        parent: Any = super()
        found: dict[str, Any] = parent.get_context_data(**kwargs)
        return found

    def success_url_for(self, result: Any) -> str:
        return self.home()


def by_group(
    content: Content, values: Mapping[tuple[str, str], Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Return the three groups, always all of them, each with its metrics and what was measured of them."""
    groups = []
    for key, title in GROUPS.items():
        metrics = [row for row in content.metrics if row.group == key]
        rows = [
            {
                "metric": metric,
                "segment": segment,
                "figure": figure(found["value"], metric.unit) if found else "",
                "cases": found["cases"] if found else None,
                "source": found["source"] if found else metric.source,
            }
            for metric in metrics
            for segment in ("", *(name for name, _source in metric.segments))
            for found in [values.get((metric.key, segment)) if values is not None else None]
        ]
        measured = any(row["figure"] for row in rows)
        groups.append({"key": key, "title": title, "rows": rows, "is_measured": measured, "is_asked": bool(metrics)})
    return groups


def verdict_rows(verdicts: Iterable[Verdict]) -> Sequence[dict[str, Any]]:
    """Return verdicts as a page shows them, what is missed first."""
    order = {"missed": 0, "unmeasured": 1, "met": 2, "not_applicable": 3}
    return sorted(({"row": row, "state": row.outcome} for row in verdicts), key=lambda found: order[found["state"]])
