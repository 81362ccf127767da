from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.agenda import overview
from apps.core.api.views import ApiView


class AnsweringSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    name = serializers.CharField()


class DutySerializer(serializers.Serializer[overview.Row]):
    key = serializers.CharField(source="duty.key")
    kind = serializers.CharField(source="duty.kind")
    subject_type = serializers.CharField(source="duty.subject.type")
    subject_id = serializers.UUIDField(source="duty.subject.id")
    team = serializers.UUIDField(source="duty.team_id")
    title = serializers.CharField(source="duty.title")
    reason = serializers.CharField(source="duty.reason")
    url = serializers.CharField(source="duty.url")
    responsibility = serializers.CharField(source="duty.responsibility", allow_blank=True)
    holders = AnsweringSerializer(many=True, help_text="Who answers for it today; empty where nobody holds it.")
    due_at = serializers.DateTimeField(source="duty.due_at")
    overdue = serializers.BooleanField(source="is_overdue")
    overdue_days = serializers.IntegerField(help_text="Days begun since it was due, 0 before.")


class NudgeSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=300, help_text="The key of the due item.")


class NudgedSerializer(serializers.Serializer[Any]):
    told = serializers.IntegerField(help_text="How many people were told.")


class DutyViewSet(ApiView):
    """What is open and due of the teams that the caller oversees, up to a fortnight ahead."""

    serializer_class = DutySerializer
    pagination_class = None
    required_scope = "write"

    @extend_schema(
        responses=DutySerializer(many=True),
        parameters=[
            OpenApiParameter("team", str, description="Only of this team (identifier)."),
            OpenApiParameter("overdue", bool, description="Only what is overdue (true), or is not (false)."),
        ],
    )
    def list(self, request: Any) -> Response:
        asked = request.query_params
        late = {"true": True, "false": False}.get(asked.get("overdue", ""))
        rows = [
            row
            for row in overview.rows(request.user)
            if (not asked.get("team") or str(row.duty.team_id) == asked["team"])
            and (late is None or row.is_overdue == late)
        ]
        return Response(DutySerializer(cast(Any, rows), many=True).data)

    @extend_schema(request=NudgeSerializer, responses={201: NudgedSerializer})
    @action(detail=False, methods=["post"])
    def nudges(self, request: Any) -> Response:
        """Tell those who answer for a due item that their lead waits for it; once a day."""
        asked = NudgeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response({"told": overview.nudge(asked.validated_data["key"], by=request.user)}, status=201)
