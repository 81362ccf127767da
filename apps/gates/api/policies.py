from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.gates import actions
from apps.gates.models import GateState, PolicyVersion
from apps.gates.models.policies import Tier
from apps.gates.policy_views import parse_id
from apps.gates.simulation import EFFECTS, simulate
from apps.people.rule_api import RULE_FIELDS, ProposalSerializer, RuleViewSet, described


class PolicySerializer(serializers.ModelSerializer[PolicyVersion]):
    tier = serializers.ChoiceField(choices=Tier.choices, allow_blank=True, read_only=True)

    class Meta:
        model = PolicyVersion
        fields = [*RULE_FIELDS, "tier", "team"]
        read_only_fields = fields


class PolicyProposalSerializer(ProposalSerializer):
    team = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Of a policy that extends the organisation's."
    )


class RequirementChangeSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    sentence = serializers.CharField()


class SimulatedGateSerializer(serializers.Serializer[Any]):
    gate = serializers.UUIDField()
    subject_label = serializers.CharField()
    state = serializers.ChoiceField(choices=GateState.choices)
    effect = serializers.ChoiceField(choices=list(EFFECTS))
    met = serializers.IntegerField()
    asked = serializers.IntegerField()
    blocking = serializers.ListField(child=serializers.DictField())
    changes = RequirementChangeSerializer(many=True)


class SimulationSerializer(serializers.Serializer[Any]):
    next = serializers.UUIDField(allow_null=True, help_text="Give it as `after` for the next page.")
    results = SimulatedGateSerializer(many=True)


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

    @extend_schema(
        responses=SimulationSerializer, filters=False, parameters=[OpenApiParameter("after", OpenApiTypes.UUID)]
    )
    @action(detail=True, methods=["get"], filterset_fields=None, pagination_class=None)
    def simulations(self, request: Any, pk: str) -> Response:
        """Run the version against the live gates of its kind that you may see; nothing is written."""
        found = simulate(self.get_object(), request.user, parse_id(request.query_params.get("after", "")))
        return Response(
            {
                "next": str(found.following) if found.following else None,
                "results": [
                    {
                        "gate": str(row.gate.pk),
                        "subject_label": row.gate.subject_label,
                        "state": row.gate.state,
                        "effect": row.effect,
                        "met": row.met,
                        "asked": row.asked,
                        "blocking": [outcome.as_dict() for outcome in row.blocking],
                        "changes": [asdict(change) for change in row.changes],
                    }
                    for row in found.rows
                ],
            }
        )

    def create(self, request: Any) -> Response:
        serializer = PolicyProposalSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        team = data.pop("team")
        owner = subjects.get(SubjectRef("team", team), request.user) if team else None
        version = actions.propose_policy(by=request.user, team=owner, **data)
        return Response(PolicySerializer(version).data, status=status.HTTP_201_CREATED)
