from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.evidence import facts as registry
from apps.owners import holders
from apps.registry import actions, forms
from apps.registry.facts.models import spdx
from apps.registry.filters import ModelFilter
from apps.registry.models import Model
from apps.registry.refs import model_ref, model_version_ref, run_ref
from apps.registry.views.facts import shown
from apps.registry.views.gating import whole_lane
from apps.usecases.models import UseCase

MOST_SHOWN = 50


def list_crumb() -> Crumb:
    return (_("Models"), reverse("registry:model_list"))


def model_crumbs(model: Model) -> list[Crumb]:
    return [list_crumb(), (model.name, reverse("registry:model_detail", args=[model.pk]))]


class ModelList(ListPage):
    model = Model
    template_name = "registry/model_list.html"
    nav_key = "models"
    title = _("Models")
    subtitle = _("What is tuned, from which base, on which data, by whom.")
    filterset_class = ModelFilter
    orderings = {"name": "name", "created": "id"}
    csv_name = "models"
    csv_columns = (
        (_("Name"), lambda row: row.name),
        (_("Use case"), lambda row: row.use_case.name),
        (_("Team"), lambda row: row.use_case.team.name),
        (_("Base model"), lambda row: row.base_model),
        (_("Licence"), lambda row: row.licence),
        (_("Training runs"), lambda row: row.run_count),
        (_("Versions"), lambda row: row.version_count),
    )

    def get_queryset(self) -> QuerySet[Model]:
        rows = Model.objects.visible_to(self.request.user).select_related("use_case__team")
        return rows.annotate(run_count=Count("runs", distinct=True), version_count=Count("versions", distinct=True))

    def decorate(self, rows: list[Any]) -> list[Any]:
        ids = [row.pk for row in rows]
        owners = holders.on_each("model", ids)
        vacant = holders.vacant_on_each("model", ids)
        return [
            {"model": row, "owner": owners.get((row.pk, "model_owner")), "vacant": vacant.get(row.pk, ())}
            for row in rows
        ]


class ModelDetail(DetailPage):
    model = Model
    template_name = "registry/model_detail.html"
    context_name = "model"
    nav_key = "models"

    def get_queryset(self) -> QuerySet[Model]:
        return Model.objects.visible_to(self.request.user).select_related("use_case__team", "created_by")

    def get_subtitle(self) -> Text:
        return str(self.object.purpose)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.object.use_case.name}, {"text": self.object.use_case.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        model, user = self.object, self.request.user
        versions = list(
            model.versions.select_related("run", "registered_by", "withdrawal").order_by("-id")[:MOST_SHOWN]
        )
        runs = list(
            model.runs.select_related("trained_by")
            .annotate(version_count=Count("versions"))
            .order_by("-number")[:MOST_SHOWN]
        )
        newest = versions[0].run if versions else runs[0] if runs else None
        refs = [run_ref(newest)] if newest else []
        refs += [model_version_ref(versions[0])] if versions else []
        uses = list(newest.datasets.select_related("version")) if newest else []
        return super().get_context_data(
            versions=versions,
            runs=runs,
            lane=whole_lane(refs, uses, user),
            licence=spdx(model.licence) or model.licence,
            is_link=model.base_source.startswith("https://"),
            inherited=[
                row
                for key, row in holders.holders(model_ref(model)).items()
                if row.subject_type != "model" and key in ("technical_owner", "business_owner", "compliance_reviewer")
            ],
            facts=shown(registry.read(model_ref(model), model)),
            may_edit=user.may("model.edit", model.team.pk),
            may_register=user.may("model.register", model.team.pk),
            **kwargs,
        )


class ModelCreate(ActionFormView):
    nav_key = "models"
    title = _("New model")
    form_class = forms.ModelForm
    submit_label = _("Create the model")
    success_message = _("The model is created. Name its owner next.")

    @cached_property
    def use_case(self) -> UseCase:
        rows = UseCase.objects.visible_to(self.request.user).select_related("team")
        found = rows.filter(pk=self.kwargs["use_case"]).first()
        if found is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "model.create", self.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.use_case.name

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def act(self, form: Any) -> Model:
        values = dict(form.cleaned_data)
        values.pop("revision")
        return actions.create_model(self.use_case, by=self.request.user, **values)

    def success_url_for(self, result: Model) -> str:
        return reverse("registry:model_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("usecases:usecase_detail", args=[self.use_case.pk])
        return super().get_context_data(**kwargs)


class OneModel:
    """A page about one model that the reader may see."""

    request: Any
    kwargs: dict[str, Any]
    permission = ""

    @cached_property
    def the_model(self) -> Model:
        rows = Model.objects.visible_to(self.request.user).select_related("use_case__team")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such model, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, self.permission, self.the_model.team.pk)
        parent: Any = super()
        return parent.get(request, *args, **kwargs)

    def crumbs(self) -> Sequence[Crumb]:
        return model_crumbs(self.the_model)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("registry:model_detail", args=[self.the_model.pk])
        parent: Any = super()
        found: dict[str, Any] = parent.get_context_data(**kwargs)
        return found


class ModelEdit(OneModel, ActionFormView):
    nav_key = "models"
    title = _("Edit the model")
    permission = "model.edit"
    form_class = forms.ModelForm
    submit_label = _("Save")
    success_message = _("Saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": Model.objects.get(pk=self.the_model.pk)}

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.the_model.revision}

    def act(self, form: Any) -> Model:
        values = dict(form.cleaned_data)
        revision = values.pop("revision")
        return actions.edit_model(self.the_model.pk, by=self.request.user, revision=revision, **values)

    def success_url_for(self, result: Model) -> str:
        return reverse("registry:model_detail", args=[result.pk])
