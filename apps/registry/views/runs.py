import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin
from apps.core.subjects import SubjectRef
from apps.core.templatetags.fourgate import thousands
from apps.datasets.views.lineage import GraphPage
from apps.evidence import facts as registry
from apps.registry import actions, forms
from apps.registry.filters import RunFilter
from apps.registry.models import RunDataset, TrainingRun
from apps.registry.refs import model_version_ref, run_ref
from apps.registry.views.facts import shown
from apps.registry.views.gating import askable, whole_lane
from apps.registry.views.models import OneModel, list_crumb, model_crumbs

TABS: list[tuple[str, Text]] = [
    ("registry:run_detail", lazy("Run")),
    ("registry:run_lineage", lazy("Lineage")),
]


def tabs(obj: Any, names: Sequence[tuple[str, Text]], current: str) -> list[dict[str, Any]]:
    """Return the pages about one thing as tabs."""
    return [{"url": reverse(name, args=[obj.pk]), "text": text, "on": name == current} for name, text in names]


def run_rows(user: Any) -> QuerySet[TrainingRun]:
    rows = TrainingRun.objects.visible_to(user)
    return rows.select_related("model__use_case__team", "trained_by", "registered_by")


def summary(run: TrainingRun, uses: Sequence[RunDataset], facts: dict[str, Any]) -> str:
    """Return the run in one sentence: on what, by whom, how long, and whether its data is approved."""
    rows = sum(
        sum(file.rows for file in use.version.files.all() if not use.splits or file.split in use.splits) for use in uses
    )
    data = ngettext("%(n)d dataset version", "%(n)d dataset versions", len(uses)) % {"n": len(uses)}
    minutes = round((run.finished_at - run.started_at).total_seconds() / 60)
    return _("%(person)s trained on %(rows)s rows of %(data)s, in %(minutes)s minutes. %(gates)s") % {
        "person": run.trained_by.name,
        "rows": thousands(rows),
        "data": data,
        "minutes": thousands(minutes),
        "gates": facts["run.start_gates"].sentence,
    }


class RunList(ListPage):
    model = TrainingRun
    template_name = "registry/run_list.html"
    nav_key = "models"
    title = lazy("Training runs")
    subtitle = lazy("Each with its data, code, base model and recipe, as they were.")
    filterset_class = RunFilter
    orderings = {"finished": "finished_at", "created": "id"}
    csv_name = "training-runs"
    csv_columns = (
        (lazy("Model"), lambda row: row.model.name),
        (lazy("Run"), lambda row: row.number),
        (lazy("Trained by"), lambda row: row.trained_by.name),
        (lazy("Finished"), lambda row: row.finished_at.isoformat()),
        (lazy("Commit"), lambda row: row.code_commit),
        (lazy("Digest"), lambda row: row.digest),
    )

    def get_queryset(self) -> QuerySet[TrainingRun]:
        return run_rows(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]


class RunDetail(DetailPage):
    model = TrainingRun
    template_name = "registry/run_detail.html"
    context_name = "run"
    nav_key = "models"

    def get_queryset(self) -> QuerySet[TrainingRun]:
        return run_rows(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return model_crumbs(self.object.model)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.object.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run, user = self.object, self.request.user
        uses = list(run.datasets.select_related("version__dataset").prefetch_related("version__files"))
        versions = list(run.versions.select_related("registered_by", "withdrawal").order_by("-id"))
        known = registry.read(run_ref(run), run)
        refs = [run_ref(run), *(model_version_ref(row) for row in versions)]
        stops = whole_lane(refs, uses, user)
        self.subtitle = summary(run, uses, known)
        return super().get_context_data(
            tabs=tabs(run, TABS, "registry:run_detail"),
            uses=uses,
            guidelines=list(run.guidelines.select_related("guideline__dataset")),
            versions=versions,
            facts=shown(known),
            approved=known["run.start_gates"].figures.get("approved_percent") == 100,
            start_gates=known["run.start_gates"].sentence,
            hyperparameters=json.dumps(run.hyperparameters, indent=2, ensure_ascii=False),
            environment=json.dumps(run.environment, indent=2, ensure_ascii=False),
            is_link=run.code_repository.startswith("https://"),
            lane=stops,
            askable=askable(run_ref(run), stops, user, run.team.pk),
            may_register=user.may("model.register", run.team.pk),
            **kwargs,
        )


class OneRun(PageMixin):
    """A page about one run that the reader may see."""

    nav_key = "models"
    kwargs: dict[str, Any]
    _run: TrainingRun | None = None

    @property
    def run(self) -> TrainingRun:
        if self._run is None:
            self._run = run_rows(self.request.user).filter(pk=self.kwargs["pk"]).first()
            if self._run is None:
                raise NotFound(_("There is no such training run, or you may not see it."))
        return self._run

    def crumbs(self) -> Sequence[Crumb]:
        run = self.run
        return [*model_crumbs(run.model), (str(run), reverse("registry:run_detail", args=[run.pk]))]


class RunLineage(GraphPage, OneRun, TemplateView):
    template_name = "registry/lineage.html"

    @property
    def start(self) -> SubjectRef:
        return run_ref(self.run)

    def get_title(self) -> Text:
        return _("Lineage of %(run)s") % {"run": self.run}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = registry.read(run_ref(self.run), self.run)
        return super().get_context_data(
            tabs=tabs(self.run, TABS, "registry:run_lineage"), fact=known["run.lineage"], **kwargs
        )


class RunRegister(OneModel, ActionFormView):
    nav_key = "models"
    title = lazy("Register a training run")
    permission = "model.register"
    form_class = forms.RunForm
    submit_label = lazy("Register the run")
    success_message = lazy("The run is registered. It does not change any more.")

    def get_subtitle(self) -> Text:
        return _("Of %(model)s; a pipeline does the same over the API.") % {"model": self.the_model.name}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "model": self.the_model, "user": self.request.user}

    def get_initial(self) -> dict[str, Any]:
        return {"trained_by": str(self.request.user.pk)}

    def act(self, form: Any) -> TrainingRun:
        values = form.values()
        return actions.register_run(self.the_model, values.pop("datasets"), by=self.request.user, **values)

    def success_url_for(self, result: TrainingRun) -> str:
        return reverse("registry:run_detail", args=[result.pk])
