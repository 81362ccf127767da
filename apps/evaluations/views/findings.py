from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy

from apps.core.errors import Text
from apps.core.pages import ActionFormView, Crumb, DetailPage
from apps.evaluations import actions, forms
from apps.evaluations.models import FindingRetest, RedTeamFinding
from apps.evaluations.views.shared import NAV, OneThing, list_crumb
from apps.registry.models import ModelVersion

TONES = {"critical": "danger", "high": "danger", "medium": "warning", "low": ""}


def finding_rows(user: Any) -> QuerySet[RedTeamFinding]:
    rows: QuerySet[RedTeamFinding] = RedTeamFinding.objects.visible_to(user)
    return rows.select_related(
        "model_version__model__use_case__team", "model_version__run", "closure__closed_by", "reported_by"
    )


def model_version_crumb(version: ModelVersion) -> Crumb:
    return (str(version), reverse("evaluations:model_version", args=[version.pk]))


class FindingCreate(OneThing, ActionFormView):
    nav_key = NAV
    title = lazy("Report a red-team finding")
    permission = "evaluation.report"
    form_class = forms.FindingForm
    submit_label = lazy("Report it")
    success_message = lazy("The finding is reported. It stays open until a retest shows that it is gone.")

    def find(self) -> QuerySet[ModelVersion]:
        return ModelVersion.objects.visible_to(self.request.user).select_related("model__use_case__team", "run")

    def home(self) -> str:
        return reverse("evaluations:model_version", args=[self.thing.pk])

    def get_subtitle(self) -> Text:
        return str(self.thing)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), model_version_crumb(self.thing)]

    def act(self, form: Any) -> RedTeamFinding:
        data = dict(form.cleaned_data)
        return actions.report_finding(self.thing, data.pop("title"), by=self.request.user, **data)

    def success_url_for(self, result: RedTeamFinding) -> str:
        return reverse("evaluations:finding_detail", args=[result.pk])


class FindingDetail(DetailPage):
    model = RedTeamFinding
    template_name = "evaluations/finding_detail.html"
    context_name = "finding"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[RedTeamFinding]:
        return finding_rows(self.request.user)

    def get_subtitle(self) -> Text:
        return str(self.object.model_version)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), model_version_crumb(self.object.model_version)]

    def tags(self) -> Sequence[dict[str, Any]]:
        finding = self.object
        return [
            {"state": "closed" if finding.is_closed else "open"},
            {"text": finding.get_severity_display(), "tone": TONES[finding.severity]},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        finding = self.object
        retests = list(finding.retests.select_related("retested_by"))
        may = self.request.user.may("evaluation.report", finding.team.pk) and not finding.is_closed
        is_gone = bool(retests) and retests[-1].outcome == FindingRetest.Outcome.GONE
        return super().get_context_data(retests=retests, may_retest=may, may_close=may and is_gone, **kwargs)


class OneFinding(OneThing):
    permission = "evaluation.report"

    def find(self) -> QuerySet[RedTeamFinding]:
        return finding_rows(self.request.user)

    def home(self) -> str:
        return reverse("evaluations:finding_detail", args=[self.thing.pk])

    def get_subtitle(self) -> Text:
        return str(self.thing)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), model_version_crumb(self.thing.model_version), (str(self.thing), self.home())]


class FindingRetestAdd(OneFinding, ActionFormView):
    nav_key = NAV
    title = lazy("Try it again")
    form_class = forms.RetestForm
    submit_label = lazy("Record the retest")
    success_message = lazy("The retest is recorded.")

    def act(self, form: Any) -> FindingRetest:
        return actions.retest_finding(self.thing, by=self.request.user, **form.cleaned_data)


class FindingClose(OneFinding, ActionFormView):
    nav_key = NAV
    title = lazy("Close the finding")
    form_class = forms.ReasonForm
    submit_label = lazy("Close it")
    success_message = lazy("The finding is closed.")

    def act(self, form: Any) -> Any:
        return actions.close_finding(self.thing, by=self.request.user, reason=form.cleaned_data["reason"])
