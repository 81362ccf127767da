import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.errors import Text
from apps.core.pages import Crumb
from apps.gates import actions
from apps.gates.actions.policies import POLICIES, organisation_policy
from apps.gates.composing import effective
from apps.gates.models import PolicyVersion
from apps.gates.models.policies import Tier
from apps.gates.policy import known
from apps.gates.simulation import simulate
from apps.gates.wording import asked_for
from apps.owners.responsibilities import title
from apps.people.models import Team
from apps.people.views import rules


class PolicyPages(rules.RulePages):
    rules = POLICIES
    routes = "gates:policy"
    nav_key = "gates"
    list_title = _("Gate policies")

    def above(self) -> Sequence[Crumb]:
        return [(_("Gates"), reverse("gates:gate_list"))]

    def versions(self) -> Any:
        return super().versions().visible_to(self.request.user).select_related("proposed_by", "published_by", "team")


class PolicyList(PolicyPages, rules.RuleList):
    subtitle = _("What each gate asks for. A published version never changes; a gate keeps the version it opened with.")


class PolicyDetail(PolicyPages, rules.RuleDetail):
    template_name = "gates/policy_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = self.version
        base = organisation_policy(version.kind, version.tier) if version.team_id else None
        policy, own = effective(version, base), known(version.source)
        context = super().get_context_data(
            summary=policy.summary,
            base=base,
            added={row.id for row in own.requirements} if base else (),
            policy=policy,
            requirements=[(row.title, asked_for(row), row) for row in policy.requirements],
            signatures=[(title(row.responsibility), row.not_author) for row in policy.sign_offs],
            **kwargs,
        )
        if context["propose_url"]:
            scope = {"team": version.team_id, "tier": version.tier}
            query = urlencode({key: value for key, value in scope.items() if value})
            context["propose_url"] += f"?{query}" if query else ""
        return context


class PolicySimulate(PolicyPages, TemplateView):
    """What this version would say of the gates that there are; nothing is written."""

    template_name = "gates/policy_simulate.html"

    def get_title(self) -> Text:
        return _("Try it")

    def get_subtitle(self) -> Text:
        return str(self.version)

    def crumbs(self) -> Sequence[Crumb]:
        return [*super().crumbs(), (str(self.version), self.route("detail", self.version.pk))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        after = self.request.GET.get("after", "")
        found = simulate(self.version, self.request.user, parse_id(after))
        following = f"?{urlencode({'after': found.following})}" if found.following else ""
        return super().get_context_data(rows=found.rows, next_url=following, is_first=not after, **kwargs)


def parse_id(text: str) -> uuid.UUID | None:
    """Return the identifier, or None for what is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


class PolicyAct(PolicyPages, rules.RuleAct):
    verb = ""

    def act(self, form: Any) -> PolicyVersion:
        if self.verb == "publish":
            return actions.publish_policy(self.version, by=self.request.user)
        return actions.withdraw_proposal(self.version, by=self.request.user)


class PolicyForm(rules.RuleForm):
    team = forms.ModelChoiceField(
        label=_("For"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("The organisation"),
        help_text=_("A team\u2019s policy extends the organisation\u2019s, and can only be stricter."),
    )
    field_order = ["team", "note", "source"]

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class PolicyPropose(PolicyPages, rules.RulePropose):
    """Edit the newest version of a scope; the query string names a team and a tier where it is not everybody's."""

    title = _("Propose a policy")
    subtitle = _("Edit the newest version. A second governance lead publishes it.")
    form_class = PolicyForm

    @cached_property
    def teams(self) -> Any:
        return Team.objects.visible_to(self.request.user, "policy.propose")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "teams": self.teams}

    def get_initial(self) -> dict[str, Any]:
        kind, asked = self.kwargs["kind"], self.request.GET
        tier = asked.get("tier", "") if asked.get("tier") in Tier.values else ""
        team = self.teams.filter(pk=asked["team"]).first() if asked.get("team") else None
        rows = PolicyVersion.objects.filter(kind=kind, tier=tier)
        newest = rows.filter(team=team).order_by("-number").first()
        base = organisation_policy(kind, tier)
        source = newest.source if newest else _skeleton(base, tier) if team and base else base.source if base else ""
        return {"source": source, "team": team}

    def act(self, form: Any) -> PolicyVersion:
        data = form.cleaned_data
        return actions.propose_policy(self.text(form), by=self.request.user, note=data["note"], team=data["team"])


def _skeleton(base: PolicyVersion, tier: str) -> str:
    """Return where a team\u2019s first policy begins: everything as the organisation has it, nothing added yet."""
    policy = known(base.source)
    lines = [f"kind: {policy.kind}", *([f"tier: {tier}"] if tier else []), "extends: organisation"]
    lines += [f"title: {policy.title}", f"subject: {policy.subject}", "requirements: []", "sign_offs: []"]
    return "\n".join(lines) + "\n"
