"""The continuity drill: asked, shown, kept."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core import subjects
from apps.core.clock import today
from apps.core.errors import NotPermitted, Refusal, Text
from apps.core.pages import Crumb, DetailPage, ListPage, PageMixin, put_on_form
from apps.ledger.actions import may_anywhere
from apps.owners import actions, continuity, drawing, forms
from apps.owners.continuity import Drill, Mode
from apps.owners.filters import DrillFilter
from apps.owners.models import ContinuityDrill, Ownership
from apps.owners.places import with_subjects
from apps.owners.views.ownerships import owners_crumb

MOST_CHOICES = 300


def drills_crumb() -> Crumb:
    return (_("Continuity"), reverse("owners:drill_list"))


def shown(drill: Drill, user: Any) -> dict[str, Any]:
    """Return what the template shows of a drill: figures, the picture, a list for each kind of effect."""
    found = subjects.find((effect.ref for effect in drill.effects), user)
    names = {person.id: person.name for person in drill.people}
    sections = [
        {
            "kind": kind,
            "rows": [
                {
                    "effect": effect,
                    "url": subjects.kind(effect.ref.type).url(found[effect.ref]) if effect.ref in found else "",
                    "people": [names[str(person)] for person in effect.people if str(person) in names],
                }
                for effect in drill.of(kind.key)
            ],
        }
        for kind in continuity.kinds()
    ]
    return {
        "drill": drill,
        "sections": [section for section in sections if section["rows"]],
        "picture": drawing.picture(drill),
        "for_good": drill.mode == Mode.LEAVES,
    }


def heading(drill: Drill) -> str:
    words = {
        "names": ", ".join(person.name for person in drill.people),
        "day": date_format(drill.day, "j M Y"),
    }
    if drill.mode == Mode.LEAVES:
        return now("If %(names)s left on %(day)s") % words
    return now("If %(names)s were away on %(day)s") % words


class DrillList(ListPage):
    model = ContinuityDrill
    template_name = "owners/drill_list.html"
    nav_key = "owners"
    title = _("Continuity")
    subtitle = _("If this person left today: what stops, who steps in, what has nobody.")
    filterset_class = DrillFilter
    orderings = {"ran": "ran_at"}
    csv_name = "continuity-drills"
    csv_columns = (
        (_("People"), lambda row: row.people_names),
        (_("What happens"), lambda row: row.mode),
        (_("Day"), lambda row: row.day.isoformat()),
        (_("Run by"), lambda row: row.ran_by.name),
        (_("Run at"), lambda row: row.ran_at.isoformat()),
        (_("Digest"), lambda row: row.digest),
    )

    def get_queryset(self) -> QuerySet[ContinuityDrill]:
        return ContinuityDrill.objects.visible_to(self.request.user).select_related("ran_by")

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb()]

    def decorate(self, rows: list[Any]) -> list[Any]:
        kinds = continuity.kinds()
        lines = []
        for row in rows:
            drill = Drill.parse(row.content)
            figures = [{"kind": kind, "count": len(drill.of(kind.key))} for kind in kinds if drill.of(kind.key)]
            lines.append({"row": row, "mode": Mode(row.mode).name, "figures": figures})
        return lines


class DrillDetail(DetailPage):
    """A recorded drill, as it was found then."""

    model = ContinuityDrill
    template_name = "owners/drill_detail.html"
    context_name = "record"
    nav_key = "owners"

    def get_queryset(self) -> QuerySet[ContinuityDrill]:
        return ContinuityDrill.objects.visible_to(self.request.user).select_related("ran_by")

    def get_title(self) -> Text:
        return heading(Drill.parse(self.object.content))

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb(), drills_crumb()]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**shown(Drill.parse(self.object.content), self.request.user), **kwargs)


class DrillRun(PageMixin, TemplateView):
    """Ask what would happen; nothing is changed. Sending the form keeps the answer as evidence."""

    template_name = "owners/drill_run.html"
    nav_key = "owners"

    def get_title(self) -> Text:
        return _("Continuity drill")

    def get_subtitle(self) -> Text:
        return _("Nothing is changed by asking.")

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb(), drills_crumb()]

    def form(self, data: Any = None) -> forms.DrillForm:
        user = self.request.user
        rows = Ownership.objects.active().visible_to(user).select_related("holder").order_by("-id")[:MOST_CHOICES]
        chosen = (data or {}).get("ownership", "")
        choices = [
            (str(row["ownership"].pk), f"{row['ownership'].title} · {row['label']} · {row['ownership'].holder.name}")
            for row in with_subjects(list(rows))
        ]
        if chosen not in dict(choices):
            choices += [(str(pk), str(pk)) for pk in self._held(chosen)]
        return forms.DrillForm(data, user=user, ownerships=choices)

    def _held(self, chosen: str) -> list[uuid.UUID]:
        """Return the chosen ownership when the reader may see it, though it is not among the newest."""
        try:
            wanted = uuid.UUID(chosen)
        except ValueError:
            return []
        rows = Ownership.objects.active().visible_to(self.request.user).filter(pk=wanted)
        return list(rows.values_list("pk", flat=True))

    def scenario(self, form: forms.DrillForm) -> continuity.Scenario:
        data = form.cleaned_data
        return continuity.scenario(data["people"], form.held(), data["day"], data["mode"])

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = any(request.GET.get(name) for name in ("people", "ownership"))
        data = request.GET.copy()
        data.setdefault("mode", Mode.LEAVES)
        if not data.get("day"):
            data["day"] = today().isoformat()
        form = self.form(data if asked else None)
        context: dict[str, Any] = {}
        if asked and form.is_valid():
            try:
                drill = continuity.run(self.scenario(form), request.user)
                context = {**shown(drill, request.user), "heading": heading(drill)}
            except Refusal as refusal:
                put_on_form(form, refusal)
        may_record = may_anywhere(request.user, "owner.assign")
        return self.render_to_response(self.get_context_data(form=form, may_record=may_record, **context))

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid():
            try:
                note = request.POST.get("note", "").replace("\x00", "")[:500]
                row = actions.record_drill(self.scenario(form), by=request.user, note=note)
                messages.success(request, now("Recorded as evidence."))
                return HttpResponseRedirect(reverse("owners:drill_detail", args=[row.pk]))
            except NotPermitted:
                raise
            except Refusal as refusal:
                put_on_form(form, refusal)
        return self.render_to_response(self.get_context_data(form=form), status=422)
