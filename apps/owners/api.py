from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import subjects
from apps.core.api.views import ApiView, ReadView
from apps.core.subjects import SubjectRef
from apps.owners import actions, holders
from apps.owners.filters import OwnershipFilter
from apps.owners.models import Ownership
from apps.owners.responsibilities import RESPONSIBILITIES
from apps.people.models import User


class HolderSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "name"]
        read_only_fields = fields


class OwnershipSerializer(serializers.ModelSerializer[Ownership]):
    holder = HolderSerializer(read_only=True)
    deputy = HolderSerializer(read_only=True, allow_null=True)
    ending = serializers.CharField(read_only=True, help_text="Empty while it is held.")

    class Meta:
        model = Ownership
        fields = [
            "id", "subject_type", "subject_id", "team_id", "responsibility", "holder", "deputy", "note", "since",
            "ended_at", "ending",
        ]  # fmt: skip
        read_only_fields = fields


def _person() -> Any:
    return serializers.PrimaryKeyRelatedField(queryset=User.objects.all())


def _deputy() -> Any:
    return serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True, default=None
    )


class AssignSerializer(serializers.Serializer[Any]):
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()
    responsibility = serializers.ChoiceField(choices=[(row.key, row.title) for row in RESPONSIBILITIES.values()])
    holder = _person()
    deputy = _deputy()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class HandOverSerializer(serializers.Serializer[Any]):
    to = _person()
    deputy = _deputy()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class DeputySerializer(serializers.Serializer[Any]):
    deputy = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), allow_null=True)


class EndingSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=500)


class VacancySerializer(serializers.Serializer[Any]):
    subject_type = serializers.CharField()
    subject_id = serializers.UUIDField()
    subject_label = serializers.CharField()
    responsibility = serializers.CharField()


class OwnershipViewSet(ReadView):
    """Who answers for what: assign, hand over, appoint a deputy, leave vacant."""

    model = Ownership
    serializer_class = OwnershipSerializer
    filterset_class = OwnershipFilter
    orderings = {"since": "since"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("holder", "deputy", "team")

    def _answer(self, row: Ownership, code: int = status.HTTP_201_CREATED) -> Response:
        return Response(OwnershipSerializer(row).data, status=code)

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    @extend_schema(request=AssignSerializer, responses={201: OwnershipSerializer})
    def create(self, request: Any) -> Response:
        data = self._data(AssignSerializer)
        ref = SubjectRef.parse(data.pop("subject_type"), data.pop("subject_id"))
        subjects.get(ref, request.user)
        return self._answer(
            actions.assign(ref, data.pop("responsibility"), data.pop("holder"), by=request.user, **data)
        )

    @extend_schema(request=HandOverSerializer, responses={201: OwnershipSerializer})
    @action(detail=True, methods=["post"], url_path="handovers")
    def handovers(self, request: Any, pk: str) -> Response:
        data = self._data(HandOverSerializer)
        return self._answer(actions.hand_over(self.get_object(), data.pop("to"), by=request.user, **data))

    @extend_schema(request=DeputySerializer, responses={201: OwnershipSerializer})
    @action(detail=True, methods=["post"], url_path="deputies")
    def deputies(self, request: Any, pk: str) -> Response:
        data = self._data(DeputySerializer)
        return self._answer(actions.appoint_deputy(self.get_object(), data["deputy"], by=request.user))

    @extend_schema(request=EndingSerializer, responses={201: OwnershipSerializer})
    @action(detail=True, methods=["post"], url_path="endings")
    def endings(self, request: Any, pk: str) -> Response:
        data = self._data(EndingSerializer)
        return self._answer(actions.vacate(self.get_object(), by=request.user, **data))


class VacancyViewSet(ApiView):
    """Required responsibilities that nobody holds, on what the caller may see; at most 200."""

    serializer_class = VacancySerializer
    pagination_class = None

    @extend_schema(responses=VacancySerializer(many=True))
    def list(self, request: Any) -> Response:
        rows = [
            {
                "subject_type": ref.type,
                "subject_id": ref.id,
                "subject_label": subjects.kind(ref.type).label(obj),
                "responsibility": row.key,
            }
            for ref, obj, row in holders.vacancies(request.user)
        ]
        return Response(VacancySerializer(rows, many=True).data)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("ownerships", OwnershipViewSet, basename="ownership")
    router.register("vacancies", VacancyViewSet, basename="vacancy")
