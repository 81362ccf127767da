"""The list of gates, and one gate on one page."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.errors import Refusal, Text
from apps.core.pages import Crumb, DetailPage, ListPage
from apps.core.sheets import pdf
from apps.gates import actions, forms, sheet
from apps.gates.actions.signing import meaning
from apps.gates.filters import GateFilter
from apps.gates.lanes import lane
from apps.gates.models import Gate
from apps.gates.reading import GateView, read
from apps.owners.responsibilities import title
from apps.people import confirmations


class GateList(ListPage):
    model = Gate
    template_name = "gates/gate_list.html"
    nav_key = "gates"
    title = _("Gates")
    subtitle = _("What was decided, what waits, and what blocks it.")
    filterset_class = GateFilter
    orderings = {"since": "state_since", "state": "state", "subject": "subject_label", "opened": "id"}
    csv_name = "gates"
    csv_columns = (
        (_("Gate"), lambda row: row.policy_version.title),
        (_("Subject"), lambda row: row.subject_label),
        (_("State"), lambda row: row.state),
        (_("Since"), lambda row: row.state_since.isoformat()),
        (_("Blocked by"), lambda row: row.blocked_by),
        (_("Waivers"), lambda row: row.waived),
        (_("Superseded by"), lambda row: str(row.superseded_by or "")),
    )

    def get_queryset(self) -> QuerySet[Gate]:
        rows = Gate.objects.visible_to(self.request.user).with_successor()
        return rows.select_related("policy_version", "base_version", "team", "opened_by")


def confirmed(request: Any, secret: str) -> uuid.UUID | None:
    """Return the confirmation that a typed password or code makes, or that of a fresh reauthentication."""
    found = (
        confirmations.confirm(request.user, password=secret, code=secret)
        if secret
        else confirmations.from_reauthentication(request, request.user)
    )
    return found.pk if found else None


class OneGatePage(DetailPage):
    """One gate as its reader sees it."""

    model = Gate
    nav_key = "gates"

    def get_queryset(self) -> QuerySet[Gate]:
        rows = Gate.objects.visible_to(self.request.user).with_successor().with_turned()
        return rows.select_related("policy_version", "base_version", "team", "opened_by")

    @cached_property
    def object(self) -> Gate:
        return actions.caught_up(super().object)

    @cached_property
    def seen(self) -> GateView:
        return read(self.object, self.request.user)


class GatePdf(OneGatePage):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        gate = self.object
        return pdf.answer(sheet.sheet(gate, self.seen), "gate")


class GateDetail(OneGatePage):
    """Requirements with their proof on the left, signatures on the right; the sign-off form posts here."""

    template_name = "gates/gate_detail.html"
    context_name = "gate"

    def get_title(self) -> Text:
        return str(self.object.subject_label)

    def get_subtitle(self) -> Text:
        gate = self.object
        return _("%(policy)s, opened by %(name)s") % {"policy": gate.policy_version, "name": gate.opened_by.name}

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list"))]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}, {"text": self.object.team.name}]

    def form(self, data: Any = None) -> forms.SignOffForm:
        seen = self.seen
        choices = [(row.responsibility, str(row.title)) for row in seen.mine]
        return forms.SignOffForm(
            data,
            responsibilities=choices,
            held=[(name, str(title(name))) for name in seen.held],
            requirements=[(line.outcome["id"], line.outcome["title"]) for line in seen.lines],
            initial={
                "dossier_digest": self.object.dossier_digest,
                "responsibility": choices[0][0] if choices else "",
            },
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gate, seen = self.object, self.seen
        kind = subjects.kind(gate.subject_type)
        user, asked = self.request.user, self.request.GET
        form = kwargs.pop("form", None) or (self.form() if seen.mine else None)
        status, find = asked.get("status", ""), asked.get("find", "")
        return super().get_context_data(
            seen=seen,
            groups=seen.groups(status, find),
            counts=seen.counts(),
            chosen=status,
            find=find,
            lane=lane(seen.before, user=user),
            form=form,
            meaning=meaning(gate, seen.mine[0].responsibility, "approve") if seen.mine else "",
            subject_url=kind.url(seen.subject),
            subject_kind=kind.title,
            may_withdraw=gate.is_live and (gate.opened_by_id == user.pk or user.may("gate.withdraw", gate.team_id)),
            **kwargs,
        )

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        data, user = form.cleaned_data, request.user
        try:
            actions.sign_off(
                self.object,
                by=user,
                responsibility=data["responsibility"],
                verdict=data["verdict"],
                dossier_digest=data["dossier_digest"],
                comment=data["comment"],
                condition=form.terms,
                requirement=data["requirement"],
                confirmation_id=confirmed(request, data["password"]),
            )
        except Refusal as refusal:
            return self._refused(form, refusal)
        return HttpResponseRedirect(reverse("gates:gate_detail", args=[self.object.pk]))

    def _refused(self, form: forms.SignOffForm, refusal: Refusal) -> HttpResponse:
        """Show the newest dossier with what changed; what was typed stays, what is signed is what is shown now."""
        self._object = None
        del self.seen
        fresh: Any = form.data.copy()  # type: ignore[attr-defined]
        fresh["dossier_digest"] = self.object.dossier_digest
        again = self.form(fresh)
        return self.render_to_response(
            self.get_context_data(form=again if self.seen.mine else None, refusal=refusal), status=refusal.status
        )
