"""Ownerships, vacancies and the table of responsibilities."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import subjects
from apps.core.api.views import ApiView, ReadView
from apps.core.subjects import SubjectRef
from apps.owners import actions, holders
from apps.owners.api.shared import HolderSerializer, OfferSerializer, OwnershipSerializer, person
from apps.owners.filters import OwnershipFilter
from apps.owners.models import Ownership
from apps.owners.responsibilities import RESPONSIBILITIES
from apps.owners.separation import SEPARATIONS
from apps.people.models import User


def _deputy() -> Any:
    return serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True, default=None
    )


class AssignSerializer(serializers.Serializer[Any]):
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()
    responsibility = serializers.ChoiceField(choices=[(row.key, row.title) for row in RESPONSIBILITIES.values()])
    holder = person()
    deputy = _deputy()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class HandOverSerializer(serializers.Serializer[Any]):
    to = person()
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
    asked = HolderSerializer(allow_null=True, help_text="Who was asked and has not answered.")


class SeparationSerializer(serializers.Serializer[Any]):
    responsibility = serializers.CharField()
    reason = serializers.CharField()


class ResponsibilitySerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    decides = serializers.CharField()
    held_on = serializers.ListField(child=serializers.CharField())
    required_on = serializers.ListField(child=serializers.CharField())
    apart_from = SeparationSerializer(many=True)


class OwnershipViewSet(ReadView):
    """Who answers for what: offer it to somebody, hand over, appoint a deputy, leave vacant.

    ``as_of`` asks who held what at a moment. What is offered to somebody else waits for their answer under
    ``handovers``; what one takes on oneself is accepted at once.
    """

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

    @extend_schema(request=AssignSerializer, responses={201: OfferSerializer})
    def create(self, request: Any) -> Response:
        data = self._data(AssignSerializer)
        ref = SubjectRef.parse(data.pop("subject_type"), data.pop("subject_id"))
        subjects.get(ref, request.user)
        made = actions.offer(ref, data.pop("responsibility"), data.pop("holder"), by=request.user, **data)
        return Response(OfferSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=HandOverSerializer, responses={201: OfferSerializer})
    @action(detail=True, methods=["post"], url_path="handovers")
    def handovers(self, request: Any, pk: str) -> Response:
        data = self._data(HandOverSerializer)
        made = actions.hand_over(self.get_object(), data.pop("to"), by=request.user, **data)
        return Response(OfferSerializer(made).data, status=status.HTTP_201_CREATED)

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
                "subject_type": row.ref.type,
                "subject_id": row.ref.id,
                "subject_label": subjects.kind(row.ref.type).label(row.subject),
                "responsibility": row.responsibility.key,
                "asked": row.offer.to if row.offer else None,
            }
            for row in holders.vacancies(request.user)
        ]
        return Response(VacancySerializer(rows, many=True).data)


class ResponsibilityViewSet(ApiView):
    """What each responsibility decides, where it is held, and which others need another person."""

    serializer_class = ResponsibilitySerializer
    pagination_class = None

    @extend_schema(responses=ResponsibilitySerializer(many=True))
    def list(self, request: Any) -> Response:
        rows = [
            {
                "key": row.key,
                "title": str(row.title),
                "decides": str(row.decides),
                "held_on": sorted(row.held_on),
                "required_on": sorted(row.required_on),
                "apart_from": [
                    {"responsibility": next(iter(pair.pair - {row.key})), "reason": str(pair.reason)}
                    for pair in SEPARATIONS
                    if row.key in pair.pair
                ],
            }
            for row in RESPONSIBILITIES.values()
        ]
        return Response(ResponsibilitySerializer(rows, many=True).data)
