from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, ListPage, PageMixin
from apps.people.models import User
from apps.releases import actions, forms, way_back
from apps.releases.actions.rolling_back import may_review, may_roll_back
from apps.releases.errors import NotTheGovernanceOwner, NotTheTechnicalOwner
from apps.releases.filters import RehearsalFilter, RollbackFilter
from apps.releases.models import Rehearsal, Rollback
from apps.releases.views.environments import list_crumb
from apps.releases.views.releases import ReleaseForm


class ReleaseRollBack(ReleaseForm):
    """The second click of a rollback: why, and go."""

    title = lazy("Roll back")
    template_name = "releases/release_roll_back.html"
    form_class = forms.RollBackForm
    submit_label = lazy("Roll back now")
    success_message = lazy("Rolled back. The governance owner was asked to review it.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_roll_back(self.release, request.user):
            raise NotTheTechnicalOwner(_("Only the technical owner of the use case or their deputy rolls back."))
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> Rollback:
        return actions.roll_back(self.release, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Rollback) -> str:
        return reverse("releases:release_detail", args=[result.restored_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        target = way_back.target_of(self.release)
        return super().get_context_data(
            target=target, seen=way_back.look_at(target) if target is not None else None, **kwargs
        )


class ReleaseRehearse(ReleaseForm):
    title = lazy("Record a rehearsal")
    permission = "release.propose"
    form_class = forms.RehearsalForm
    submit_label = lazy("Record it")
    success_message = lazy("The rehearsal is recorded.")

    def get_form_kwargs(self) -> dict[str, Any]:
        people = User.objects.filter(
            memberships__team=self.release.team, kind=User.Kind.PERSON, is_active=True
        ).distinct()
        return {**super().get_form_kwargs(), "people": people.order_by("name")}

    def get_initial(self) -> dict[str, Any]:
        return {"rehearsed_by": self.request.user.pk}

    def act(self, form: Any) -> Rehearsal:
        return actions.record_rehearsal(self.release, by=self.request.user, **form.cleaned_data)


class RehearsalList(ListPage):
    model = Rehearsal
    template_name = "releases/rehearsal_list.html"
    nav_key = "releases"
    title = lazy("Rehearsals")
    subtitle = lazy("How often the way back was tried, how long it took, and whether it worked.")
    filterset_class = RehearsalFilter
    orderings = {"rehearsed": "rehearsed_at", "created": "id"}
    csv_name = "rehearsals"
    csv_columns = (
        (lazy("Release"), lambda row: str(row.release)),
        (lazy("Rehearsed"), lambda row: row.rehearsed_at.isoformat()),
        (lazy("By"), lambda row: row.rehearsed_by.name),
        (lazy("Seconds"), lambda row: row.duration_seconds),
        (lazy("Outcome"), lambda row: row.outcome),
        (lazy("Record"), lambda row: row.document.digest),
    )

    def get_queryset(self) -> QuerySet[Rehearsal]:
        return Rehearsal.objects.visible_to(self.request.user).select_related(
            "release__environment__team", "release__version__model", "rehearsed_by", "document"
        )

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]


class RollbackList(ListPage):
    model = Rollback
    template_name = "releases/rollback_list.html"
    nav_key = "releases"
    title = lazy("Rollbacks")
    subtitle = lazy("What was taken back, by whom and why, and what the review found.")
    filterset_class = RollbackFilter
    orderings = {"due": "review_due_at", "created": "id"}
    csv_name = "rollbacks"
    csv_columns = (
        (lazy("Release"), lambda row: str(row.release)),
        (lazy("Team"), lambda row: row.team.name),
        (lazy("Rolled back"), lambda row: row.created_at.isoformat()),
        (lazy("By"), lambda row: row.rolled_back_by.name),
        (lazy("Why"), lambda row: row.reason),
        (lazy("Verdict"), lambda row: row.review.verdict if hasattr(row, "review") else ""),
    )

    def get_queryset(self) -> QuerySet[Rollback]:
        return rollback_rows(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]


def rollback_rows(user: Any) -> QuerySet[Rollback]:
    rows: QuerySet[Rollback] = Rollback.objects.visible_to(user)
    return rows.select_related(
        "release__environment__team",
        "release__version__model__use_case__team",
        "restored__version__model",
        "restored__environment",
        "rolled_back_by",
        "review__reviewed_by",
    )


class OneRollback(PageMixin):
    """A page about one rollback that the reader may see."""

    nav_key = "releases"
    kwargs: dict[str, Any]

    @cached_property
    def rollback(self) -> Rollback:
        found = rollback_rows(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such rollback, or you may not see it."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (_("Rollbacks"), reverse("releases:rollback_list"))]


class RollbackDetail(OneRollback, TemplateView):
    template_name = "releases/rollback_detail.html"

    def get_title(self) -> Text:
        return str(self.rollback)

    def tags(self) -> Sequence[dict[str, Any]]:
        rollback = self.rollback
        return [{"state": rollback.review.verdict if hasattr(rollback, "review") else "reviewing"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rollback = self.rollback
        return super().get_context_data(
            rollback=rollback,
            review=getattr(rollback, "review", None),
            may_review=not hasattr(rollback, "review")
            and rollback.rolled_back_by_id != self.request.user.pk
            and may_review(rollback, self.request.user),
            **kwargs,
        )


class RollbackReviewPage(OneRollback, ActionFormView):
    title = lazy("Review the rollback")
    form_class = forms.ReviewForm
    submit_label = lazy("Record the review")
    success_message = lazy("The review is recorded.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_review(self.rollback, request.user):
            raise NotTheGovernanceOwner(_("Only the governance owner of the use case reviews a rollback."))
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.rollback)

    def act(self, form: Any) -> Any:
        return actions.review_rollback(self.rollback, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("releases:rollback_detail", args=[self.rollback.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)
