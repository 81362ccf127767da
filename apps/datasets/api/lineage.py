"""Lineage over the API: things, what went into what, and runs that report themselves."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ApiView, ReadView
from apps.core.errors import NotFound
from apps.core.subjects import SubjectRef
from apps.datasets import actions
from apps.datasets.api.fields import only_seen
from apps.datasets.errors import TeamUnclear
from apps.datasets.filters import EdgeFilter, NodeFilter
from apps.datasets.lineage.surroundings import surroundings
from apps.datasets.models import EdgeWithdrawal, LineageEdge, LineageNode, SplitName
from apps.datasets.refs import node_ref
from apps.people.authentication import BearerAuthentication, SessionAuthentication, TokenAuthentication
from apps.people.models import Team

DIGEST = r"^sha256:[0-9a-f]{64}$"


class NodeSerializer(serializers.ModelSerializer[LineageNode]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    digest = serializers.RegexField(DIGEST, required=False, default="", allow_blank=True)

    class Meta:
        model = LineageNode
        fields = [
            "id", "team", "kind", "namespace", "name", "description", "digest", "run_id", "state", "started_at",
            "ended_at", "details", "recorded_by", "created_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "run_id", "state", "started_at", "ended_at", "details", "recorded_by", "created_at",
        ]  # fmt: skip
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "team", Team)


class ThingSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(max_length=40)
    id = serializers.UUIDField()


class NamedThingSerializer(ThingSerializer):
    label = serializers.CharField()  # type: ignore[assignment]


class PlacedThingSerializer(NamedThingSerializer):
    kind = serializers.CharField()
    team = serializers.CharField()
    side = serializers.ChoiceField(choices=["up", "this", "down"])
    steps = serializers.IntegerField()


class PassageSerializer(serializers.Serializer[Any]):
    edge = serializers.UUIDField(allow_null=True)
    input = NamedThingSerializer()
    output = NamedThingSerializer()
    split = serializers.CharField()
    job = serializers.CharField()
    happened_at = serializers.DateTimeField(allow_null=True)
    how = serializers.CharField()
    is_recorded = serializers.BooleanField()
    note = serializers.CharField()


class SurroundingsSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    is_cut = serializers.BooleanField(help_text="More lies beyond what is followed in one answer.")
    nodes = PlacedThingSerializer(many=True)
    edges = PassageSerializer(many=True)


class EdgeSerializer(serializers.ModelSerializer[LineageEdge]):
    input = serializers.SerializerMethodField()
    output = serializers.SerializerMethodField()
    is_withdrawn = serializers.SerializerMethodField()

    class Meta:
        model = LineageEdge
        fields = [
            "id", "team", "input", "output", "split", "job", "happened_at", "how", "note", "recorded_by", "created_at",
            "is_withdrawn",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ThingSerializer)
    def get_input(self, edge: LineageEdge) -> dict[str, Any]:
        return {"type": edge.input_type, "id": str(edge.input_id)}

    @extend_schema_field(ThingSerializer)
    def get_output(self, edge: LineageEdge) -> dict[str, Any]:
        return {"type": edge.output_type, "id": str(edge.output_id)}

    def get_is_withdrawn(self, edge: LineageEdge) -> bool:
        return hasattr(edge, "withdrawal")


class NewEdgeSerializer(serializers.Serializer[Any]):
    input = ThingSerializer()
    output = ThingSerializer()
    split = serializers.ChoiceField(choices=SplitName.choices, required=False, default="", allow_blank=True)
    job = serializers.CharField(max_length=601, required=False, default="", allow_blank=True)
    happened_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class WithdrawEdgeSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class EdgeWithdrawalSerializer(serializers.ModelSerializer[EdgeWithdrawal]):
    class Meta:
        model = EdgeWithdrawal
        fields = ["id", "edge", "reason", "withdrawn_by", "created_at"]
        read_only_fields = fields


def _ref(data: dict[str, Any]) -> SubjectRef:
    return SubjectRef.parse(data["type"], data["id"])


class NodeViewSet(ReadView):
    """Extracts, transformation runs and datasets outside: what lies between sources and versions."""

    model = LineageNode
    serializer_class = NodeSerializer
    filterset_class = NodeFilter
    orderings = {"name": "name", "created": "id"}

    def create(self, request: Any) -> Response:
        serializer = NodeSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        node = actions.record_node(data.pop("team"), data.pop("kind"), data.pop("name"), by=request.user, **data)
        return Response(NodeSerializer(node).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=SurroundingsSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def downstream(self, request: Any, pk: str) -> Response:
        """All that was made from it, as far as the caller may see."""
        found = surroundings(node_ref(self.get_object()), request.user, up=False)
        return Response(SurroundingsSerializer(found.as_dict()).data)


class EdgeViewSet(ReadView):
    """What went into what: recorded, never changed, taken back by ``withdrawals``."""

    model = LineageEdge
    serializer_class = EdgeSerializer
    filterset_class = EdgeFilter

    def get_queryset(self) -> QuerySet[LineageEdge]:
        rows: QuerySet[LineageEdge] = super().get_queryset()
        return rows.select_related("withdrawal", "team")

    @extend_schema(request=NewEdgeSerializer, responses={201: EdgeSerializer})
    def create(self, request: Any) -> Response:
        """Record that ``input`` went into ``output``; both are named by type and id."""
        serializer = NewEdgeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        edge = actions.record_edge(
            _ref(data.pop("input")), _ref(data.pop("output")), by=request.user, how=LineageEdge.How.API, **data
        )
        return Response(EdgeSerializer(edge).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=WithdrawEdgeSerializer, responses={201: EdgeWithdrawalSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        serializer = WithdrawEdgeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        withdrawal = actions.withdraw_edge(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(EdgeWithdrawalSerializer(withdrawal).data, status=status.HTTP_201_CREATED)


class OpenLineageViewSet(ApiView):
    """Where an OpenLineage client sends its run events; it may send its token as ``Bearer``."""

    serializer_class = NodeSerializer
    authentication_classes = [TokenAuthentication, BearerAuthentication, SessionAuthentication]

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={201: NodeSerializer},
        parameters=[
            OpenApiParameter(
                "team",
                UUID,
                OpenApiParameter.QUERY,
                description="Whose lineage it is; may be left out by who records lineage in one team alone.",
            )
        ],
    )
    def create(self, request: Any) -> Response:
        """Take a RunEvent of the OpenLineage specification in; the same event again changes nothing.

        Events of one `run.runId` add up to one node, which is the answer. A dataset is matched to a version by the
        SHA-256 in its `version` facet, to a source whose location is `namespace/name`, to a thing named
        `type:id` in the namespace `fourgate`; else it becomes a dataset outside.
        """
        node = actions.report_run(_team(request), request.data, by=request.user)
        return Response(NodeSerializer(node).data, status=status.HTTP_201_CREATED)


def _team(request: Any) -> Team:
    """Return the team that is named, or the only one whose lineage the caller may record."""
    named = request.query_params.get("team", "")
    rows = Team.objects.visible_to(request.user)
    if named:
        try:
            found = rows.filter(pk=UUID(named)).first()
        except ValueError:
            found = None
        if found is None:
            raise NotFound(_("There is no such team, or you may not see it."))
        return found
    mine = list(Team.objects.filter(memberships__user=request.user).distinct()[:200])
    able = [team for team in mine if request.user.may("lineage.record", team.pk)] or mine
    if len(able) != 1:
        raise TeamUnclear(_("Name the team whose lineage it is: add ?team= and its identifier to the address."))
    return able[0]
