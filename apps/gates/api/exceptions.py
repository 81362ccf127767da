from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.evidence.api import ReasonSerializer
from apps.gates import actions
from apps.gates.api.shared import ConditionSerializer, ConfirmedSerializer, ThreadSerializer, WaiverSerializer
from apps.gates.models import Condition, Thread, Waiver
from apps.people.rule_api import NothingSerializer


class NewCommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)


class NewFulfilmentSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=4000)


class AnswerSerializer(ConfirmedSerializer):
    is_accepted = serializers.BooleanField()
    comment = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class _OfGate(ReadView):
    """Things that belong to a gate: read, and acted upon; each act answers the thing as it is then."""

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    def _answer(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_201_CREATED)


class WaiverViewSet(_OfGate):
    """Time-limited exceptions to single requirements; granted under `gates/{id}/waivers/`."""

    model = Waiver
    serializer_class = WaiverSerializer
    filterset_fields = {"gate": ["exact"], "requirement": ["exact"]}

    def get_queryset(self) -> QuerySet[Waiver]:
        rows: QuerySet[Waiver] = super().get_queryset().select_related("revocation")
        return rows

    @extend_schema(request=ReasonSerializer, responses={201: WaiverSerializer})
    @action(detail=True, methods=["post"])
    def revocations(self, request: Any, pk: str) -> Response:
        """End a waiver before its day."""
        actions.revoke_waiver(self.get_object(), by=request.user, **self._data(ReasonSerializer))
        return self._answer()


class ThreadViewSet(_OfGate):
    """Talk about single requirements; threads are opened under `gates/{id}/threads/`."""

    model = Thread
    serializer_class = ThreadSerializer
    filterset_fields = {"gate": ["exact"], "requirement": ["exact"]}

    def get_queryset(self) -> QuerySet[Thread]:
        rows: QuerySet[Thread] = super().get_queryset().select_related("resolution").prefetch_related("comments")
        return rows

    @extend_schema(request=NewCommentSerializer, responses={201: ThreadSerializer})
    @action(detail=True, methods=["post"])
    def comments(self, request: Any, pk: str) -> Response:
        """Add a comment to an open thread."""
        actions.comment(self.get_object(), by=request.user, **self._data(NewCommentSerializer))
        return self._answer()

    @extend_schema(request=NothingSerializer, responses={201: ThreadSerializer})
    @action(detail=True, methods=["post"])
    def resolutions(self, request: Any, pk: str) -> Response:
        """Close a thread: who opened it does, or who signs the gate."""
        actions.resolve_thread(self.get_object(), by=request.user)
        return self._answer()


class ConditionViewSet(_OfGate):
    """What approvals depend on; a condition is set with the sign-off."""

    model = Condition
    serializer_class = ConditionSerializer
    filterset_fields = {"sign_off__gate": ["exact"], "responsibility": ["exact"]}

    def required_scope(self, request: Any) -> str:
        return "sign" if self.action == "answers" else "write"

    def get_queryset(self) -> QuerySet[Condition]:
        rows: QuerySet[Condition] = super().get_queryset().select_related("sign_off")
        return rows.prefetch_related("fulfilments__answer")

    @extend_schema(request=NewFulfilmentSerializer, responses={201: ConditionSerializer})
    @action(detail=True, methods=["post"])
    def fulfilments(self, request: Any, pk: str) -> Response:
        """Say what was done about a condition; its responsibility's holder does."""
        actions.fulfil_condition(self.get_object(), by=request.user, **self._data(NewFulfilmentSerializer))
        return self._answer()

    @extend_schema(request=AnswerSerializer, responses={201: ConditionSerializer})
    @action(detail=True, methods=["post"])
    def answers(self, request: Any, pk: str) -> Response:
        """Accept what was done, or say what lacks: scope ``sign`` and a fresh confirmation are needed."""
        data = self._data(AnswerSerializer)
        actions.answer_fulfilment(self.get_object(), by=request.user, confirmation_id=data.pop("confirmation"), **data)
        return self._answer()
