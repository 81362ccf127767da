from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core import access
from apps.core.errors import NotFound, Refusal, Text
from apps.core.forms import EmptyForm
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.evaluations import actions, forms
from apps.evaluations.actions.suites import meaning, newest_published, thresholds_owner
from apps.evaluations.content import Content, known
from apps.evaluations.filters import SuiteFilter
from apps.evaluations.models import Suite, SuiteVersion
from apps.evaluations.thresholds import asked
from apps.evaluations.views.shared import (
    NAV,
    OneThing,
    by_group,
    list_crumb,
    run_rows,
    suite_crumbs,
    version_crumbs,
    version_rows,
)
from apps.owners import holders
from apps.people import confirmations
from apps.usecases.models import UseCase

MOST_RUNS = 50


def suite_rows(user: Any) -> QuerySet[Suite]:
    rows: QuerySet[Suite] = Suite.objects.visible_to(user).select_related("use_case__team", "created_by")
    return rows


class SuiteList(ListPage):
    model = Suite
    template_name = "evaluations/suite_list.html"
    nav_key = NAV
    title = lazy("Evaluation suites")
    subtitle = lazy("What models are judged by, and what they must reach before they may go on.")
    filterset_class = SuiteFilter
    orderings = {"name": "name", "created": "id"}
    csv_name = "suites"
    csv_columns = (
        (lazy("Name"), lambda row: row.name),
        (lazy("Use case"), lambda row: row.use_case.name),
        (lazy("Team"), lambda row: row.use_case.team.name),
        (lazy("Versions"), lambda row: row.version_count),
        (lazy("Runs"), lambda row: row.run_count),
    )

    def get_queryset(self) -> QuerySet[Suite]:
        counts = {
            "version_count": Count("versions", distinct=True),
            "run_count": Count("versions__runs", distinct=True),
            "signed_count": Count("versions__signature", distinct=True),
        }
        return suite_rows(self.request.user).annotate(**counts)


class OneSuite(OneThing):
    def find(self) -> QuerySet[Suite]:
        return suite_rows(self.request.user)

    def home(self) -> str:
        return reverse("evaluations:suite_detail", args=[self.thing.pk])

    def crumbs(self) -> Sequence[Crumb]:
        return suite_crumbs(self.thing)

    def get_subtitle(self) -> Text:
        return str(self.thing)


class SuiteDetail(DetailPage):
    model = Suite
    template_name = "evaluations/suite_detail.html"
    context_name = "suite"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[Suite]:
        return suite_rows(self.request.user)

    def get_subtitle(self) -> Text:
        return str(self.object.purpose)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def tags(self) -> Sequence[dict[str, Any]]:
        tags: list[dict[str, Any]] = [{"text": self.object.use_case.name}, {"text": self.object.team.name}]
        return [*tags, {"state": "withdrawn", "text": _("Retired")}] if self.object.retired_at else tags

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        suite, user = self.object, self.request.user
        versions = list(
            version_rows(user).filter(suite=suite).annotate(run_count=Count("runs")).order_by("-number")[:MOST_RUNS]
        )
        newest = next((row for row in versions if row.is_published), versions[0] if versions else None)
        content = known(newest.source) if newest else None
        runs = list(run_rows(user).filter(suite_version__suite=suite).order_by("-id")[:MOST_RUNS])
        return super().get_context_data(
            versions=versions,
            newest=newest,
            groups=by_group(content) if content else [],
            thresholds=len(content.thresholds) if content else 0,
            runs=runs,
            baselines=list(suite.use_case.baselines.order_by("name")[:MOST_RUNS]),
            may_edit=user.may("evaluation.edit", suite.team.pk) and suite.retired_at is None,
            may_register=user.may("evaluation.register", suite.team.pk),
            has_draft=any(not row.is_published for row in versions),
            **kwargs,
        )


class OfUseCase(ActionFormView):
    """A form that adds something to one use case."""

    nav_key = NAV
    permission = ""

    @cached_property
    def use_case(self) -> UseCase:
        rows = UseCase.objects.visible_to(self.request.user).select_related("team")
        found = rows.filter(pk=self.kwargs["use_case"]).first()
        if found is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, self.permission, self.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.use_case.name

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("usecases:usecase_detail", args=[self.use_case.pk])
        return super().get_context_data(**kwargs)


class SuiteCreate(OfUseCase):
    title = lazy("New evaluation suite")
    permission = "evaluation.edit"
    form_class = forms.SuiteForm
    submit_label = lazy("Create the suite")
    success_message = lazy("The suite is created. Write its first version next.")

    def act(self, form: Any) -> Suite:
        values = dict(form.cleaned_data)
        values.pop("revision")
        return actions.create_suite(self.use_case, by=self.request.user, **values)

    def success_url_for(self, result: Suite) -> str:
        return reverse("evaluations:suite_detail", args=[result.pk])


class SuiteEdit(OneSuite, ActionFormView):
    nav_key = NAV
    title = lazy("Edit the suite")
    permission = "evaluation.edit"
    form_class = forms.SuiteForm
    submit_label = lazy("Save")
    success_message = lazy("Saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": Suite.objects.get(pk=self.thing.pk)}

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.thing.revision}

    def act(self, form: Any) -> Suite:
        values = dict(form.cleaned_data)
        revision = values.pop("revision")
        return actions.edit_suite(self.thing.pk, by=self.request.user, revision=revision, **values)


class SuiteRetire(OneSuite, ActionFormView):
    nav_key = NAV
    title = lazy("Retire the suite")
    permission = "evaluation.edit"
    form_class = forms.ReasonForm
    submit_label = lazy("Retire it")
    success_message = lazy("The suite is retired: models are no longer judged by it.")

    def act(self, form: Any) -> Suite:
        return actions.retire_suite(self.thing, by=self.request.user, reason=form.cleaned_data["reason"])


class WithSource(ActionFormView):
    """A form with the YAML of a version, beside an example."""

    nav_key = NAV
    template_name = "evaluations/version_form.html"
    form_class = forms.VersionForm

    def text(self, form: Any) -> str:
        return str(form.cleaned_data["source"]).replace("\r\n", "\n")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(example=forms.EXAMPLE, **kwargs)


class SuiteDraft(OneSuite, WithSource):
    title = lazy("Write the next version")
    permission = "evaluation.edit"
    submit_label = lazy("Keep as draft")
    success_message = lazy("The draft is kept. Publish it when it is right.")

    def get_initial(self) -> dict[str, Any]:
        before = newest_published(self.thing)
        return {"source": before.source if before else forms.EXAMPLE}

    def act(self, form: Any) -> SuiteVersion:
        note = form.cleaned_data["note"]
        return actions.draft_suite_version(self.thing, by=self.request.user, source=self.text(form), note=note)

    def success_url_for(self, result: SuiteVersion) -> str:
        return reverse("evaluations:version_detail", args=[result.pk])


class OneVersion(OneThing):
    def find(self) -> QuerySet[SuiteVersion]:
        return version_rows(self.request.user)

    def home(self) -> str:
        return reverse("evaluations:version_detail", args=[self.thing.pk])

    def crumbs(self) -> Sequence[Crumb]:
        return version_crumbs(self.thing)

    def get_subtitle(self) -> Text:
        return str(self.thing)


class VersionEdit(OneVersion, WithSource):
    title = lazy("Edit the draft")
    permission = "evaluation.edit"
    submit_label = lazy("Save")
    success_message = lazy("Saved.")

    def get_initial(self) -> dict[str, Any]:
        return {"source": self.thing.source, "note": self.thing.note, "revision": self.thing.revision}

    def act(self, form: Any) -> SuiteVersion:
        return actions.edit_suite_version(
            self.thing.pk,
            by=self.request.user,
            revision=form.cleaned_data["revision"],
            source=self.text(form),
            note=form.cleaned_data["note"],
        )


class VersionPublish(OneVersion, ActionFormView):
    nav_key = NAV
    title = lazy("Publish the version")
    permission = "evaluation.edit"
    form_class = EmptyForm
    submit_label = lazy("Publish it")
    success_message = lazy("Published. The business owner signs its thresholds next.")

    def act(self, form: Any) -> SuiteVersion:
        return actions.publish_suite_version(self.thing.pk, by=self.request.user, revision=self.thing.revision)


class VersionDetail(DetailPage):
    """What a version asks, in three groups; the business owner's signature posts here."""

    model = SuiteVersion
    template_name = "evaluations/version_detail.html"
    context_name = "version"
    nav_key = NAV

    def get_queryset(self) -> QuerySet[SuiteVersion]:
        return version_rows(self.request.user)

    def get_subtitle(self) -> Text:
        return str(self.object.note)

    def crumbs(self) -> Sequence[Crumb]:
        return suite_crumbs(self.object.suite)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": "signed" if self.object.is_signed else self.object.state}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.object, self.request.user
        content = Content.of(version.content) if version.is_published else known(version.source)
        owner = thresholds_owner(version)
        may_sign = (
            version.is_published and not version.is_signed and owner is not None and holders.may_sign(owner, user)
        )
        form = kwargs.pop("form", None) or (forms.SignForm(initial={"digest": version.digest}) if may_sign else None)
        may_register = user.may("evaluation.register", version.team.pk)
        data = {row.task: row for row in version.datasets.select_related("dataset_version__dataset")}
        return super().get_context_data(
            groups=by_group(content),
            tasks=[(task, data.get(task.key)) for task in content.tasks],
            thresholds=[asked(row, content.metric(row.metric)) for row in content.thresholds],
            owner=owner,
            form=form,
            meaning=meaning(version),
            runs=list(run_rows(user).filter(suite_version=version).order_by("-id")[:MOST_RUNS]),
            checks=list(version.leakage_checks.select_related("training_run__model").order_by("-id")[:MOST_RUNS]),
            comparisons=list(
                version.comparisons.select_related("candidate__model_version__model", "candidate__baseline").order_by(
                    "-id"
                )[:MOST_RUNS]
            ),
            may_edit=user.may("evaluation.edit", version.team.pk) and not version.is_published,
            may_register=may_register and version.is_published,
            **kwargs,
        )

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = forms.SignForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        data, user = form.cleaned_data, request.user
        try:
            secret = data["password"]
            confirmation = (
                confirmations.confirm(user, password=secret, code=secret)
                if secret
                else confirmations.from_reauthentication(request, user)
            )
            actions.sign_thresholds(
                self.object,
                by=user,
                digest=data["digest"],
                comment=data["comment"],
                confirmation_id=confirmation.pk if confirmation else None,
            )
        except Refusal as refusal:
            return self.render_to_response(self.get_context_data(form=form, refusal=refusal), status=refusal.status)
        return HttpResponseRedirect(reverse("evaluations:version_detail", args=[self.object.pk]))
