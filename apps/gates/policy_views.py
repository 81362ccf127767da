import difflib
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, PageMixin
from apps.gates import actions, forms
from apps.gates.actions import policies
from apps.gates.models import PolicyVersion
from apps.gates.policy import parse
from apps.gates.wording import asked_for
from apps.ledger.actions import may_anywhere
from apps.owners.responsibilities import title
from apps.people.identity import same_person


class PolicyList(PageMixin, TemplateView):
    template_name = "gates/policy_list.html"
    nav_key = "gates"
    title = _("Gate policies")
    subtitle = _("What each gate asks for. A published version never changes; a gate keeps the version it opened with.")

    def crumbs(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = PolicyVersion.objects.select_related("proposed_by", "published_by").order_by("kind", "-number")
        return super().get_context_data(
            rows=rows, may_propose=may_anywhere(self.request.user, "policy.propose"), **kwargs
        )


class OnePolicy:
    kwargs: dict[str, Any]

    @cached_property
    def version(self) -> PolicyVersion:
        rows = PolicyVersion.objects.select_related("proposed_by", "published_by")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such policy."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return [
            (_("Gates"), reverse("gates:gate_list")),
            (_("Policies"), reverse("gates:policy_list")),
        ]


class PolicyDetail(OnePolicy, PageMixin, TemplateView):
    template_name = "gates/policy_detail.html"
    nav_key = "gates"

    def get_title(self) -> Text:
        return str(self.version)

    def get_subtitle(self) -> Text:
        return self.version.note

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.version.state}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, user = self.version, self.request.user
        previous = PolicyVersion.objects.filter(kind=version.kind, number=version.number - 1).first()
        changed = (
            [
                {"line": line[2:], "kind": {"+": "to", "-": "from"}[line[0]], "sign": line[0]}
                for line in difflib.ndiff(previous.source.splitlines(), version.source.splitlines())
                if line[0] in "+-"
            ]
            if previous
            else []
        )
        policy = parse(version.source)
        is_second = version.proposed_by is not None and not same_person(version.proposed_by, user)
        return super().get_context_data(
            version=version,
            summary=policy.summary,
            requirements=[(row.title, asked_for(row)) for row in policy.requirements],
            signatures=[(title(row.responsibility), row.not_author) for row in policy.sign_offs],
            changed=changed,
            previous=previous,
            may_publish=version.state == "proposed" and is_second and may_anywhere(user, "policy.publish"),
            may_withdraw=version.state == "proposed" and may_anywhere(user, "policy.propose"),
            may_propose=may_anywhere(user, "policy.propose"),
            **kwargs,
        )


class PolicyAct(OnePolicy, ActionFormView):
    """Publish or take back a proposed version; a refusal shows on the same page."""

    nav_key = "gates"
    form_class = forms.ConfirmForm
    verb = ""

    def get_title(self) -> Text:
        return str(self.version)

    def act(self, form: Any) -> PolicyVersion:
        if self.verb == "publish":
            return actions.publish_policy(self.version, by=self.request.user)
        return actions.withdraw_proposal(self.version, by=self.request.user)

    def success_url_for(self, result: PolicyVersion) -> str:
        return reverse("gates:policy_detail", args=[result.pk])


class PolicyPropose(ActionFormView):
    nav_key = "gates"
    title = _("Propose a policy")
    subtitle = _("Edit the newest version. A second governance lead publishes it.")
    form_class = forms.PolicyForm
    submit_label = _("Propose")
    success_message = _("Proposed. Another governance lead publishes it.")

    def crumbs(self) -> Sequence[Crumb]:
        return [
            (_("Gates"), reverse("gates:gate_list")),
            (_("Policies"), reverse("gates:policy_list")),
        ]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        policies.require(request.user, "policy.propose")
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        newest = PolicyVersion.objects.filter(kind=self.kwargs["kind"]).order_by("-number").first()
        return {"source": newest.source if newest else ""}

    def act(self, form: Any) -> PolicyVersion:
        data = form.cleaned_data
        source = data["source"].replace("\r\n", "\n")
        return actions.propose_policy(source, by=self.request.user, note=data["note"])

    def success_url_for(self, result: PolicyVersion) -> str:
        return reverse("gates:policy_detail", args=[result.pk])
