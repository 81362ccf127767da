"""Offers of ownerships: made one by one or many at once, accepted, declined, withdrawn."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.owners import actions
from apps.owners.actions.handovers import Handover
from apps.owners.api.shared import OfferSerializer, OwnershipSerializer, person
from apps.owners.filters import OfferFilter
from apps.owners.models import Ownership, OwnershipOffer
from apps.people.models import User


class RefusalReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class OptionalReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class NothingSerializer(serializers.Serializer[Any]):
    pass


class HandoverItemSerializer(serializers.Serializer[Any]):
    ownership = serializers.PrimaryKeyRelatedField(queryset=Ownership.objects.all())
    to = person()

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            rows = Ownership.objects.visible_to(request.user).select_related("holder", "deputy", "team")
            cast(Any, fields["ownership"]).queryset = rows
        return fields


class HandOverManySerializer(serializers.Serializer[Any]):
    """Either ``from`` and ``to``: all that one person holds to another; or ``items``: each to its own person."""

    to = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False)
    items = HandoverItemSerializer(many=True, required=False, max_length=200, min_length=1)  # type: ignore[call-arg]
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        people = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, source="giver")
        return {"from": people, **super().get_fields()}

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        by_person = "giver" in data and "to" in data
        if by_person == ("items" in data) or ("giver" in data) != ("to" in data):
            raise serializers.ValidationError({"items": ["Send either from and to, or items."]})
        return data


class HandoverViewSet(ReadView):
    """Offers, pending and past: hand over many at once; accept, decline or withdraw one."""

    model = OwnershipOffer
    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    orderings = {"asked": "offered_at", "to": "to__name"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("to", "deputy", "offered_by", "team", "replaces__holder")

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    @extend_schema(request=HandOverManySerializer, responses={201: OfferSerializer(many=True)})
    def create(self, request: Any) -> Response:
        """Make one offer for each ownership, all or none; what is impossible is named as ``/items/N``."""
        data = self._data(HandOverManySerializer)
        if "items" in data:
            items = [Handover(row["ownership"], row["to"]) for row in data["items"]]
        else:
            rows = Ownership.objects.active().visible_to(request.user).filter(holder=data["giver"])
            held = rows.select_related("holder", "deputy", "team").order_by("id")
            items = [Handover(row, data["to"]) for row in held]
        made = actions.hand_over_many(items, by=request.user, note=data["note"])
        return Response(OfferSerializer(made, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NothingSerializer, responses={201: OwnershipSerializer})
    @action(detail=True, methods=["post"])
    def acceptances(self, request: Any, pk: str) -> Response:
        row = actions.accept(self.get_object(), by=request.user)
        return Response(OwnershipSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RefusalReasonSerializer, responses={201: OfferSerializer})
    @action(detail=True, methods=["post"])
    def refusals(self, request: Any, pk: str) -> Response:
        data = self._data(RefusalReasonSerializer)
        row = actions.decline(self.get_object(), by=request.user, **data)
        return Response(OfferSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=OptionalReasonSerializer, responses={201: OfferSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        data = self._data(OptionalReasonSerializer)
        row = actions.withdraw_offer(self.get_object(), by=request.user, **data)
        return Response(OfferSerializer(row).data, status=status.HTTP_201_CREATED)
