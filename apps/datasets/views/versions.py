import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, Crumb, DetailPage, PageMixin, job_panel
from apps.datasets import actions, forms
from apps.datasets.actions import FileOffer
from apps.datasets.actions.tables import may_take_tables
from apps.datasets.errors import UploadNotReady
from apps.datasets.facts import versions as facts
from apps.datasets.facts.feedback import NAME as FEEDBACK
from apps.datasets.models import DatasetVersion, Inspection, Upload
from apps.datasets.refs import version_ref
from apps.datasets.views.datasets import OneDataset
from apps.datasets.views.findings import by_kind, columns, pictures, samples, shown_fact, tiles
from apps.datasets.views.tabs import version_crumbs, version_rows, version_tabs
from apps.evidence import facts as registry
from apps.gates.lanes import lane

MOST_TABLES = 50


class VersionDetail(DetailPage):
    """A sentence that sums the version up, then figures and pictures."""

    model = DatasetVersion
    template_name = "datasets/version_detail.html"
    context_name = "version"
    nav_key = "datasets"

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        return version_rows(self.request.user)

    @cached_property
    def inspection(self) -> Inspection:
        found: Inspection = self.object.inspection
        return found

    def get_subtitle(self) -> Text:
        return facts.summary(self.object, self.inspection)

    def crumbs(self) -> Sequence[Crumb]:
        return version_crumbs(self.object, whole=False)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.object, self.request.user
        known = registry.read(version_ref(version), version)
        findings = actions.view_samples(version, by=user)
        stops = lane([version_ref(version)], user=user)
        return super().get_context_data(
            tabs=version_tabs(version, "datasets:version_detail"),
            facts=[shown_fact(fact) for fact in known.values()],
            tiles=tiles(known),
            findings=findings,
            samples=samples(findings),
            by_kind=by_kind(findings),
            pictures=pictures(findings),
            columns=columns(findings),
            may_unmask=user.may("samples.unmask", version.team.pk),
            inspection=self.inspection,
            job=Job.objects.filter(pk__in=[self.inspection.job_id]).first()
            if self.inspection.state == "pending"
            else None,
            files=version.files.all(),
            feedback=known[FEEDBACK] if known[FEEDBACK].figures.get("feedback_rows") else None,
            lane=stops,
            has_gate=stops[0].newest is not None and stops[0].newest.state not in ("rejected", "withdrawn"),
            may_open=user.may("gate.open", version.team.pk),
            may_register=user.may("dataset.register", version.team.pk),
            **kwargs,
        )


class InspectionPanel(PageMixin):
    """The progress of a version's inspection, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        version = DatasetVersion.objects.visible_to(request.user).select_related("inspection").filter(pk=pk).first()
        job = Job.objects.filter(pk__in=[version.inspection.job_id]).first() if version is not None else None
        return job_panel(request, job, request.path, _("Inspection"))


class InspectAgain(PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        version = DatasetVersion.objects.visible_to(request.user).filter(pk=pk).first()
        if version is None:
            raise NotFound(_("There is no such version, or you may not see it."))
        actions.inspect_again(version, by=request.user)
        return HttpResponseRedirect(reverse("datasets:version_detail", args=[pk]))


class InspectionStop(PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        version = version_rows(request.user).filter(pk=pk).first()
        if version is None:
            raise NotFound(_("There is no such version, or you may not see it."))
        actions.cancel_inspection(version, by=request.user)
        return HttpResponseRedirect(reverse("datasets:version_detail", args=[pk]))


class VersionRegister(OneDataset, ActionFormView):
    """Register a version from files: dragged in and sent in pieces, or posted whole without a script."""

    nav_key = "datasets"
    template_name = "datasets/version_register.html"
    title = _("Register a version")
    form_class = forms.VersionForm
    success_message = _("The version is registered. The machine reads it now.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.register", self.dataset.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.dataset.name

    def get_form_kwargs(self) -> dict[str, Any]:
        ready = Upload.objects.of_tables(self.dataset).filter(state=Upload.State.READY).order_by("id")
        return {**super().get_form_kwargs(), "tables": list(ready[:MOST_TABLES])}

    def act(self, form: Any) -> DatasetVersion:
        data, user = form.cleaned_data, self.request.user
        access.require(user, "dataset.register", self.dataset.use_case.team_id)
        offers: dict[str, list[FileOffer]] = {}
        for zone in form.zones():
            split, declared = form.about(zone)
            uploads = [_identifier(text) for text in data[f"{zone}_uploads"].split()]
            uploads += [upload.pk for upload in form.taken(zone)]
            uploads += [actions.take_file(self.dataset, file, by=user).pk for file in data[zone]]
            offers.setdefault(split, []).extend(FileOffer(upload=pk, **declared) for pk in uploads)
        return actions.register_version(
            self.dataset,
            offers,
            by=user,
            note=data["note"],
            fewer_splits_reason=data["fewer_splits_reason"],
            input_column=data["input_column"],
            label_column=data["label_column"] or None,
            context_column=data["context_column"],
            date_column=data["date_column"],
            shape=data["shape"],
        )

    def success_url_for(self, result: DatasetVersion) -> str:
        return reverse("datasets:version_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:dataset_detail", args=[self.dataset.pk])
        return super().get_context_data(dataset=self.dataset, may_take_tables=may_take_tables(), **kwargs)


def _identifier(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise UploadNotReady(_("An upload is unknown. Choose the file again.")) from None
