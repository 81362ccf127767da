import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Text
from apps.core.forms import EmptyForm
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin
from apps.evaluations import actions, forms, live
from apps.evaluations.content import Content
from apps.evaluations.filters import EvaluationRunFilter
from apps.evaluations.models import Baseline, EvaluationImport, EvaluationRun, FailureCase, LeakageCheck
from apps.evaluations.reading import standings
from apps.evaluations.storing import opened
from apps.evaluations.thresholds import References, judge, values_of
from apps.evaluations.views.shared import (
    NAV,
    OneThing,
    by_group,
    list_crumb,
    run_crumbs,
    run_rows,
    suite_crumbs,
    verdict_rows,
    version_crumbs,
)
from apps.evaluations.views.suites import OfUseCase, OneVersion
from apps.registry.models import ModelVersion
from apps.registry.views.versions import OneVersion as OneModelVersion


class RunList(ListPage):
    model = EvaluationRun
    template_name = "evaluations/run_list.html"
    nav_key = NAV
    title = lazy("Evaluation runs")
    subtitle = lazy("Each with its tool’s own files, and whether it counts.")
    filterset_class = EvaluationRunFilter
    orderings = {"finished": "finished_at", "created": "id"}
    csv_name = "evaluation-runs"
    csv_columns = (
        (lazy("Suite"), lambda row: str(row.suite_version)),
        (lazy("Run"), lambda row: row.number),
        (lazy("Subject"), lambda row: str(row.subject)),
        (lazy("Tool"), lambda row: f"{row.tool} {row.tool_version}"),
        (lazy("Counts"), lambda row: row.counts),
        (lazy("Finished"), lambda row: row.finished_at.isoformat()),
        (lazy("Digest"), lambda row: row.digest),
    )

    def get_queryset(self) -> QuerySet[EvaluationRun]:
        return run_rows(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]


class RunDetail(DetailPage):
    """What was measured, in three groups, with the thresholds judged on this very run."""

    model = EvaluationRun
    template_name = "evaluations/run_detail.html"
    context_name = "run"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[EvaluationRun]:
        return run_rows(self.request.user)

    def get_title(self) -> Text:
        return str(self.object.subject)

    def get_subtitle(self) -> Text:
        return str(self.object)

    def crumbs(self) -> Sequence[Crumb]:
        return version_crumbs(self.object.suite_version)

    def tags(self) -> Sequence[dict[str, Any]]:
        counts = {"text": _("Counts"), "tone": "success"} if self.object.counts else {"text": _("Does not count")}
        return [counts, {"text": self.object.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run, user = self.object, self.request.user
        content = Content.of(run.suite_version.content)
        found = {(row["metric"], row["segment"]): row for row in run.values}
        return super().get_context_data(
            groups=by_group(content, found),
            verdicts=verdict_rows(judge(content, values_of(run.values), self._references())),
            files=list(run.files.all()),
            failures=list(run.failures.select_related("decision__decided_by", "found_by")),
            reviews=list(run.reviews.order_by("-number")),
            parameters=json.dumps(run.parameters, indent=2, ensure_ascii=False) if run.parameters else "",
            may_register=user.may("evaluation.register", run.team.pk),
            **kwargs,
        )

    def _references(self) -> References:
        """Return what the run is held against: the newest runs that count of baselines and of what is live."""
        run = self.object
        version = run.model_version_id
        live_id = live.versions([version]).get(version) if version else None
        counted = run.suite_version.runs.counted().order_by("baseline_id", "-id")
        held = counted.filter(baseline__isnull=False).distinct("baseline_id")
        baselines = [values_of(row.values) for row in held if row.baseline_id != run.baseline_id]
        if live_id is None or live_id == run.model_version_id:
            return References(None, baselines or None)
        newest = run.suite_version.runs.counted().filter(model_version=live_id).order_by("-id").first()
        return References(values_of(newest.values) if newest else {}, baselines or None)


class RunFileDownload(PageMixin):
    def get(self, request: Any, pk: Any, file: Any) -> FileResponse:
        run = run_rows(request.user).filter(pk=pk).first()
        found = run.files.filter(pk=file).first() if run is not None else None
        if found is None:
            raise NotFound(_("There is no such file, or you may not see it."))
        answer = FileResponse(
            opened(found.storage_name),
            as_attachment=True,
            filename=found.name,
            content_type="application/octet-stream",
        )
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


class OneRun(OneThing):
    def find(self) -> QuerySet[EvaluationRun]:
        return run_rows(self.request.user)

    def home(self) -> str:
        return reverse("evaluations:run_detail", args=[self.thing.pk])

    def crumbs(self) -> Sequence[Crumb]:
        return run_crumbs(self.thing)

    def get_subtitle(self) -> Text:
        return f"{self.thing.subject}: {self.thing}"


class FailureAdd(OneRun, ActionFormView):
    nav_key = NAV
    title = lazy("Note a case that went wrong")
    permission = "evaluation.register"
    form_class = forms.FailureForm
    submit_label = lazy("Put it on the list")
    success_message = lazy("It is on the list. Say what is done about it.")

    def get_initial(self) -> dict[str, Any]:
        return {"case": self.request.GET.get("case", ""), "metric": self.request.GET.get("metric", "")}

    def act(self, form: Any) -> Any:
        data = dict(form.cleaned_data)
        return actions.note_failure(self.thing, data.pop("case"), by=self.request.user, **data)


class FailureDecide(OneThing, ActionFormView):
    nav_key = NAV
    title = lazy("What is done about it")
    permission = "evaluation.register"
    form_class = forms.DecisionForm
    submit_label = lazy("Decide")
    success_message = lazy("Decided.")

    def find(self) -> QuerySet[FailureCase]:
        rows: QuerySet[FailureCase] = FailureCase.objects.visible_to(self.request.user)
        return rows.select_related("run__suite_version__suite__use_case__team", "run__model_version__model")

    def home(self) -> str:
        return reverse("evaluations:run_detail", args=[self.thing.run_id])

    def get_subtitle(self) -> Text:
        return f"{self.thing.case}: {self.thing.note}"

    def act(self, form: Any) -> Any:
        return actions.decide_failure(self.thing, by=self.request.user, **form.cleaned_data)


class ImportCreate(OneVersion, ActionFormView):
    nav_key = NAV
    title = lazy("Import a result")
    permission = "evaluation.register"
    form_class = forms.ImportForm
    submit_label = lazy("Read it")
    template_name = "evaluations/import_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if self.request.method == "POST":
            kwargs["files"] = _Listed(self.request.FILES)
        return kwargs

    def act(self, form: Any) -> EvaluationImport:
        data = form.cleaned_data
        return actions.start_import(self.thing, data["files"], by=self.request.user, subject=data["subject"])

    def success_url_for(self, result: EvaluationImport) -> str:
        return reverse("evaluations:import_detail", args=[result.pk])


class _Listed(dict[str, Any]):
    """Uploaded files by field, each field's as a list."""

    def __init__(self, files: Any) -> None:
        super().__init__({name: files.getlist(name) for name in files})

    def getlist(self, name: str) -> list[Any]:
        return list(self.get(name, []))


class ImportDetail(OneThing, ActionFormView):
    """What was recognised and matched; confirming it makes the run."""

    nav_key = NAV
    title = lazy("Is this the evaluation?")
    permission = "evaluation.register"
    form_class = forms.ConfirmForm
    template_name = "evaluations/import_detail.html"
    submit_label = lazy("Register the run")
    success_message = lazy("The run is registered. It does not change any more.")

    def find(self) -> QuerySet[EvaluationImport]:
        rows: QuerySet[EvaluationImport] = EvaluationImport.objects.visible_to(self.request.user)
        return rows.select_related("suite_version__suite__use_case__team", "suite_version__signature")

    def home(self) -> str:
        return reverse("evaluations:version_detail", args=[self.thing.suite_version_id])

    def crumbs(self) -> Sequence[Crumb]:
        return version_crumbs(self.thing.suite_version)

    def get_form_kwargs(self) -> dict[str, Any]:
        version = self.thing.suite_version
        more = {"version": version, "user": self.request.user, "found": self.thing.found}
        return {**super().get_form_kwargs(), **more}

    def get_initial(self) -> dict[str, Any]:
        return {"evaluated_by": str(self.request.user.pk)}

    def act(self, form: Any) -> EvaluationRun:
        return actions.confirm_import(self.thing, by=self.request.user, **form.values())

    def success_url_for(self, result: EvaluationRun) -> str:
        return reverse("evaluations:run_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        imported = self.thing
        content = Content.of(imported.suite_version.content)
        values = {(row["metric"], row["segment"]): row for row in imported.found["values"]}
        return super().get_context_data(
            imported=imported,
            found=imported.found,
            groups=by_group(content, values),
            is_signed=imported.suite_version.is_signed,
            **kwargs,
        )


class BaselineCreate(OfUseCase):
    title = lazy("Register a baseline")
    permission = "evaluation.register"
    form_class = forms.BaselineForm
    submit_label = lazy("Register it")
    success_message = lazy("The baseline is registered. Evaluate it with the suite next.")

    def act(self, form: Any) -> Baseline:
        return actions.register_baseline(self.use_case, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Baseline) -> str:
        return reverse("evaluations:baseline_detail", args=[result.pk])


class BaselineDetail(DetailPage):
    model = Baseline
    template_name = "evaluations/baseline_detail.html"
    context_name = "baseline"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[Baseline]:
        rows: QuerySet[Baseline] = Baseline.objects.visible_to(self.request.user)
        return rows.select_related("use_case__team", "registered_by")

    def get_subtitle(self) -> Text:
        return f"{self.object.get_kind_display()}, {self.object.model_name}"

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.object.use_case.name}, {"text": self.object.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        baseline = self.object
        return super().get_context_data(
            configuration=json.dumps(baseline.configuration, indent=2, ensure_ascii=False),
            runs=list(run_rows(self.request.user).filter(baseline=baseline).order_by("-id")[:50]),
            **kwargs,
        )


class ModelVersionPage(OneModelVersion, TemplateView):
    """How one model version stands: every suite, its thresholds, leakage, findings."""

    template_name = "evaluations/model_version.html"
    tab = "evaluations:model_version"

    def get_title(self) -> Text:
        return str(self.version)

    def get_subtitle(self) -> Text:
        return _("What evaluations say of this version.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.version, self.request.user
        found = standings(version)
        checks = {row.suite_version_id: row for row in LeakageCheck.objects.filter(training_run=version.run_id)}
        cards = [
            {
                "standing": row,
                "groups": by_group(
                    row.content, {(v["metric"], v["segment"]): v for v in row.run.values} if row.run else {}
                ),
                "verdicts": verdict_rows(row.verdicts),
                "leakage": checks.get(row.version.pk),
                "has_data": any(task.dataset for task in row.content.tasks),
            }
            for row in found
        ]
        return super().get_context_data(
            cards=cards,
            runs=list(run_rows(user).filter(model_version=version).order_by("-id")[:50]),
            findings=list(version.red_team_findings.select_related("closure").order_by("-number")[:50]),
            may_report=user.may("evaluation.report", version.team.pk),
            may_register=user.may("evaluation.register", version.team.pk),
            **kwargs,
        )


class LeakageStart(OneVersion, ActionFormView):
    """Look for a suite's rows in the training data of one model version."""

    nav_key = NAV
    title = lazy("Look for leakage")
    permission = "evaluation.register"
    form_class = EmptyForm
    submit_label = lazy("Look for it")
    success_message = lazy("The suite’s rows are being looked for in the training data.")

    @property
    def model_version(self) -> ModelVersion:
        rows = ModelVersion.objects.visible_to(self.request.user).select_related("model__use_case__team", "run")
        found = rows.filter(pk=self.kwargs["model_version"], model__use_case=self.thing.suite.use_case_id).first()
        if found is None:
            raise NotFound(_("There is no such model version, or you may not see it."))
        return found

    def home(self) -> str:
        return reverse("evaluations:model_version", args=[self.kwargs["model_version"]])

    def crumbs(self) -> Sequence[Crumb]:
        return suite_crumbs(self.thing.suite)

    def act(self, form: Any) -> LeakageCheck:
        return actions.check_leakage(self.thing, self.model_version, by=self.request.user)
