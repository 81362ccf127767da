from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, Crumb, ListPage, PageMixin, job_panel
from apps.core.sheets import Sheet, pdf
from apps.core.subjects import SubjectRef
from apps.datasets.views.lineage import GraphPage
from apps.evidence import facts as registry
from apps.registry import actions, card, forms
from apps.registry.filters import ModelVersionFilter
from apps.registry.models import ModelVersion
from apps.registry.places import storage_key
from apps.registry.refs import model_version_ref, run_ref
from apps.registry.views.facts import shown
from apps.registry.views.gating import askable, whole_lane
from apps.registry.views.models import list_crumb, model_crumbs
from apps.registry.views.runs import OneRun, tabs

TABS: list[tuple[str, Text]] = [
    ("registry:version_detail", lazy("Version")),
    ("registry:version_lineage", lazy("Lineage")),
    ("registry:version_card", lazy("Model card")),
]


def offer_tab(name: str, text: Text) -> None:
    """Show a page of a floor above, found by the version's identifier, among the pages of a version."""
    TABS.append((name, text))


def version_rows(user: Any) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.visible_to(user)
    return rows.select_related(
        "model__use_case__team", "run__trained_by", "run__registered_by", "registered_by", "withdrawal__withdrawn_by"
    )


def summary(version: ModelVersion, data: int) -> str:
    """Return the version in one sentence: from which base, on how much data, in which run, how large, where."""
    sentence = ngettext(
        "%(base)s, tuned on %(n)d dataset version by %(person)s in run %(run)d: %(size)s of %(what)s at %(place)s.",
        "%(base)s, tuned on %(n)d dataset versions by %(person)s in run %(run)d: %(size)s of %(what)s at %(place)s.",
        data,
    )
    return sentence % {
        "base": version.model.base_model,
        "n": data,
        "person": version.run.trained_by.name,
        "run": version.run.number,
        "size": filesizeformat(version.size),
        "what": version.format or _("weights"),
        "place": version.place,
    }


class VersionList(ListPage):
    model = ModelVersion
    template_name = "registry/version_list.html"
    nav_key = "models"
    title = lazy("Model versions")
    subtitle = lazy("Every registered artefact, with the run that made it.")
    filterset_class = ModelVersionFilter
    orderings = {"number": "number", "created": "id"}
    csv_name = "model-versions"
    csv_columns = (
        (lazy("Model"), lambda row: row.model.name),
        (lazy("Version"), lambda row: row.number),
        (lazy("Artefact"), lambda row: row.artefact_digest),
        (lazy("Size in bytes"), lambda row: row.size),
        (lazy("Place"), lambda row: row.place),
        (lazy("Withdrawn"), lambda row: row.is_withdrawn),
    )

    def get_queryset(self) -> QuerySet[ModelVersion]:
        return version_rows(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]


class OneVersion(PageMixin):
    """A page about one model version that the reader may see."""

    nav_key = "models"
    kwargs: dict[str, Any]
    tab = ""

    @cached_property
    def version(self) -> ModelVersion:
        found = version_rows(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such model version, or you may not see it."))
        return found

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": "withdrawn"}] if self.version.is_withdrawn else []

    def crumbs(self) -> Sequence[Crumb]:
        version = self.version
        return [*model_crumbs(version.model), (str(version), reverse("registry:version_detail", args=[version.pk]))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(version=self.version, tabs=tabs(self.version, TABS, self.tab), **kwargs)


class VersionDetail(OneVersion, TemplateView):
    template_name = "registry/version_detail.html"
    tab = "registry:version_detail"

    def get_title(self) -> Text:
        return str(self.version)

    def crumbs(self) -> Sequence[Crumb]:
        return model_crumbs(self.version.model)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.version, self.request.user
        uses = list(version.run.datasets.select_related("version__dataset"))
        ref = model_version_ref(version)
        stops = whole_lane([ref, run_ref(version.run)], uses, user)
        self.subtitle = summary(version, len(uses))
        may_register = user.may("model.register", version.team.pk)
        return super().get_context_data(
            uses=uses,
            facts=shown(registry.read(ref, version)),
            job=Job.objects.filter(subject_type=ref.type, subject_id=ref.id).order_by("-id").first(),
            is_link=version.place.startswith("https://"),
            lane=stops,
            askable=askable(ref, stops, user, version.team.pk),
            may_check=may_register and storage_key(version.place) is not None,
            may_withdraw=may_register and not version.is_withdrawn,
            **kwargs,
        )


class VersionLineage(OneVersion, GraphPage, TemplateView):
    template_name = "registry/lineage.html"
    tab = "registry:version_lineage"

    @property
    def start(self) -> SubjectRef:
        return model_version_ref(self.version)

    def get_title(self) -> Text:
        return _("Lineage of %(version)s") % {"version": self.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = registry.read(run_ref(self.version.run), self.version.run, ["run.lineage"])
        return super().get_context_data(fact=known["run.lineage"], **kwargs)


class OneCard(OneVersion):
    tab = "registry:version_card"

    @cached_property
    def sheet(self) -> Sheet:
        return card.read(self.version, self.request.user)


class CardPage(OneCard, TemplateView):
    template_name = "registry/version_card.html"

    def get_title(self) -> Text:
        return self.sheet.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sections=self.sheet.sections, **kwargs)


class CardPdf(OneCard):
    def get(self, request: Any, pk: Any) -> HttpResponse:
        return pdf.answer(self.sheet, "model-card")


class VersionCheck(OneVersion):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        actions.check_artefact(self.version, by=request.user)
        return HttpResponseRedirect(reverse("registry:version_detail", args=[pk]))


class CheckPanel(OneVersion):
    """The progress of reading the artefact, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        jobs = Job.objects.filter(subject_type="model_version", subject_id=self.version.pk)
        return job_panel(request, jobs.order_by("-id").first(), request.path, _("Reading the artefact"))


class VersionWithdraw(OneVersion, ActionFormView):
    title = lazy("Withdraw the version")
    form_class = forms.WithdrawForm
    submit_label = lazy("Withdraw it")
    success_message = lazy("The version is withdrawn. It stays readable.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "model.register", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.version)

    def act(self, form: Any) -> Any:
        return actions.withdraw_model_version(self.version, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("registry:version_detail", args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)


class VersionRegister(OneRun, ActionFormView):
    title = lazy("Register a model version")
    form_class = forms.VersionForm
    submit_label = lazy("Register the version")
    success_message = lazy("The version is registered. It does not change any more.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "model.register", self.run.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return _("An artefact of %(run)s") % {"run": self.run}

    def act(self, form: Any) -> ModelVersion:
        values = dict(form.cleaned_data)
        return actions.register_model_version(self.run, values.pop("number"), by=self.request.user, **values)

    def success_url_for(self, result: ModelVersion) -> str:
        return reverse("registry:version_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("registry:run_detail", args=[self.run.pk])
        return super().get_context_data(**kwargs)
