from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from apps.core import access
from apps.core.errors import Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, Crumb, ListPage, PageMixin, job_panel
from apps.datasets import actions, forms
from apps.datasets.actions.access import note_items_seen
from apps.datasets.actions.annotations import State
from apps.datasets.facts import annotations as facts
from apps.datasets.filters import ContestedFilter
from apps.datasets.heatmap import heat_map, spark
from apps.datasets.models import AnnotationResult, AnnotationTable, ContestedItem, DatasetVersion, Guideline
from apps.datasets.shown import shown_item
from apps.datasets.views.tabs import VersionPage

TAB = "datasets:annotation"
SHOWN_PAIRS, SHOWN_LABELS, SHOWN_ITEMS, SHOWN_CONFUSIONS = 15, 10, 8, 50


class AnnotationPage(VersionPage, TemplateView):
    """One sentence first: can these labels be relied on? Then what is confused, who differs, what to decide."""

    template_name = "datasets/annotation.html"
    tab = TAB

    @cached_property
    def result(self) -> AnnotationResult | None:
        return facts.newest_result(self.version)

    @property
    def figures(self) -> dict[str, Any]:
        return self.result.figures if self.result is not None and self.result.state == State.DONE else {}

    def get_title(self) -> Text:
        return _("Annotation of %(version)s") % {"version": self.version}

    def get_subtitle(self) -> Text:
        return facts.summary(self.figures) if self.figures else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, found, result = self.version, self.figures, self.result
        guideline = facts.newest_guideline(version)
        rows = version.annotation_tables.select_related("result", "guideline", "added_by").defer("result__figures")
        tables = list(rows.order_by("-number")[:20])
        newest = tables[0] if tables else None
        failed = newest if newest is not None and newest.result.state == State.FAILED else None
        waiting = newest if newest is not None and newest.result.state == State.PENDING else None
        contested = list(result.table.contested.order_by("position")[:SHOWN_ITEMS]) if found and result else []
        if contested:
            note_items_seen(version, by=self.request.user)
        return super().get_context_data(
            tables=tables,
            failed=failed,
            job=Job.objects.filter(pk__in=[waiting.result.job_id]).first() if waiting else None,
            found=found,
            shown=result.table if found and result else None,
            word=facts.word_of(found["alpha"]["value"]) if found else "",
            tiles=_tiles(found, guideline) if found else [],
            picture=heat_map(found.get("confusions", [])),
            confusions=found.get("confusions", [])[:SHOWN_CONFUSIONS],
            pairs=[_worded(row) for row in found.get("pairs", [])[:SHOWN_PAIRS]],
            labels=[_worded(row) for row in found.get("by_label", [])[:SHOWN_LABELS]],
            versions=[_worded(row) for row in found.get("by_guideline", [])],
            overall={name: _number(found[name]) for name in ("alpha", "fleiss")} if found else {},
            people=[_person(row) for row in found.get("by_annotator", [])[:SHOWN_PAIRS]],
            drift_reason=_drift_reason(found),
            contested=decorated(contested),
            guideline=guideline,
            may_add=self.request.user.may("dataset.register", version.team.pk),
            **kwargs,
        )


def _tiles(found: dict[str, Any], guideline: Guideline | None) -> list[dict[str, Any]]:
    alpha, lowest = found["alpha"]["value"], found["lowest_pair_kappa"]
    under = facts.under_current_percent(found, guideline)
    return [
        {
            "value": "–" if alpha is None else f"{alpha:.2f}",
            "text": _("agreement beyond chance (α, 1 is perfect)"),
            "tone": _tone(alpha),
        },
        {
            "value": "–" if lowest is None else f"{lowest:.2f}",
            "text": _("of the two who agree least (κ)"),
            "tone": "danger" if lowest is not None and lowest < facts.TENTATIVE else "",
        },
        {"value": f"{found['to_adjudicate']:,}", "text": _("items to decide"), "tone": ""},
        {
            "value": str(found["drifting"]),
            "text": ngettext("annotator drifts", "annotators drift", found["drifting"]),
            "tone": "danger" if found["drifting"] else "",
        },
        {
            "value": f"{under:.0f} %",
            "text": _("labelled under the current guideline"),
            "tone": "warning" if under < 100 else "",
        },
    ]


def _tone(alpha: float | None) -> str:
    if alpha is None:
        return ""
    return "success" if alpha >= facts.RELIABLE else "warning" if alpha >= facts.TENTATIVE else "danger"


def _number(figure: dict[str, Any]) -> str:
    return "–" if figure["value"] is None else f"{figure['value']:.2f}"


def _worded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its shares in per cent and its coefficients to two decimals."""
    share = row.get("agreement")
    texts = {f"{name}_text": _number(row[name]) for name in ("kappa", "linear", "quadratic", "alpha") if row.get(name)}
    return {**row, **texts, "percent": "–" if share is None else f"{100 * share:.0f}"}


def _person(row: dict[str, Any]) -> dict[str, Any]:
    """Return an annotator with the share alike in words: overall, and in the first and the last stretch of work."""
    share, windows = row["majority_agreement"], row["windows"]
    parts = [f"{100 * one['alike'] / one['labels']:.0f} %" for one in (windows[0], windows[-1])] if windows else []
    return {
        **row,
        "percent": "–" if share is None else f"{100 * share:.0f} %",
        "spark": spark(windows),
        "said": _("first %(first)s, then %(last)s") % {"first": parts[0], "last": parts[1]} if parts else "",
    }


def _drift_reason(found: dict[str, Any]) -> str:
    """Return why drift can't be told of anybody, where it can't."""
    if not found or found["drift_tested"]:
        return ""
    return next((row["reason"] for row in found["by_annotator"] if row["reason"]), "")


def decorated(rows: Sequence[ContestedItem]) -> list[dict[str, Any]]:
    return [{"row": row, "item": shown_item(row.item), "percent": round(100 * row.agreement)} for row in rows]


def _said(row: ContestedItem) -> str:
    return "; ".join(f"{one['annotator']}: {one['label']}" for one in row.labels)


class ContestedList(VersionPage, ListPage):
    """The items on which annotators differ, most contested first."""

    template_name = "datasets/contested_list.html"
    tab = TAB
    model = ContestedItem
    title = gettext_lazy("Items to decide")
    filterset_class = ContestedFilter
    orderings = {"position": "position", "item": "item", "agreement": "agreement"}
    default_ordering = "position"
    csv_name = "items-to-decide"
    csv_columns = (
        (gettext_lazy("Place"), lambda row: row.position),
        (gettext_lazy("Item"), lambda row: shown_item(row.item)),
        (gettext_lazy("Pairs alike"), lambda row: row.agreement),
        (gettext_lazy("Majority"), lambda row: row.majority),
        (gettext_lazy("Labels"), _said),
    )

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self.get_queryset().exists():
            note_items_seen(self.version, by=request.user)
        return super().get(request, *args, **kwargs)

    @cached_property
    def result(self) -> AnnotationResult | None:
        return facts.newest_result(self.version)

    def get_subtitle(self) -> Text:
        found = self.result.figures if self.result is not None else {}
        whole = found.get("to_adjudicate", 0)
        text = ngettext("%(n)s item on which annotators differ", "%(n)s items on which annotators differ", whole)
        said = text % {"n": f"{whole:,}"} + ", " + _("most contested first.")
        return said + (" " + _("The first 5,000 are listed.") if whole > 5000 else "")

    def crumbs(self) -> Sequence[Crumb]:
        return [*super().crumbs(), (_("Annotation"), reverse(TAB, args=[self.version.pk]))]

    def get_queryset(self) -> QuerySet[ContestedItem]:
        rows: QuerySet[ContestedItem] = ContestedItem.objects.visible_to(self.request.user)
        return rows.filter(table=self.result.table_id) if self.result is not None else rows.none()

    def decorate(self, rows: list[Any]) -> list[Any]:
        return decorated(rows)


class AnnotationPanel(PageMixin):
    """The progress of the newest comparison, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        version = DatasetVersion.objects.visible_to(request.user).filter(pk=pk).first()
        table = version.annotation_tables.select_related("result").order_by("-number").first() if version else None
        job = Job.objects.filter(pk__in=[table.result.job_id]).first() if table is not None else None
        return job_panel(request, job, request.path, _("Comparison of the annotators"))


class AnnotationAdd(VersionPage, ActionFormView):
    """Add a table of annotations; a file that came with a refused try is kept."""

    template_name = "datasets/annotation_add.html"
    title = gettext_lazy("Add annotations")
    form_class = forms.AnnotationForm
    submit_label = gettext_lazy("Add the annotations")
    success_message = gettext_lazy("The annotations are added. The machine compares them now.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.register", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.version)

    def get_form_kwargs(self) -> dict[str, Any]:
        published = self.version.dataset.guidelines.filter(state=Guideline.State.PUBLISHED).order_by("-number")
        found = super().get_form_kwargs()
        if found.get("data") is not None:
            found["data"] = found["data"].copy()
        return {**found, "guidelines": published}

    def get_initial(self) -> dict[str, Any]:
        """Begin with how the dataset's last table was read."""
        rows = AnnotationTable.objects.filter(version__dataset=self.version.dataset_id)
        last = rows.exclude(result__state=State.FAILED).order_by("-id").first()
        if last is None:
            return {}
        columns = {f"{key}_column": column for key, column in last.columns.items()}
        return {**columns, "scale": last.scale, "label_order": "\n".join(last.label_order)}

    def act(self, form: Any) -> AnnotationTable:
        data, user = form.cleaned_data, self.request.user
        access.require(user, "dataset.register", self.version.team.pk)
        upload = data["upload"]
        if data["file"]:
            upload = form.data["upload"] = actions.take_file(self.version.dataset, data["file"], by=user).pk
        return actions.add_annotations(
            self.version,
            upload,
            by=user,
            columns=form.columns(),
            scale=data["scale"],
            label_order=form.order(),
            guideline=data["guideline"].number if data["guideline"] else None,
            note=data["note"],
        )

    def success_url_for(self, result: AnnotationTable) -> str:
        return reverse(TAB, args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse(TAB, args=[self.version.pk])
        context = super().get_context_data(**kwargs)
        kept = context["form"].data.get("upload") if context["form"].is_bound else None
        return {**context, "kept": kept}
