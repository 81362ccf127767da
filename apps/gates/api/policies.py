from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers, status
from rest_framework.response import Response

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.gates import actions
from apps.gates.models import PolicyVersion
from apps.people.rule_api import RULE_FIELDS, ProposalSerializer, RuleViewSet, described


class PolicySerializer(serializers.ModelSerializer[PolicyVersion]):
    class Meta:
        model = PolicyVersion
        fields = [*RULE_FIELDS, "tier", "team"]
        read_only_fields = fields


class PolicyProposalSerializer(ProposalSerializer):
    team = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Of a policy that extends the organisation's."
    )


@described(PolicySerializer, PolicyProposalSerializer)
class PolicyViewSet(RuleViewSet):
    """Versions of gate policies. Proposed by one governance lead, published by another."""

    model = PolicyVersion
    queryset = PolicyVersion.objects.all()
    serializer_class = PolicySerializer
    filterset_fields = {"kind": ["exact"], "state": ["exact"], "tier": ["exact"], "team": ["exact", "isnull"]}
    publish = staticmethod(actions.publish_policy)
    withdraw = staticmethod(actions.withdraw_proposal)

    def get_queryset(self) -> QuerySet[PolicyVersion]:
        return PolicyVersion.objects.visible_to(self.request.user).select_related("proposed_by", "team")

    def create(self, request: Any) -> Response:
        serializer = PolicyProposalSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        team = data.pop("team")
        owner = subjects.get(SubjectRef("team", team), request.user) if team else None
        version = actions.propose_policy(by=request.user, team=owner, **data)
        return Response(PolicySerializer(version).data, status=status.HTTP_201_CREATED)
