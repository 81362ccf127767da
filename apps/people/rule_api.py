"""Endpoints of rules as versioned data: read, propose, publish, take back."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.core.lined import LARGEST_SOURCE


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""


class ProposalSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        trim_whitespace=False, max_length=LARGEST_SOURCE
    )
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


RULE_FIELDS = [
    "id", "kind", "number", "title", "source", "digest", "note", "state", "proposed_by", "published_by",
    "published_at", "created_at",
]  # fmt: skip


def described(serializer: Any, proposal: Any = ProposalSerializer) -> Any:
    """Return the decorator that tells the schema of a subclass what its acts take and answer."""
    answer = {201: serializer}
    return extend_schema_view(
        create=extend_schema(request=proposal, responses=answer),
        publications=extend_schema(request=NothingSerializer, responses=answer),
        withdrawals=extend_schema(request=NothingSerializer, responses=answer),
    )


class RuleViewSet(ReadView):
    """The base: a subclass names its model and serializer, and the three actions."""

    filterset_fields = {"kind": ["exact"], "state": ["exact"]}
    propose: ClassVar[Callable[..., Any]]
    publish: ClassVar[Callable[..., Any]]
    withdraw: ClassVar[Callable[..., Any]]

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.all()
        return rows

    def _answer(self, version: Any) -> Response:
        return Response(self.get_serializer(version).data, status=status.HTTP_201_CREATED)

    def create(self, request: Any) -> Response:
        serializer = ProposalSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._answer(self.propose(by=request.user, **serializer.validated_data))

    @action(detail=True, methods=["post"])
    def publications(self, request: Any, pk: str) -> Response:
        """Publish a proposed version; its proposer can't."""
        return self._answer(self.publish(self.get_object(), by=request.user))

    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        """Take a proposed version back."""
        return self._answer(self.withdraw(self.get_object(), by=request.user))
