"""Gate policies: proposed by one governance lead, published by another, immutable from then on."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.gates.errors import PolicyInvalid
from apps.gates.models import PolicyVersion
from apps.gates.policy import Policy, check_satisfiable, parse
from apps.people.four_eyes import Rules
from apps.people.models import User


def read(source: str) -> Policy:
    """Parse a policy and refuse one that nobody could meet: ``PolicyInvalid``, ``PolicyUnsatisfiable``."""
    policy = parse(source)
    check_satisfiable(policy)
    return policy


POLICIES = Rules(
    PolicyVersion,
    "policy",
    "policy_version",
    read,
    PolicyInvalid,
    gettext_lazy("Policies are proposed and published by governance leads."),
)


def propose_policy(source: str, *, by: User, note: str = "") -> PolicyVersion:
    """Keep an edited policy as the next version, to be published by a second governance lead."""
    version: PolicyVersion = POLICIES.propose(source, by=by, note=note)
    return version


def publish_policy(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Publish a proposed version; gates that are open keep theirs."""
    published: PolicyVersion = POLICIES.publish(version, by=by)
    return published


def withdraw_proposal(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Take a proposed version back."""
    withdrawn: PolicyVersion = POLICIES.withdraw(version, by=by)
    return withdrawn


def import_default_policies() -> list[PolicyVersion]:
    """Publish the policies of the repository as version 1 where there is none of their kind."""
    return POLICIES.import_defaults(Path(settings.GATE_POLICY_FOLDER), _("The policy that Fourgate comes with"))
