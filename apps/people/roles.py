"""Which role may do what: the one table of permissions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

VIEW = "view"
TRAIL = frozenset({"trail.view", "trail.export", "trail.verify"})
EVIDENCE = frozenset({"evidence.add", "evidence.attest", "assessment.answer"})
USE_CASES = frozenset({"usecase.create", "usecase.edit"})
DATASETS = frozenset({"dataset.create", "dataset.edit", "dataset.register", "source.edit", "lineage.record"})
MODELS = frozenset({"model.create", "model.edit", "model.register"})
EVALUATIONS = frozenset({"evaluation.edit", "evaluation.register", "evaluation.report"})
RELEASES = frozenset({"environment.edit", "release.propose", "release.promote"})
CUSTODY = frozenset({"copy.register", "dataset.export"})


class Role(models.TextChoices):
    MEMBER = "member", _("Member")
    DATA_STEWARD = "data_steward", _("Data steward")
    TECHNICAL_OWNER = "technical_owner", _("Technical owner")
    BUSINESS_OWNER = "business_owner", _("Business owner")
    COMPLIANCE_REVIEWER = "compliance_reviewer", _("Compliance reviewer")
    GOVERNANCE_LEAD = "governance_lead", _("Governance lead")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class OrganisationRole(models.TextChoices):
    AUDITOR = "auditor", _("Auditor of the organisation")
    ADMINISTRATOR = "administrator", _("Administrator of the organisation")


PEOPLE = frozenset({"people.manage", "grant.give", "token.manage_service"})
GOVERNANCE = frozenset({"owner.assign", "gate.open", "gate.withdraw", "gate.sign"})
RULES = frozenset(
    {
        "policy.propose",
        "policy.publish",
        "framework.propose",
        "framework.publish",
        "review_template.propose",
        "review_template.publish",
    }
)
REVIEWS = frozenset({"review.plan"})
ASSESS = frozenset({"assessment.manage"})
OVERSIGHT = frozenset({"due.oversee"})
PHASES = frozenset({"usecase.move_phase"})
BASE = frozenset({VIEW})

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.MEMBER: BASE,
    Role.DATA_STEWARD: BASE
    | {"trail.view", "gate.open", "samples.unmask", "dataset.erase", "feedback.decide"}
    | DATASETS
    | CUSTODY
    | EVIDENCE,
    Role.TECHNICAL_OWNER: BASE
    | {"trail.view", "gate.open", "gate.withdraw", "samples.unmask"}
    | USE_CASES
    | DATASETS
    | MODELS
    | EVALUATIONS
    | RELEASES
    | CUSTODY
    | EVIDENCE
    | ASSESS,
    Role.BUSINESS_OWNER: BASE
    | {"trail.view", "owner.assign", "gate.open", "gate.sign", "evaluation.edit"}
    | USE_CASES
    | EVIDENCE
    | ASSESS
    | PHASES
    | REVIEWS,
    Role.COMPLIANCE_REVIEWER: BASE
    | {"trail.view", "gate.sign", "samples.unmask", "copy.extend", "sensitive.decide", "evaluation.report"}
    | EVIDENCE,
    Role.GOVERNANCE_LEAD: BASE
    | TRAIL
    | EVIDENCE
    | USE_CASES
    | DATASETS
    | MODELS
    | EVALUATIONS
    | RELEASES
    | CUSTODY
    | {"copy.extend", "dataset.erase", "due.nudge"}
    | OVERSIGHT
    | GOVERNANCE
    | RULES
    | ASSESS
    | PHASES
    | REVIEWS
    | {"grant.give", "webhook.manage"},
    Role.AUDITOR: BASE | TRAIL | OVERSIGHT,
    Role.ADMINISTRATOR: BASE | PEOPLE | {"trail.view", "owner.assign", "webhook.manage"},
}
ORGANISATION_PERMISSIONS: dict[str, frozenset[str]] = {
    "": frozenset(),
    OrganisationRole.AUDITOR: BASE | TRAIL | OVERSIGHT,
    OrganisationRole.ADMINISTRATOR: BASE | PEOPLE | {"owner.assign", "webhook.manage"},
}
PROGRAM_ROLES = frozenset({Role.MEMBER, Role.DATA_STEWARD, Role.TECHNICAL_OWNER, Role.AUDITOR})
PERMISSIONS = frozenset().union(*ROLE_PERMISSIONS.values())


def roles_with(permission: str) -> list[str]:
    """Return the roles that carry ``permission``."""
    return [role for role, held in ROLE_PERMISSIONS.items() if permission in held]


def organisation_roles_with(permission: str) -> list[str]:
    """Return the organisation's roles that carry ``permission``, on every team."""
    return [role for role, held in ORGANISATION_PERMISSIONS.items() if permission in held]
