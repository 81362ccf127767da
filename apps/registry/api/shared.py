"""What the view sets of this app share: facts of one thing, and where it stands in the lineage."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.subjects import SubjectRef
from apps.datasets.api.lineage import SurroundingsSerializer
from apps.datasets.lineage.surroundings import surroundings
from apps.evidence import facts as registry
from apps.evidence.api import FactSerializer


class WithFacts:
    """Adds ``facts/`` of one subject of the type ``subject_type``."""

    subject_type: str
    get_object: Any

    def _ref(self, obj: Any) -> SubjectRef:
        return SubjectRef(self.subject_type, obj.pk)

    @extend_schema(responses=FactSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def facts(self, request: Any, pk: str) -> Response:
        """What is computed of it now."""
        obj = self.get_object()
        return Response([fact.as_dict() for fact in registry.read(self._ref(obj), obj).values()])


class WithLineage(WithFacts):
    @extend_schema(responses=SurroundingsSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def lineage(self, request: Any, pk: str) -> Response:
        """What it was made from and what was made from it, as far as the caller may see."""
        found = surroundings(self._ref(self.get_object()), request.user)
        return Response(SurroundingsSerializer(found.as_dict()).data)
