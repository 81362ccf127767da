"""Acts on gates that have a page of their own."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb
from apps.core.subjects import SubjectRef
from apps.evidence import actions as evidence
from apps.gates import actions, forms
from apps.gates.actions.policies import policies_for
from apps.gates.composing import effective, policy_of
from apps.gates.models import Gate
from apps.gates.policy import Requirement
from apps.owners.responsibilities import title


class OneGate(ActionFormView):
    """A form about one gate that leads back to it."""

    nav_key = "gates"

    @cached_property
    def gate(self) -> Gate:
        rows = Gate.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"])
        found = rows.select_related("policy_version", "base_version", "team", "opened_by").first()
        if found is None:
            raise NotFound(_("There is no such gate, or you may not see it."))
        return found

    def get_subtitle(self) -> Text:
        return str(self.gate)

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list")), (str(self.gate), self.success_url_for(None))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)

    def success_url_for(self, result: Any) -> str:
        return reverse("gates:gate_detail", args=[self.kwargs["pk"]])


class OneRequirement(OneGate):
    """A form about one requirement, which the query string names."""

    def is_meant(self, row: Requirement) -> bool:
        return True

    @cached_property
    def requirement(self) -> Requirement:
        asked = self.request.GET.get("requirement")
        policy = policy_of(self.gate)
        found = next((row for row in policy.requirements if row.id == asked and self.is_meant(row)), None)
        if found is None:
            raise NotFound(_("This gate has no such requirement."))
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(requirement=self.requirement, **kwargs)

    def success_url_for(self, result: Any) -> str:
        return f"{super().success_url_for(result)}#{self.requirement.id}" if result else super().success_url_for(result)


class RequirementState(OneRequirement):
    """State under one's responsibility what the gate's policy asks for, in the policy's words."""

    template_name = "gates/requirement_state.html"
    title = _("State what the policy asks for")
    form_class = forms.StateForm
    submit_label = _("State it")
    success_message = _("Your statement is recorded.")

    def is_meant(self, row: Requirement) -> bool:
        return bool(row.by)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(responsibility=title(self.requirement.by), **kwargs)

    def act(self, form: Any) -> Any:
        row = self.requirement
        return evidence.attest(
            self.gate.subject,
            row.attestation,
            by=self.request.user,
            statement=row.statement,
            responsibility=row.by,
            comment=form.cleaned_data["comment"],
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
        kind = subjects.kind(self.ref.type)
        tier = subjects.tier(subjects.chain(self.ref))
        version, base = policies_for(self.kwargs["kind"], kind.team(self.subject), tier)
        self.cancel_url = subjects.kind(self.ref.type).url(self.subject)
        return super().get_context_data(version=version, base=base, policy=effective(version, base), **kwargs)


class GateWithdraw(OneGate):
    title = _("Withdraw the gate")
    form_class = forms.WithdrawForm
    submit_label = _("Withdraw the gate")
    success_message = _("The gate is withdrawn.")

    def act(self, form: Any) -> Gate:
        return actions.withdraw(self.gate, by=self.request.user, reason=form.cleaned_data["reason"])
