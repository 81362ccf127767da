from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.errors import NotFound, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.core.subjects import SubjectRef
from apps.gates import actions, forms
from apps.gates.actions.gates import newest_policy
from apps.gates.actions.signing import meaning
from apps.gates.filters import GateFilter
from apps.gates.lanes import lane
from apps.gates.models import LIVE_STATES, Gate
from apps.gates.policy import known
from apps.gates.reading import GateView, read
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
    )

    def get_queryset(self) -> QuerySet[Gate]:
        return Gate.objects.visible_to(self.request.user).select_related("policy_version", "team", "opened_by")


class GateDetail(DetailPage):
    """Requirements with their proof on the left, signatures on the right; the sign-off form posts here."""

    model = Gate
    template_name = "gates/gate_detail.html"
    context_name = "gate"
    nav_key = "gates"

    def get_queryset(self) -> QuerySet[Gate]:
        return Gate.objects.visible_to(self.request.user).select_related("policy_version", "team", "opened_by")

    def get_title(self) -> Text:
        return str(self.object.subject_label)

    def get_subtitle(self) -> Text:
        gate = self.object
        return _("%(policy)s, opened by %(name)s") % {"policy": gate.policy_version, "name": gate.opened_by.name}

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list"))]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}, {"text": self.object.team.name}]

    @cached_property
    def seen(self) -> GateView:
        return read(self.object, self.request.user)

    def form(self, data: Any = None) -> forms.SignOffForm:
        choices = [(row.responsibility, str(row.title)) for row in self.seen.mine]
        return forms.SignOffForm(
            data,
            responsibilities=choices,
            initial={
                "dossier_digest": self.object.dossier_digest,
                "responsibility": choices[0][0] if choices else "",
            },
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gate, seen = self.object, self.seen
        kind = subjects.kind(gate.subject_type)
        user = self.request.user
        form = kwargs.pop("form", None) or (self.form() if seen.mine else None)
        return super().get_context_data(
            seen=seen,
            lane=lane([gate.subject], user=user),
            form=form,
            meaning=meaning(gate, seen.mine[0].responsibility, "approve") if seen.mine else "",
            subject_url=kind.url(seen.subject),
            subject_kind=kind.title,
            may_withdraw=gate.state in LIVE_STATES
            and (gate.opened_by_id == user.pk or user.may("gate.withdraw", gate.team_id)),
            **kwargs,
        )

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
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
            actions.sign_off(
                self.object,
                by=user,
                responsibility=data["responsibility"],
                verdict=data["verdict"],
                dossier_digest=data["dossier_digest"],
                comment=data["comment"],
                confirmation_id=confirmation.pk if confirmation else None,
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


class GateOpen(ActionFormView):
    """Open a gate on a subject: one button, the policy that will apply above it."""

    nav_key = "gates"
    template_name = "gates/gate_open.html"
    form_class = forms.ConfirmForm
    success_message = _("The gate is open.")

    @cached_property
    def ref(self) -> SubjectRef:
        return SubjectRef.parse(self.kwargs["subject_type"], self.kwargs["subject_id"])

    @cached_property
    def subject(self) -> Any:
        return subjects.get(self.ref, self.request.user)

    def get_title(self) -> Text:
        return _("Open the %(kind)s gate") % {"kind": self.kwargs["kind"]}

    def get_subtitle(self) -> Text:
        return str(subjects.kind(self.ref.type).label(self.subject))

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list"))]

    def act(self, form: Any) -> Gate:
        subjects.get(self.ref, self.request.user)
        return actions.open_gate(self.kwargs["kind"], self.ref, by=self.request.user)

    def success_url_for(self, result: Gate) -> str:
        return reverse("gates:gate_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = newest_policy(self.kwargs["kind"])
        self.cancel_url = subjects.kind(self.ref.type).url(self.subject)
        return super().get_context_data(version=version, policy=known(version.source), **kwargs)


class GateWithdraw(ActionFormView):
    nav_key = "gates"
    title = _("Withdraw the gate")
    form_class = forms.WithdrawForm
    submit_label = _("Withdraw the gate")
    success_message = _("The gate is withdrawn.")

    @cached_property
    def gate(self) -> Gate:
        rows = Gate.objects.visible_to(self.request.user).select_related("policy_version")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such gate, or you may not see it."))
        return found

    def get_subtitle(self) -> Text:
        return str(self.gate)

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list")), (str(self.gate), self.success_url_for(self.gate))]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.cancel_url = reverse("gates:gate_detail", args=[kwargs["pk"]])
        return super().dispatch(request, *args, **kwargs)

    def act(self, form: Any) -> Gate:
        return actions.withdraw(self.gate, by=self.request.user, reason=form.cleaned_data["reason"])

    def success_url_for(self, result: Gate) -> str:
        return reverse("gates:gate_detail", args=[result.pk])
