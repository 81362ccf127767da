"""Continuity drills: run, recorded, read."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.owners import actions, continuity
from apps.owners.api.shared import HolderSerializer
from apps.owners.continuity import Mode, Scenario
from apps.owners.filters import DrillFilter
from apps.owners.models import ContinuityDrill, Ownership
from apps.people.visibility import visible_people


class EffectSubjectSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]


class PersonSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class EffectSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="vacant, covered, nobody, deputy_lost, depends, unsignable, lapses, …")
    subject = EffectSubjectSerializer()
    team = serializers.UUIDField()
    responsibility = serializers.CharField(allow_blank=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    people = serializers.ListField(child=serializers.UUIDField())
    stand_in = PersonSerializer(allow_null=True)
    sentence = serializers.CharField()


class DrillResultSerializer(serializers.Serializer[Any]):
    """What a drill found; its canonical form (RFC 8785) is what the digest of a recorded drill names."""

    v = serializers.IntegerField()
    mode = serializers.CharField()
    day = serializers.DateField()
    people = PersonSerializer(many=True)
    effects = EffectSerializer(many=True)


class DrillSerializer(serializers.ModelSerializer[ContinuityDrill]):
    ran_by = HolderSerializer(read_only=True)
    result = DrillResultSerializer(read_only=True, source="content")

    class Meta:
        model = ContinuityDrill
        fields = ["id", "ran_by", "ran_at", "mode", "day", "note", "digest", "result"]
        read_only_fields = fields


class ScenarioSerializer(serializers.Serializer[Any]):
    """Who is gone: people, or the holders of ownerships; on a day (today), for good or away on that day."""

    people = serializers.ListField(child=serializers.UUIDField(), max_length=20, required=False, default=list)
    ownerships = serializers.ListField(child=serializers.UUIDField(), max_length=20, required=False, default=list)
    day = serializers.DateField(required=False, allow_null=True, default=None)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False, default=str(Mode.LEAVES))

    def scenario(self, user: Any) -> Scenario:
        """Return the scenario of what the user may see; raise a validation error for what they may not."""
        data = self.validated_data
        people = list(visible_people(user).filter(pk__in=data["people"]))
        rows = list(
            Ownership.objects.active().visible_to(user).filter(pk__in=data["ownerships"]).select_related("holder")
        )
        errors = {
            name: ["Some of them are not there, or you may not see them."]
            for name, found in (("people", people), ("ownerships", rows))
            if len(found) != len(set(data[name]))
        }
        if errors:
            raise serializers.ValidationError(errors)
        return continuity.scenario(people, rows, data["day"], data["mode"])


class NewDrillSerializer(ScenarioSerializer):
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


_MANY = {"type": "array", "items": {"type": "string", "format": "uuid"}}


class ContinuityDrillViewSet(ReadView):
    """Drills kept as evidence: list, read, run and record one; ``preview`` runs one and keeps nothing."""

    model = ContinuityDrill
    serializer_class = DrillSerializer
    filterset_class = DrillFilter
    orderings = {"ran": "ran_at"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("ran_by")

    @extend_schema(request=NewDrillSerializer, responses={201: DrillSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewDrillSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        note = serializer.validated_data["note"]
        row = actions.record_drill(serializer.scenario(request.user), by=request.user, note=note)
        return Response(DrillSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[
            OpenApiParameter("people", _MANY, description="Who is gone"),
            OpenApiParameter("ownerships", _MANY, description="Whose holders are gone"),
            OpenApiParameter("day", OpenApiTypes.DATE, description="The day; without it, today"),
            OpenApiParameter("mode", str, enum=Mode.values, description="For good, or away on that day"),
        ],
        responses=DrillResultSerializer,
        filters=False,
    )
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def preview(self, request: Any) -> Response:
        query = request.query_params
        data: dict[str, Any] = {name: query.getlist(name) for name in ("people", "ownerships") if name in query}
        data |= {name: query[name] for name in ("day", "mode") if query.get(name)}
        serializer = ScenarioSerializer(data=data)
        serializer.is_valid(raise_exception=True)
        drill = continuity.run(serializer.scenario(request.user), request.user)
        return Response(DrillResultSerializer(cast(Any, drill.as_dict())).data)
