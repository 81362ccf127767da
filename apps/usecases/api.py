from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView, expected_revision, set_etag
from apps.evidence import facts
from apps.evidence.api import FactSerializer
from apps.people.models import Team
from apps.usecases import actions
from apps.usecases.filters import UseCaseFilter
from apps.usecases.models import Phase, UseCase


class UseCaseSerializer(serializers.ModelSerializer[UseCase]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())

    class Meta:
        model = UseCase
        fields = [
            "id", "team", "name", "summary", "task", "success_measure", "risk_tier", "risk_reason", "phase",
            "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "phase", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            cast(Any, fields["team"]).queryset = Team.objects.visible_to(request.user)
        return fields


class PhaseMoveSerializer(serializers.Serializer[Any]):
    to = serializers.ChoiceField(choices=Phase.choices)
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class UseCaseViewSet(ReadView):
    """Use cases: create, read, change (with ``If-Match``)."""

    model = UseCase
    serializer_class = UseCaseSerializer
    filterset_class = UseCaseFilter
    orderings = {"name": "name", "risk_tier": "risk_tier", "phase": "phase", "created": "id"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("team")

    def _answer(self, use_case: UseCase, code: int) -> Response:
        response = Response(self.get_serializer(use_case).data, status=code)
        set_etag(response, use_case)
        return response

    def create(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        return self._answer(
            actions.create_use_case(values.pop("team"), by=request.user, **values), status.HTTP_201_CREATED
        )

    @extend_schema(request=UseCaseSerializer(partial=True), responses=UseCaseSerializer)
    def partial_update(self, request: Any, pk: str) -> Response:
        use_case = self.get_object()
        serializer = self.get_serializer(use_case, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        values = {name: value for name, value in serializer.validated_data.items() if name != "team"}
        changed = actions.edit_use_case(use_case.pk, by=request.user, revision=expected_revision(request), **values)
        return self._answer(changed, status.HTTP_200_OK)

    @extend_schema(responses=FactSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def facts(self, request: Any, pk: str) -> Response:
        use_case = self.get_object()
        return Response([fact.as_dict() for fact in facts.read(actions.ref_of(use_case), use_case).values()])

    @extend_schema(request=PhaseMoveSerializer, responses={201: UseCaseSerializer})
    @action(detail=True, methods=["post"], url_path="phase-moves")
    def phase_moves(self, request: Any, pk: str) -> Response:
        """Move from assess to pilot, which needs a signed assessment that says so, or back with a reason."""
        serializer = PhaseMoveSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        moved = actions.move_phase(self.get_object().pk, by=request.user, **serializer.validated_data)
        return self._answer(moved, status.HTTP_201_CREATED)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("use-cases", UseCaseViewSet, basename="use-case")
