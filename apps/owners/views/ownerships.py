from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core import access, subjects
from apps.core.errors import NotFound, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, ListPage, PageMixin
from apps.core.subjects import SubjectRef
from apps.owners import actions, forms, holders
from apps.owners.actions.handovers import Handover
from apps.owners.filters import OwnershipFilter
from apps.owners.models import Ownership, OwnershipOffer
from apps.owners.places import with_subjects
from apps.owners.responsibilities import RESPONSIBILITIES, title
from apps.owners.separation import SEPARATIONS, apart_from
from apps.people.models import User
from apps.people.visibility import visible_people


def owners_crumb() -> Crumb:
    return (_("Owners"), reverse("owners:ownership_list"))


def told(made: OwnershipOffer) -> str:
    """Return what became of an offer that was just made, for whoever made it."""
    if made.is_pending:
        return now("%(name)s is asked and answers under My work.") % {"name": made.to.name}
    return now("You hold it now.")


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
                "ref": row.ref,
                "label": subjects.kind(row.ref.type).label(row.subject),
                "url": subjects.kind(row.ref.type).url(row.subject),
                "responsibility": row.responsibility,
                "offer": row.offer,
            }
            for row in (holders.vacancies(self.request.user, limit=50) if not self._is_past() else ())
        ]
        return super().get_context_data(vacancies=vacant, **kwargs)

    def _is_past(self) -> bool:
        """Tell whether the list shows another moment than now: today's vacancies do not belong beside it."""
        return bool(self.request.GET.get("as_of"))


class Responsibilities(PageMixin, TemplateView):
    """The two tables: what each responsibility decides, and which two need two people."""

    template_name = "owners/responsibilities.html"
    nav_key = "owners"
    title = _("Responsibilities")
    subtitle = _("What one named person decides, and which two need two people.")

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb()]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        def kinds(types: frozenset[str]) -> list[Text]:
            return [subjects.kind(type_).title for type_ in sorted(types, reverse=True) if subjects.is_known(type_)]

        rows = [
            {
                "row": row,
                "held_on": kinds(row.held_on),
                "required_on": kinds(row.required_on),
                "apart": [title(key) for key in apart_from(row.key)],
            }
            for row in RESPONSIBILITIES.values()
        ]
        pairs = [{"row": row, "first": title(row.first), "second": title(row.second)} for row in SEPARATIONS]
        return super().get_context_data(rows=rows, pairs=pairs, **kwargs)


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
    submit_label = _("Ask them")

    @cached_property
    def ref(self) -> SubjectRef:
        return SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])

    @property
    def responsibility(self) -> str:
        return str(self.kwargs["responsibility"])

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "owner.assign", self.team.pk)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> OwnershipOffer:
        data = form.cleaned_data
        made = actions.offer(
            self.ref,
            self.responsibility,
            data["holder"],
            by=self.request.user,
            deputy=data["deputy"],
            note=data["note"],
        )
        self.success_message = told(made)
        return made


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
    submit_label = _("Ask them to take over")

    def act(self, form: Any) -> OwnershipOffer:
        data = form.cleaned_data
        made = actions.hand_over(
            self.ownership, data["to"], by=self.request.user, deputy=data["deputy"], note=data["note"]
        )
        self.success_message = told(made)
        return made


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


class HandOverPerson(ActionFormView):
    """Everything that one person holds, as far as the reader sees it, handed over in one step."""

    nav_key = "owners"
    form_class = forms.HandOverManyForm
    template_name = "owners/hand_over_many.html"
    submit_label = _("Ask them all")

    @cached_property
    def person(self) -> User:
        found = visible_people(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such person, or you may not see them."))
        return found

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        rows = Ownership.objects.active().visible_to(self.request.user).filter(holder=self.person)
        return with_subjects(list(rows.select_related("holder", "deputy", "team").order_by("id")[:200]))

    def get_title(self) -> Text:
        return now("Hand over what %(name)s holds") % {"name": self.person.name}

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb(), (self.person.name, reverse("people:person_detail", args=[self.person.pk]))]

    def get_form_kwargs(self) -> dict[str, Any]:
        titles = {row["ownership"].pk: f"{row['ownership'].title} · {row['label']}" for row in self.lines}
        return {
            **super().get_form_kwargs(),
            "ownerships": [row["ownership"] for row in self.lines],
            "titles": titles,
        }

    def act(self, form: Any) -> list[OwnershipOffer]:
        items = [Handover(row, successor) for row, successor in form.successors]
        try:
            made = actions.hand_over_many(items, by=self.request.user, note=form.cleaned_data["note"])
        except Refusal as refusal:
            refusal.errors = {self._pointer(pointer, items): texts for pointer, texts in refusal.errors.items()}
            raise
        self.success_message = now("%(n)d people are asked; each answers under My work.") % {
            "n": len({row.to_id for row in made})
        }
        return made

    @staticmethod
    def _pointer(pointer: str, items: list[Handover]) -> str:
        """Return the form's field for the pointer of an item."""
        parts = pointer.strip("/").split("/")
        is_item = parts[0] == "items" and len(parts) > 1
        return f"/{forms.HandOverManyForm.name_of(items[int(parts[1])].ownership)}" if is_item else pointer

    def success_url_for(self, result: Any) -> str:
        return reverse("owners:offer_list") + "?state=pending"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("people:person_detail", args=[self.person.pk])
        return super().get_context_data(lines=self.lines, person=self.person, **kwargs)
