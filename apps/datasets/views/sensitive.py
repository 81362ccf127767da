"""The page of a version's sensitive data, the decision on one kind, and the version that is derived from them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Refusal, Text
from apps.core.models import Job
from apps.core.pages import ActionFormView, Crumb, job_panel
from apps.datasets import actions, forms
from apps.datasets.actions.deriving import job_of, treatment_of
from apps.datasets.actions.sensitive import RESPONSIBILITY, may_decide
from apps.datasets.facts import sensitive as facts
from apps.datasets.models import Derivation, SensitiveDecision
from apps.datasets.refs import version_ref
from apps.datasets.views.findings import masked_place
from apps.datasets.views.tabs import VersionPage, version_crumbs
from apps.owners import holders

PAGE = "datasets:version_sensitive"
SAMPLES, OF_EACH = 12, 3
SPLITS = ("train", "validation", "test")


def _samples(findings: dict[str, Any], kind: str = "") -> list[dict[str, Any]]:
    """Return sampled rows, masked and each once: of one kind when it is named, else some of each."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, part in findings.get("sensitive", {}).get("kinds", {}).items():
        for place in part.get("samples", [])[: SAMPLES if kind else OF_EACH] if kind in ("", key) else ():
            found.setdefault((place["file"], place["row"], place["column"]), masked_place(place))
    return list(found.values())[:SAMPLES]


class VersionSensitive(VersionPage, TemplateView):
    """What was found in a version, by kind, column and split, and what was decided about it."""

    template_name = "datasets/version_sensitive.html"
    title = _("Sensitive data")
    tab = PAGE

    def get_subtitle(self) -> Text:
        return facts.read(self.version)[0].sentence

    @cached_property
    def kinds(self) -> list[facts.KindFound]:
        return facts.kinds_found(self.version, self.version.inspection)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.version, self.request.user
        kinds = self.kinds
        columns = sorted({name for row in kinds for name in row.by_column})
        splits = [name for name in SPLITS if any(name in row.by_split for row in kinds)]
        treatment = treatment_of(version) if kinds else {}
        job = job_of(version) if kinds else None
        is_decided = bool(kinds) and all(row.decision for row in kinds)
        owner = holders.holders(version_ref(version)).get(RESPONSIBILITY)
        derived = list(Derivation.objects.filter(parent=version).select_related("version__dataset").order_by("-id"))
        return super().get_context_data(
            is_searched=facts.is_searched(version.inspection),
            recognisers=version.inspection.findings.get("parameters", {}).get("recognisers", []),
            inspection=version.inspection,
            kinds=kinds,
            bars=[{"kind": str(row.title), "values": row.values} for row in kinds],
            columns=columns,
            splits=splits,
            by_column=[(row, [row.by_column.get(name, 0) for name in columns]) for row in kinds],
            by_split=[(row, [row.by_split.get(name, 0) for name in splits]) for row in kinds],
            samples=_samples(actions.view_samples(version, by=user)) if kinds else [],
            reviewer=owner.holder if owner else None,
            may_decide=may_decide(version, user),
            may_derive=user.may("dataset.register", version.team.pk) and is_decided and bool(treatment) and not derived,
            job=job if job is not None and job.state != Job.State.DONE else None,
            derived=derived,
            origin=Derivation.objects.filter(version=version).select_related("parent__dataset").first(),
            history=SensitiveDecision.objects.filter(version=version).select_related("decided_by").order_by("-id")[:50],
            **kwargs,
        )


class SensitiveDecide(VersionPage, ActionFormView):
    """One kind in one version: its counts, what was decided before, and the form for who may decide."""

    template_name = "datasets/sensitive_decide.html"
    form_class = forms.SensitiveDecisionForm
    success_message = _("Your decision is recorded.")
    submit_label = _("Record the decision")
    tab = PAGE

    @cached_property
    def found(self) -> facts.KindFound:
        rows = facts.kinds_found(self.version, self.version.inspection)
        found = next((row for row in rows if row.key == self.kwargs["kind"]), None)
        if found is None:
            raise NotFound(_("The inspection found no such kind in this version."))
        return found

    def get_title(self) -> Text:
        return self.found.title

    def get_subtitle(self) -> Text:
        return str(self.version)

    def crumbs(self) -> Sequence[Crumb]:
        return [*version_crumbs(self.version), (_("Sensitive data"), reverse(PAGE, args=[self.version.pk]))]

    def get_initial(self) -> dict[str, Any]:
        last = self.found.decision
        return {"decision": last.decision, "reason": last.reason} if last else {}

    def act(self, form: Any) -> SensitiveDecision:
        return actions.decide_sensitive(self.version, self.kwargs["kind"], by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse(PAGE, args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        owner = holders.holders(version_ref(self.version)).get(RESPONSIBILITY)
        rows = SensitiveDecision.objects.filter(version=self.version, kind=self.found.key)
        return super().get_context_data(
            found=self.found,
            may_decide=may_decide(self.version, self.request.user),
            reviewer=owner.holder if owner else None,
            samples=_samples(actions.view_samples(self.version, by=self.request.user), self.found.key),
            history=rows.select_related("decided_by").order_by("-id"),
            **kwargs,
        )


class VersionDerive(VersionPage):
    """Start the making of the version that the decisions ask for."""

    def post(self, request: Any, pk: Any) -> HttpResponse:
        try:
            actions.derive_version(self.version, by=request.user)
        except Refusal as refusal:
            if refusal.status != 409:
                raise
            messages.error(request, str(refusal.detail))
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))


class DerivationPanel(VersionPage):
    """The progress of a derivation, as a piece of page."""

    def get(self, request: Any, pk: Any) -> HttpResponse:
        return job_panel(request, job_of(self.version), request.path, _("Derived version"))
