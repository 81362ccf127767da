from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.pages import Crumb
from apps.gates import actions
from apps.gates.actions.policies import POLICIES
from apps.gates.models import PolicyVersion
from apps.gates.policy import known
from apps.gates.wording import asked_for
from apps.owners.responsibilities import title
from apps.people.views import rules


class PolicyPages(rules.RulePages):
    rules = POLICIES
    routes = "gates:policy"
    nav_key = "gates"
    list_title = _("Gate policies")

    def above(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list"))]


class PolicyList(PolicyPages, rules.RuleList):
    subtitle = _("What each gate asks for. A published version never changes; a gate keeps the version it opened with.")


class PolicyDetail(PolicyPages, rules.RuleDetail):
    template_name = "gates/policy_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        policy = known(self.version.source)
        return super().get_context_data(
            summary=policy.summary,
            requirements=[(row.title, asked_for(row)) for row in policy.requirements],
            signatures=[(title(row.responsibility), row.not_author) for row in policy.sign_offs],
            **kwargs,
        )


class PolicyAct(PolicyPages, rules.RuleAct):
    verb = ""

    def act(self, form: Any) -> PolicyVersion:
        if self.verb == "publish":
            return actions.publish_policy(self.version, by=self.request.user)
        return actions.withdraw_proposal(self.version, by=self.request.user)


class PolicyPropose(PolicyPages, rules.RulePropose):
    title = _("Propose a policy")
    subtitle = _("Edit the newest version. A second governance lead publishes it.")

    def act(self, form: Any) -> PolicyVersion:
        return actions.propose_policy(self.text(form), by=self.request.user, note=form.cleaned_data["note"])
