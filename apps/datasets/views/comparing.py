"""What changed from one version to another: in words first, then in pictures."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import PageMixin, job_panel
from apps.datasets import actions, comparing, drawing, samples
from apps.datasets.actions.access import note_comparisons_seen
from apps.datasets.actions.comparing import known_difference
from apps.datasets.actions.forgetting import erased_among
from apps.datasets.errors import ColumnUnknown
from apps.datasets.models import DatasetVersion, VersionDifference
from apps.datasets.views.findings import masked
from apps.datasets.views.tabs import VersionPage, version_rows

MOST_CHOICES = 200
LONGEST_NAME = 200
PARTS = (
    ("unchanged", _("unchanged")),
    ("changed", _("changed or moved here")),
    ("added", _("added")),
    ("removed", _("removed")),
)


def _split_rows(by_split: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    figures = ("rows_before", "rows_now", "unchanged", *comparing.TITLES)
    return [{"split": split, "figures": [rows[name] for name in figures]} for split, rows in by_split.items()]


class Comparing(VersionPage):
    """A version and the one it is compared with: ``?against=``, else the one before it, else the one after."""

    @cached_property
    def others(self) -> list[DatasetVersion]:
        rows = version_rows(self.request.user).filter(dataset=self.version.dataset_id).exclude(pk=self.version.pk)
        return list(rows.order_by("-number")[:MOST_CHOICES])

    @cached_property
    def against(self) -> DatasetVersion | None:
        wanted = self.request.POST.get("against") or self.request.GET.get("against", "")
        if wanted:
            found = next((row for row in self.others if str(row.pk) == wanted), None)
            if found is None:
                raise NotFound(_("There is no such version of this dataset, or you may not see it."))
            return found
        before = [row for row in self.others if row.number < self.version.number]
        return next(iter(before or self.others[-1:]), None)

    @cached_property
    def key_column(self) -> str:
        wanted = self.request.POST.get("key_column") or self.request.GET.get("key_column", "")
        return str(wanted).strip()[:LONGEST_NAME]

    @cached_property
    def difference(self) -> VersionDifference | None:
        return known_difference(self.against, self.version, self.key_column) if self.against is not None else None

    def required(self) -> DatasetVersion:
        if self.against is None:
            raise NotFound(_("There is no other version of this dataset yet."))
        return self.against

    def here(self, against: DatasetVersion) -> str:
        return f"{reverse('datasets:version_compare', args=[self.version.pk])}?{self.query(against)}"

    def query(self, against: DatasetVersion) -> str:
        asked = {"against": against.pk, "key_column": self.key_column}
        return urlencode({name: value for name, value in asked.items() if value})


class VersionCompare(Comparing, TemplateView):
    tab = "datasets:version_compare"
    template_name = "datasets/version_compare.html"

    def get_title(self) -> Text:
        if self.against is None:
            return _("Compare")
        return now("Version %(new)d compared with version %(old)d") % {
            "new": self.version.number,
            "old": self.against.number,
        }

    def get_subtitle(self) -> Text:
        return str(self.version.dataset.name)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        against = self.required()
        try:
            actions.compare_versions(self.version, against, by=request.user, key_column=self.key_column)
        except ColumnUnknown as refusal:
            context = self.get_context_data(refusal=refusal)
            return self.render_to_response(context, status=refusal.status)
        return HttpResponseRedirect(self.here(against))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        against, difference = self.against, self.difference
        context = super().get_context_data(
            others=self.others,
            against=against,
            difference=difference,
            key_column=self.key_column,
            both_columns=comparing.both_columns(against, self.version) if against is not None else [],
            **kwargs,
        )
        if difference is None or against is None:
            return context
        if difference.state == VersionDifference.State.PENDING:
            panel = reverse("datasets:version_compare_panel", args=[self.version.pk])
            job = Job.objects.filter(pk__in=[difference.job_id]).first()
            may_stop = self.request.user.may("dataset.register", self.version.team.pk)
            return context | {"job": job, "poll_url": f"{panel}?{self.query(against)}", "may_stop": may_stop}
        if difference.state != VersionDifference.State.DONE:
            return context
        erased = erased_among([against, self.version])
        found = comparing.shown(difference.result, against, self.version, masked, erased)
        if samples.count_shown(found):
            note_comparisons_seen(self.version, [against], by=self.request.user)
        moves = found["label_moves"]["moves"]
        return context | {
            "found": found,
            "words": comparing.words(found, against, self.version),
            "stacks": drawing.stacks(found["by_split"]),
            "stacks_height": 34 * len(found["by_split"]),
            "parts": PARTS,
            "kinds": list(comparing.TITLES.values()),
            "split_rows": _split_rows(found["by_split"]),
            "tiles": [
                {"value": found["totals"][name], "text": text}
                for name, text in (("unchanged", _("rows untouched")), *comparing.TITLES.items())
                if found["totals"][name]
            ],
            "heat": drawing.heat_map(moves) if moves else None,
            "samples": comparing.samples(found),
            "erased": [row for row in (against, self.version) if row.pk in erased],
            "findings": comparing.findings_between(against, self.version),
            "waits": {against.inspection.state, self.version.inspection.state} - {"done"},
        }


class CompareStop(Comparing, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        against = self.required()
        actions.cancel_comparison(self.version, against, by=request.user, key_column=self.key_column)
        return HttpResponseRedirect(self.here(against))


class ComparePanel(Comparing, PageMixin):
    """The progress of a comparison, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        difference = self.difference
        job = Job.objects.filter(pk__in=[difference.job_id]).first() if difference is not None else None
        return job_panel(request, job, request.get_full_path(), _("Comparison"))
