from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access, subjects
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, ListPage
from apps.core.subjects import SubjectRef
from apps.owners import actions, forms, holders
from apps.owners.filters import OwnershipFilter
from apps.owners.models import Ownership
from apps.owners.responsibilities import title


def with_subjects(rows: Sequence[Ownership]) -> list[dict[str, Any]]:
    """Return each ownership beside its subject's label and address; one query a kind of subject."""
    by_type: dict[str, set[Any]] = {}
    for row in rows:
        by_type.setdefault(row.subject_type, set()).add(row.subject_id)
    found = {
        (type_, obj.pk): obj
        for type_, ids in by_type.items()
        if subjects.is_known(type_)
        for obj in subjects.kind(type_).all().filter(pk__in=ids)
    }
    lines = []
    for row in rows:
        obj = found.get((row.subject_type, row.subject_id))
        kind = subjects.kind(row.subject_type) if obj is not None else None
        lines.append(
            {
                "ownership": row,
                "label": kind.label(obj) if kind else str(row.subject_id),
                "url": kind.url(obj) if kind else "",
                "kind": kind.title if kind else row.subject_type,
            }
        )
    return lines


class OwnershipList(ListPage):
    model = Ownership
    template_name = "owners/ownership_list.html"
    nav_key = "owners"
    title = _("Owners")
    subtitle = _("Who answers for what, and what nobody answers for.")
    filterset_class = OwnershipFilter
    orderings = {"since": "since", "holder": "holder__name"}
    csv_name = "ownerships"
    csv_columns = (
        (_("Responsibility"), lambda row: row.title),
        (_("Subject type"), lambda row: row.subject_type),
        (_("Subject"), lambda row: row.subject_id),
        (_("Holder"), lambda row: row.holder.name),
        (_("Deputy"), lambda row: row.deputy.name if row.deputy else ""),
        (_("Since"), lambda row: row.since.isoformat()),
        (_("Until"), lambda row: row.ended_at.isoformat() if row.ended_at else ""),
    )

    def get_queryset(self) -> QuerySet[Ownership]:
        return Ownership.objects.visible_to(self.request.user).select_related("holder", "deputy", "team")

    def decorate(self, rows: list[Any]) -> list[Any]:
        return with_subjects(rows)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        vacant = [
            {
                "ref": ref,
                "label": subjects.kind(ref.type).label(obj),
                "url": subjects.kind(ref.type).url(obj),
                "responsibility": row,
            }
            for ref, obj, row in holders.vacancies(self.request.user, limit=50)
        ]
        return super().get_context_data(vacancies=vacant, **kwargs)


class SubjectForm(ActionFormView):
    """A form about one responsibility of one subject; it leads back to the subject."""

    nav_key = "owners"

    @cached_property
    def ref(self) -> SubjectRef:
        raise NotImplementedError

    @cached_property
    def subject(self) -> Any:
        return subjects.get(self.ref, self.request.user)

    @property
    def responsibility(self) -> str:
        raise NotImplementedError

    @property
    def team(self) -> Any:
        return subjects.kind(self.ref.type).team(self.subject)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "team": self.team}

    def get_subtitle(self) -> Text:
        return f"{title(self.responsibility)} · {subjects.kind(self.ref.type).label(self.subject)}"

    def crumbs(self) -> Sequence[Crumb]:
        kind = subjects.kind(self.ref.type)
        return [(kind.label(self.subject), kind.url(self.subject))]

    def success_url_for(self, result: Any) -> str:
        return subjects.kind(self.ref.type).url(self.subject)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = subjects.kind(self.ref.type).url(self.subject)
        return super().get_context_data(**kwargs)


class Assign(SubjectForm):
    title = _("Name a holder")
    form_class = forms.HolderForm
    submit_label = _("Name the holder")
    success_message = _("The holder is named.")

    @cached_property
    def ref(self) -> SubjectRef:
        return SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])

    @property
    def responsibility(self) -> str:
        return str(self.kwargs["responsibility"])

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "owner.assign", self.team.pk)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> Ownership:
        data = form.cleaned_data
        return actions.assign(
            self.ref,
            self.responsibility,
            data["holder"],
            by=self.request.user,
            deputy=data["deputy"],
            note=data["note"],
        )


class OwnershipForm(SubjectForm):
    """A form about an ownership that stands."""

    @cached_property
    def ownership(self) -> Ownership:
        rows = Ownership.objects.visible_to(self.request.user).select_related("holder", "deputy", "team")
        row = rows.filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound(_("There is no such ownership, or you may not see it."))
        return row

    @cached_property
    def ref(self) -> SubjectRef:
        return self.ownership.ref

    @property
    def responsibility(self) -> str:
        return self.ownership.responsibility


class HandOver(OwnershipForm):
    title = _("Hand over")
    form_class = forms.HandOverForm
    submit_label = _("Hand over")
    success_message = _("Handed over.")

    def act(self, form: Any) -> Ownership:
        data = form.cleaned_data
        return actions.hand_over(
            self.ownership, data["to"], by=self.request.user, deputy=data["deputy"], note=data["note"]
        )


class AppointDeputy(OwnershipForm):
    title = _("Deputy")
    form_class = forms.DeputyForm
    submit_label = _("Save the deputy")
    success_message = _("The deputy is saved.")

    def get_initial(self) -> dict[str, Any]:
        return {"deputy": self.ownership.deputy_id}

    def act(self, form: Any) -> Ownership:
        return actions.appoint_deputy(self.ownership, form.cleaned_data["deputy"], by=self.request.user)


class Vacate(OwnershipForm):
    title = _("Leave it vacant")
    form_class = forms.VacateForm
    submit_label = _("Leave it vacant")
    success_message = _("The responsibility is vacant now.")

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        kwargs.pop("team")
        return kwargs

    def act(self, form: Any) -> Ownership:
        return actions.vacate(self.ownership, by=self.request.user, note=form.cleaned_data["note"])
