"""Waivers, threads and the conditions of approvals."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, PageMixin
from apps.gates import actions, conditions, forms
from apps.gates.models import Condition, Gate, Thread, Waiver
from apps.gates.views.acts import OneRequirement
from apps.gates.views.gates import confirmed
from apps.owners.responsibilities import title


class RequirementWaive(OneRequirement):
    template_name = "gates/requirement_waive.html"
    title = _("Waive a requirement for a time")
    form_class = forms.WaiveForm
    submit_label = _("Waive it")
    success_message = _("The requirement is waived. What was signed before no longer counts.")

    def get_initial(self) -> dict[str, Any]:
        return {"dossier_digest": self.gate.dossier_digest}

    def act(self, form: Any) -> Waiver:
        data = form.cleaned_data
        return actions.waive(
            self.gate,
            by=self.request.user,
            requirement=self.requirement.id,
            reason=data["reason"],
            until=data["until"],
            dossier_digest=data["dossier_digest"],
            confirmation_id=confirmed(self.request, data["password"]),
        )


class RequirementComment(OneRequirement):
    title = _("Comment on a requirement")
    form_class = forms.CommentForm
    submit_label = _("Open the thread")
    success_message = _("The thread is open.")

    def get_subtitle(self) -> Text:
        return self.requirement.title

    def act(self, form: Any) -> Thread:
        return actions.open_thread(
            self.gate, by=self.request.user, requirement=self.requirement.id, text=form.cleaned_data["text"]
        )


class OnGate(PageMixin):
    """A page about something that belongs to a gate, and leads back to it."""

    kwargs: dict[str, Any]
    nav_key = "gates"
    model: Any = None
    along: Sequence[str] = ("gate__policy_version", "gate__team")

    @cached_property
    def row(self) -> Any:
        found = self.model.objects.visible_to(self.request.user).select_related(*self.along)
        row = found.filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound(_("There is no such thing, or you may not see it."))
        return row

    @property
    def gate(self) -> Gate:
        gate: Gate = self.row.gate
        return gate

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list")), (str(self.gate), self.back())]

    def back(self) -> str:
        return reverse("gates:gate_detail", args=[self.gate.pk])


class OnGateForm(OnGate, ActionFormView):
    def success_url_for(self, result: Any) -> str:
        return self.back()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.back()
        return super().get_context_data(row=self.row, **kwargs)


class WaiverRevoke(OnGateForm):
    model = Waiver
    title = _("Revoke the waiver")
    form_class = forms.WithdrawForm
    submit_label = _("Revoke it")
    success_message = _("The waiver has ended.")

    def get_subtitle(self) -> Text:
        return str(self.row.reason)

    def act(self, form: Any) -> Any:
        return actions.revoke_waiver(self.row, by=self.request.user, reason=form.cleaned_data["reason"])


class ThreadComment(OnGateForm):
    model = Thread
    template_name = "gates/thread_comment.html"
    title = _("Answer")
    form_class = forms.CommentForm
    submit_label = _("Send")

    def act(self, form: Any) -> Any:
        return actions.comment(self.row, by=self.request.user, text=form.cleaned_data["text"])

    def back(self) -> str:
        return f"{super().back()}#{self.row.requirement}"


class ThreadResolve(OnGate):
    model = Thread

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
        actions.resolve_thread(self.row, by=request.user)
        return HttpResponseRedirect(f"{self.back()}#{self.row.requirement}")


class ConditionPage(OnGateForm):
    model = Condition
    template_name = "gates/condition.html"
    along = ("sign_off__gate__policy_version", "sign_off__gate__team")

    @property
    def gate(self) -> Gate:
        gate: Gate = self.row.sign_off.gate
        return gate

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            who=title(self.row.responsibility), offered=conditions.offered(self.row), **kwargs
        )


class ConditionFulfil(ConditionPage):
    title = _("Fulfil the condition")
    form_class = forms.FulfilForm
    submit_label = _("It is done")
    success_message = _("Recorded. Whoever set the condition accepts it.")

    def act(self, form: Any) -> Any:
        return actions.fulfil_condition(self.row, by=self.request.user, note=form.cleaned_data["note"])


class ConditionAnswer(ConditionPage):
    title = _("Is the condition fulfilled?")
    form_class = forms.AnswerForm
    submit_label = _("Answer")
    success_message = _("Your answer is recorded.")

    def act(self, form: Any) -> Any:
        data = form.cleaned_data
        return actions.answer_fulfilment(
            self.row,
            by=self.request.user,
            is_accepted=data["answer"] == "accepted",
            comment=data["comment"],
            confirmation_id=confirmed(self.request, data["password"]),
        )
