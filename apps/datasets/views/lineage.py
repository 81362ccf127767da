"""The pages of lineage: a version's tab, one thing's page, what lies downstream, and the forms."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core import access, csvs, subjects
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin
from apps.core.subjects import SubjectRef
from apps.datasets import actions, forms
from apps.datasets.facts import lineage as facts
from apps.datasets.filters import NodeFilter
from apps.datasets.lineage import registry
from apps.datasets.lineage.openlineage import LARGEST_FILE, events_of
from apps.datasets.lineage.picture import key_of, picture
from apps.datasets.lineage.surroundings import Surroundings, Thing, reach, surroundings
from apps.datasets.models import DatasetVersion, LineageEdge, LineageNode
from apps.datasets.refs import node_ref
from apps.datasets.views.tabs import VersionPage

CSV_COLUMNS: tuple[csvs.Column, ...] = (
    (_("Side"), lambda row: row.side_title),
    (_("Steps"), lambda row: row.steps),
    (_("Kind"), lambda row: row.kind),
    (_("Name"), lambda row: row.label),
    (_("Team"), lambda row: row.team),
    (_("Type"), lambda row: row.ref.type),
    (_("Identifier"), lambda row: row.ref.id),
)
DETAILS: dict[str, Text] = {
    "columns": _("Columns"),
    "rows": _("Rows"),
    "version": _("Version"),
    "code": _("Code"),
    "code_version": _("Version of the code"),
    "engine": _("Engine"),
    "engine_version": _("Version of the engine"),
    "parent_run": _("Parent run"),
    "error": _("Error"),
}


def crumbs() -> list[Crumb]:
    return [(_("Datasets"), reverse("datasets:dataset_list")), (_("Lineage"), reverse("datasets:lineage_list"))]


class GraphPage(PageMixin):
    """A page with a picture of what lies around one thing; ``focus``, ``open`` and ``whole`` stand in the address."""

    up: bool = True

    @property
    def start(self) -> SubjectRef:
        raise NotImplementedError

    @cached_property
    def focus(self) -> SubjectRef:
        """Return what the picture is about: what the address names, else the thing the page is about."""
        named = self.request.GET.get("focus", "")
        if not named:
            return self.start
        type_, _colon, identifier = named.partition(":")
        return SubjectRef.parse(type_, identifier)

    @cached_property
    def found(self) -> Surroundings:
        return surroundings(self.focus, self.request.user, up=self.up)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found, query = self.found, self.request.GET
        drawn = picture(found, opened=query.getlist("open"), whole="whole" in query)
        user = self.request.user
        return super().get_context_data(
            found=found,
            picture=drawn,
            focused=next(row for row in found.things if row.ref == found.focus),
            start_key=key_of(self.start),
            is_elsewhere=found.focus != self.start,
            opened=query.getlist("open"),
            is_whole="whole" in query,
            may_record=_may_record(user, found.focus),
            downstream_url=reverse("datasets:lineage_downstream", args=[found.focus.type, found.focus.id]),
            reach=reach(found),
            **kwargs,
        )


def _may_record(user: Any, ref: SubjectRef) -> bool:
    kind = registry.kinds()[ref.type]
    return kind.takes_input and user.may("lineage.record", subjects.kind(ref.type).team(subjects.get(ref, user)).pk)


class VersionLineage(GraphPage, VersionPage, TemplateView):
    template_name = "datasets/version_lineage.html"
    tab = "datasets:version_lineage"

    @property
    def start(self) -> SubjectRef:
        return SubjectRef("dataset_version", self.version.pk)

    def get_title(self) -> Text:
        return _("Lineage of %(version)s") % {"version": self.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(fact=facts.read(self.version)[0], **kwargs)


class NodeList(ListPage):
    model = LineageNode
    template_name = "datasets/lineage_list.html"
    nav_key = "datasets"
    title = _("Lineage")
    subtitle = _("Extracts, transformation runs and datasets outside: what lies between sources and versions.")
    filterset_class = NodeFilter
    orderings = {"name": "name", "created": "id"}
    csv_name = "lineage"
    csv_columns = (
        (_("Name"), lambda row: row.name),
        (_("Namespace"), lambda row: row.namespace),
        (_("Kind"), lambda row: row.kind),
        (_("State"), lambda row: row.state),
        (_("Team"), lambda row: row.team.name),
        (_("Recorded"), lambda row: row.created_at.isoformat()),
    )

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()[:1]

    def get_queryset(self) -> QuerySet[LineageNode]:
        return LineageNode.objects.visible_to(self.request.user).select_related("team")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        may = any(user.may("lineage.record", team.pk) for team in user.teams_list)
        return super().get_context_data(may_create=may, **kwargs)


class NodeDetail(GraphPage, DetailPage):
    model = LineageNode
    template_name = "datasets/lineage_node.html"
    context_name = "node"
    nav_key = "datasets"

    @property
    def start(self) -> SubjectRef:
        return node_ref(self.object)

    def get_queryset(self) -> QuerySet[LineageNode]:
        return LineageNode.objects.visible_to(self.request.user).select_related("team", "recorded_by")

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.object.get_kind_display()}, {"text": self.object.team.name}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        events = self.object.events.select_related("received_by").order_by("-event_time", "-id")[:50]
        told = [(DETAILS.get(name, name), value) for name, value in self.object.details.items()]
        details = [(name, ", ".join(value) if isinstance(value, list) else value) for name, value in told]
        return super().get_context_data(events=events, details=details, **kwargs)


class NodeCreate(ActionFormView):
    nav_key = "datasets"
    title = _("Name a thing of lineage")
    form_class = forms.NodeForm
    submit_label = _("Record it")
    success_message = _("Recorded. Say next what went into it, or what it went into.")

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> LineageNode:
        values = dict(form.cleaned_data)
        return actions.record_node(
            values.pop("team"), values.pop("kind"), values.pop("name"), by=self.request.user, **values
        )

    def success_url_for(self, result: LineageNode) -> str:
        return reverse("datasets:lineage_node", args=[result.pk])


class ReadEvents(ActionFormView):
    """Take run events from a file: all of them or none."""

    nav_key = "datasets"
    title = _("Read run events")
    subtitle = _("For runs that can't send their events themselves. Sent twice, an event counts once.")
    form_class = forms.EventsForm
    submit_label = _("Read them")
    success_message = _("The events are in. This is the run of the last one.")

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> LineageNode:
        team, events = form.cleaned_data["team"], events_of(form.cleaned_data["file"].read(LARGEST_FILE + 1))
        with transaction.atomic():
            return [actions.report_run(team, event, by=self.request.user) for event in events][-1]

    def success_url_for(self, result: LineageNode) -> str:
        return reverse("datasets:lineage_node", args=[result.pk])


class OneThing:
    """A page about one thing of lineage that the reader may see."""

    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def start(self) -> SubjectRef:
        ref = SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])
        if ref.type not in registry.kinds():
            raise NotFound(_("No lineage is kept of this."))
        return ref

    @cached_property
    def subject(self) -> Any:
        return subjects.get(self.start, self.request.user)

    @property
    def label(self) -> str:
        return subjects.kind(self.start.type).label(self.subject)

    def crumbs(self) -> Sequence[Crumb]:
        return [*crumbs(), (self.label, subjects.kind(self.start.type).url(self.subject))]


class Downstream(OneThing, GraphPage, TemplateView):
    """All that was made from one thing: as a list, as a picture, as CSV."""

    template_name = "datasets/lineage_downstream.html"
    nav_key = "datasets"
    up = False

    def get_title(self) -> Text:
        return _("Downstream of %(name)s") % {"name": self.label}

    def get_subtitle(self) -> Text:
        return reach(self.found)

    def _things(self) -> list[Thing]:
        return [row for row in self.found.things if row.side == "down"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.GET.get("format") == "csv":
            return csvs.answer("downstream", CSV_COLUMNS, self._things())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(things=self._things(), **kwargs)


class RecordInput(OneThing, ActionFormView):
    nav_key = "datasets"
    form_class = forms.InputForm
    submit_label = _("Record it")
    success_message = _("Recorded.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "lineage.record", self._team.pk)
        return super().get(request, *args, **kwargs)

    @property
    def _team(self) -> Any:
        return subjects.kind(self.start.type).team(self.subject)

    def get_title(self) -> Text:
        return _("What went into %(name)s") % {"name": self.label}

    def get_form_kwargs(self) -> dict[str, Any]:
        is_version = isinstance(self.subject, DatasetVersion)
        splits = list(dict.fromkeys(self.subject.files.values_list("split", flat=True))) if is_version else []
        known = {"user": self.request.user, "team": self._team, "output": self.start, "splits": splits}
        return {**super().get_form_kwargs(), **known}

    def act(self, form: Any) -> LineageEdge:
        data = form.cleaned_data
        return actions.record_edge(
            data["ref"],
            self.start,
            by=self.request.user,
            job=data["job"],
            happened_at=data["happened_at"],
            split=data.get("split", ""),
            note=data["note"],
        )

    def success_url_for(self, result: LineageEdge) -> str:
        return page_of(result.output)


class WithdrawEdge(ActionFormView):
    nav_key = "datasets"
    title = _("Take back what was recorded")
    form_class = forms.WithdrawForm
    submit_label = _("Take it back")
    success_message = _("Taken back. It stays in the trail and counts no more.")

    @cached_property
    def edge(self) -> LineageEdge:
        rows = LineageEdge.objects.visible_to(self.request.user).select_related("team")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such record, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "lineage.record", self.edge.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        seen = subjects.find([self.edge.input, self.edge.output], self.request.user)
        names = [
            subjects.kind(ref.type).label(seen[ref]) if ref in seen else _("something you may not see")
            for ref in (self.edge.input, self.edge.output)
        ]
        return " → ".join(str(name) for name in names)

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def act(self, form: Any) -> LineageEdge:
        actions.withdraw_edge(self.edge, by=self.request.user, reason=form.cleaned_data["reason"])
        return self.edge

    def success_url_for(self, result: LineageEdge) -> str:
        return page_of(result.output)


def page_of(ref: SubjectRef) -> str:
    """Return the page that shows the lineage of one thing."""
    if ref.type == "dataset_version":
        return reverse("datasets:version_lineage", args=[ref.id])
    return str(subjects.kind(ref.type).url(subjects.get(ref)))
