from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from apps.agenda import due
from apps.core.api.views import ApiView


class DueItemSerializer(serializers.Serializer[due.Entry]):
    key = serializers.CharField(source="item.key")
    kind = serializers.CharField(source="item.kind")
    subject_type = serializers.CharField(source="item.subject.type")
    subject_id = serializers.UUIDField(source="item.subject.id")
    title = serializers.CharField(source="item.title")
    reason = serializers.CharField(source="item.reason")
    action = serializers.CharField(source="item.action_label")
    url = serializers.CharField(source="item.url")
    since = serializers.DateTimeField(source="item.since", allow_null=True)
    due_at = serializers.DateTimeField(source="item.due_at", allow_null=True)
    overdue = serializers.BooleanField()


class MyWorkViewSet(ApiView):
    """What waits for the caller, most urgent first."""

    serializer_class = DueItemSerializer
    pagination_class = None

    @extend_schema(responses=DueItemSerializer(many=True))
    def list(self, request: Any) -> Response:
        return Response(DueItemSerializer(cast(Any, due.for_user(request.user)), many=True).data)
