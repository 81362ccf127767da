"""Gate policies as versions that never change once published."""

from apps.people.four_eyes import RuleVersion, rule_constraints


class PolicyVersion(RuleVersion):
    """The requirements of one kind of gate, as YAML; immutable once published."""

    class Meta(RuleVersion.Meta):
        constraints = rule_constraints("policy")
