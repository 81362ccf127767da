from rest_framework import serializers

from apps.gates import actions
from apps.gates.models import PolicyVersion
from apps.people.rule_api import RULE_FIELDS, RuleViewSet, described


class PolicySerializer(serializers.ModelSerializer[PolicyVersion]):
    class Meta:
        model = PolicyVersion
        fields = RULE_FIELDS
        read_only_fields = RULE_FIELDS


@described(PolicySerializer)
class PolicyViewSet(RuleViewSet):
    """Versions of gate policies. Proposed by one governance lead, published by another."""

    model = PolicyVersion
    queryset = PolicyVersion.objects.all()
    serializer_class = PolicySerializer
    propose = staticmethod(actions.propose_policy)
    publish = staticmethod(actions.publish_policy)
    withdraw = staticmethod(actions.withdraw_proposal)
