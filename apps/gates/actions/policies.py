"""Gate policies: proposed by one governance lead, published by another, immutable from then on."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import access
from apps.core.lined import Reader
from apps.gates.composing import compose, loosened
from apps.gates.errors import NoPolicy, PolicyInvalid
from apps.gates.models import PolicyVersion
from apps.gates.models.policies import PolicyQuerySet
from apps.gates.policy import Policy, known, parse
from apps.gates.satisfiable import check_satisfiable
from apps.people.four_eyes import Rules
from apps.people.models import Team, User


def read(source: str) -> Policy:
    """Parse a policy and refuse one that nobody could meet, or a team's that is looser than the organisation's.

    Raise ``PolicyInvalid`` with lines, or ``PolicyUnsatisfiable``. A team's is read against the organisation's policy
    in force for its tier.
    """
    policy = parse(source)
    if policy.extends:
        base = organisation_policy(policy.kind, policy.tier)
        reader = Reader(PolicyInvalid)
        if base is None:
            reader.stop(policy.lines["extends"], _("The organisation has no policy of this kind to extend."))
        else:
            reader.messages += loosened(known(base.source), policy)
            reader.finish()
            check_satisfiable(compose(known(base.source), policy), _in_force())
    else:
        check_satisfiable(policy, _in_force())
    return policy


def _in_force() -> dict[str, list[Policy]]:
    """Return the newest published policies of each kind of gate, for every tier and team."""
    scope = ("kind", "tier", "team_id")
    newest = PolicyVersion.objects.published().order_by(*scope, "-number").distinct(*scope)
    found: dict[str, list[Policy]] = {}
    for kind, source in newest.values_list("kind", "source"):
        found.setdefault(kind, []).append(known(source))
    return found


def _scope(policy: Policy) -> dict[str, str]:
    return {"kind": policy.kind, "tier": policy.tier}


POLICIES = Rules(
    PolicyVersion,
    "policy",
    "policy_version",
    read,
    PolicyInvalid,
    gettext_lazy("Policies are proposed and published by governance leads."),
    _scope,
)


def organisation_policy(kind: str, tier: str) -> PolicyVersion | None:
    """Return the organisation's newest policy of the kind for the tier, or the one for every tier."""
    return _newest(PolicyVersion.objects.filter(team=None), kind, tier)


def _newest(rows: PolicyQuerySet, kind: str, tier: str) -> PolicyVersion | None:
    found = rows.published().filter(kind=kind, tier__in={tier, ""})
    return found.order_by("-tier", "-number").first()


def policies_for(kind: str, team: Team | None, tier: str) -> tuple[PolicyVersion, PolicyVersion | None]:
    """Return what a gate of the kind asks for: the team's policy and the one that it extends, or the organisation's.

    Raise ``NoPolicy`` where there is none.
    """
    base = organisation_policy(kind, tier)
    if base is None:
        raise NoPolicy(
            _("No policy of the kind “%(kind)s” is published. A governance lead publishes one under Gates, Policies.")
            % {"kind": kind},
            errors={"/policy_kind": [_("No such policy is published.")]},
        )
    own = _newest(PolicyVersion.objects.filter(team=team), kind, tier) if team else None
    return (own, base) if own is not None else (base, None)


def propose_policy(source: str, *, by: User, note: str = "", team: Team | None = None) -> PolicyVersion:
    """Keep an edited policy as the next version, to be published by a second governance lead.

    With ``team`` it is that team's, and extends the organisation's.
    """
    POLICIES.require(by, "propose")
    if team is not None:
        access.require(by, "policy.propose", team.pk)
    if bool(parse(source).extends) != (team is not None):
        reader = Reader(PolicyInvalid)
        reader.stop(1, _("A team's policy says “extends: organisation”; the organisation's extends nothing."))
    version: PolicyVersion = POLICIES.propose(source, by=by, note=note, team=team)
    return version


def publish_policy(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Publish a proposed version; gates that are open keep theirs."""
    if version.team is not None:
        access.require(by, "policy.publish", version.team.pk)
    published: PolicyVersion = POLICIES.publish(version, by=by)
    return published


def withdraw_proposal(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Take a proposed version back."""
    if version.team is not None:
        access.require(by, "policy.propose", version.team.pk)
    withdrawn: PolicyVersion = POLICIES.withdraw(version, by=by)
    return withdrawn


def import_default_policies() -> list[PolicyVersion]:
    """Publish the policies of the repository as version 1 where there is none of their kind."""
    return POLICIES.import_defaults(Path(settings.GATE_POLICY_FOLDER), _("The policy that Fourgate comes with"))
