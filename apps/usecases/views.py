from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.evidence import facts
from apps.gates.lanes import lane
from apps.owners import holders
from apps.usecases import actions, forms
from apps.usecases.facts import bus_factor
from apps.usecases.filters import UseCaseFilter
from apps.usecases.models import Phase, UseCase

TIER_TONES = {"low": "success", "medium": "warning", "high": "danger"}


class UseCaseList(ListPage):
    model = UseCase
    template_name = "usecases/usecase_list.html"
    nav_key = "use_cases"
    title = _("Use cases")
    subtitle = _("Each one narrow task for which a model may be tuned.")
    filterset_class = UseCaseFilter
    orderings = {"name": "name", "risk_tier": "risk_tier", "phase": "phase", "created": "id"}
    csv_name = "use-cases"
    csv_columns = (
        (_("Name"), lambda row: row.name),
        (_("Team"), lambda row: row.team.name),
        (_("Risk tier"), lambda row: row.risk_tier),
        (_("Phase"), lambda row: row.phase),
        (_("Summary"), lambda row: row.summary),
    )

    def get_queryset(self) -> QuerySet[UseCase]:
        return UseCase.objects.visible_to(self.request.user).select_related("team")

    def decorate(self, rows: list[Any]) -> list[Any]:
        ids = [row.pk for row in rows]
        owners = holders.on_each("use_case", ids)
        vacant = holders.vacant_on_each("use_case", ids)
        return [
            {
                "use_case": row,
                "business_owner": owners.get((row.pk, "business_owner")),
                "vacant": vacant.get(row.pk, ()),
            }
            for row in rows
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_create = any(self.request.user.may("usecase.create", team.pk) for team in self.request.user.teams_list)
        return super().get_context_data(may_create=may_create, **kwargs)


class UseCaseDetail(DetailPage):
    model = UseCase
    template_name = "usecases/usecase_detail.html"
    context_name = "use_case"
    nav_key = "use_cases"

    def get_queryset(self) -> QuerySet[UseCase]:
        return UseCase.objects.visible_to(self.request.user).select_related("team", "created_by")

    def get_subtitle(self) -> Text:
        return str(self.object.summary)

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Use cases"), reverse("usecases:usecase_list"))]

    def tags(self) -> Sequence[dict[str, Any]]:
        use_case = self.object
        tier = _("%(tier)s risk") % {"tier": use_case.get_risk_tier_display()}
        return [
            {"text": use_case.team.name, "tone": "muted"},
            {"text": tier, "tone": TIER_TONES[use_case.risk_tier]},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        use_case, user = self.object, self.request.user
        current = Phase.values.index(use_case.phase)
        datasets = list(use_case.datasets.order_by("name"))
        vacant = holders.vacant_on_each("dataset", [row.pk for row in datasets])
        models = list(use_case.models.order_by("name"))
        unowned = holders.vacant_on_each("model", [row.pk for row in models])
        return super().get_context_data(
            phases=[
                {"label": phase.label, "current": index == current, "done": index < current}
                for index, phase in enumerate(Phase)
            ],
            vacancies=[seat for seat in holders.seats(actions.ref_of(use_case)) if seat.is_required and seat.is_vacant],
            datasets=[{"dataset": row, "vacant": vacant.get(row.pk, ())} for row in datasets],
            bus_factor=bus_factor(use_case),
            lane=lane([actions.ref_of(use_case)], under=use_case.pk, user=user),
            may_edit=user.may("usecase.edit", use_case.team_id),
            moves=[(phase, phase.label) for phase in actions.MOVES.get(Phase(use_case.phase), ())]
            if user.may("usecase.move_phase", use_case.team_id)
            else [],
            readiness=facts.read(actions.ref_of(use_case), use_case, ["usecase.readiness"]).get("usecase.readiness"),
            models=[{"model": row, "vacant": unowned.get(row.pk, ())} for row in models],
            suites=list(use_case.suites.filter(retired_at=None).order_by("name")),
            may_add_suite=user.may("evaluation.edit", use_case.team_id),
            may_add_model=user.may("model.create", use_case.team_id),
            may_add_dataset=user.may("dataset.create", use_case.team_id),
            **kwargs,
        )


class UseCaseCreate(ActionFormView):
    nav_key = "use_cases"
    title = _("New use case")
    subtitle = _("One narrow task, one team that answers for it.")
    form_class = forms.NewUseCaseForm
    submit_label = _("Create the use case")
    success_message = _("The use case is created. Name its owners next.")

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Use cases"), reverse("usecases:usecase_list"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> UseCase:
        values = dict(form.cleaned_data)
        values.pop("revision")
        return actions.create_use_case(values.pop("team"), by=self.request.user, **values)

    def success_url_for(self, result: UseCase) -> str:
        return reverse("usecases:usecase_detail", args=[result.pk])


class UseCaseEdit(ActionFormView):
    nav_key = "use_cases"
    form_class = forms.UseCaseForm
    submit_label = _("Save")
    success_message = _("Saved.")

    @cached_property
    def use_case(self) -> UseCase:
        row = UseCase.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return row

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "usecase.edit", self.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> Text:
        return _("Edit %(name)s") % {"name": self.use_case.name}

    def crumbs(self) -> Sequence[Crumb]:
        return [
            (_("Use cases"), reverse("usecases:usecase_list")),
            (self.use_case.name, reverse("usecases:usecase_detail", args=[self.use_case.pk])),
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        instance = UseCase.objects.get(pk=self.use_case.pk)
        return {**super().get_form_kwargs(), "instance": instance}

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.use_case.revision}

    def act(self, form: Any) -> UseCase:
        values = dict(form.cleaned_data)
        revision = values.pop("revision")
        return actions.edit_use_case(self.use_case.pk, by=self.request.user, revision=revision, **values)

    def success_url_for(self, result: UseCase) -> str:
        return reverse("usecases:usecase_detail", args=[result.pk])


class UseCasePhase(ActionFormView):
    """Move a use case to another phase, after a page that says what that needs."""

    nav_key = "use_cases"
    form_class = forms.PhaseForm
    submit_label = _("Move it")
    success_message = _("The use case moved.")

    @cached_property
    def use_case(self) -> UseCase:
        row = UseCase.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return row

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "usecase.move_phase", self.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> Text:
        labels = dict(Phase.choices)
        return _("Move to %(phase)s") % {"phase": str(labels.get(self.kwargs["to"], self.kwargs["to"])).lower()}

    def get_subtitle(self) -> Text:
        return self.use_case.name

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Use cases"), reverse("usecases:usecase_list")), (self.use_case.name, self.success_url_for(None))]

    def act(self, form: Any) -> UseCase:
        return actions.move_phase(
            self.use_case.pk, self.kwargs["to"], by=self.request.user, reason=form.cleaned_data["reason"]
        )

    def success_url_for(self, result: Any) -> str:
        return reverse("usecases:usecase_detail", args=[self.kwargs["pk"]])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)
