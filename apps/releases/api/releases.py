from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import ReadView
from apps.core.errors import ServiceUnavailable
from apps.datasets.api.fields import NothingSerializer, only_seen
from apps.evidence.api import ReasonSerializer
from apps.people.models import User
from apps.people.visibility import visible_people
from apps.registry.api.shared import WithFacts
from apps.registry.models import ModelVersion
from apps.releases import actions, attestation, deployment
from apps.releases import change as changes
from apps.releases.api.rollbacks import RehearsalSerializer, RollbackSerializer
from apps.releases.errors import NothingAttested
from apps.releases.filters import ReleaseFilter
from apps.releases.models import Environment, Rehearsal, Release, ReleaseAttestation

MAX_AGE_SECONDS = 5


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    change = serializers.SerializerMethodField()
    gate = serializers.UUIDField(source="gate_id", read_only=True, allow_null=True)

    class Meta:
        model = Release
        fields = [
            "id", "environment", "model", "version", "number", "digest", "artefact_digest", "prompt_digest",
            "configuration_digest", "notes", "compared_with", "change", "change_digest", "rollback_target", "restores",
            "state", "proposed_by", "gate", "dossier_digest", "live_from", "live_by", "ended_at", "ended_by", "ending",
            "ending_reason", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_change(self, release: Release) -> dict[str, Any]:
        return changes.read(release)


class TargetSerializer(serializers.Serializer[Any]):
    rollback_target = serializers.PrimaryKeyRelatedField(
        queryset=Release.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="An earlier release of the model here; without it, what is live now.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "rollback_target", Release)


class NewReleaseSerializer(TargetSerializer):
    version = serializers.PrimaryKeyRelatedField(queryset=ModelVersion.objects.all())
    environment = serializers.PrimaryKeyRelatedField(queryset=Environment.objects.all())
    prompt_digest = serializers.CharField(max_length=71, required=False, default="", allow_blank=True)
    configuration_digest = serializers.CharField(max_length=71, required=False, default="", allow_blank=True)
    notes = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "version", ModelVersion)
        only_seen(self, "environment", Environment)


class NewRehearsalSerializer(serializers.Serializer[Any]):
    rehearsed_by = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    rehearsed_at = serializers.DateTimeField()
    duration_seconds = serializers.IntegerField(min_value=1)
    outcome = serializers.ChoiceField(choices=Rehearsal.Outcome.choices)
    file = serializers.FileField(required=False, allow_null=True, default=None)
    link = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["rehearsed_by"].queryset = visible_people(request.user)  # type: ignore[attr-defined]


class ReasonOfRollbackSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000)


class CheckedReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    sentence = serializers.CharField()


class CheckedGateSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.CharField()
    dossier_digest = serializers.CharField()


class DeploymentCheckSerializer(serializers.Serializer[Any]):
    allowed = serializers.BooleanField()
    reasons = CheckedReasonSerializer(many=True)
    release = serializers.UUIDField(allow_null=True)
    release_digest = serializers.CharField(allow_null=True)
    gates = CheckedGateSerializer(many=True)
    checked_at = serializers.CharField()


class AskedSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(max_length=120)
    version = serializers.CharField(max_length=71)
    environment = serializers.CharField(max_length=80)
    artefact_digest = serializers.CharField(max_length=71, required=False, default="", allow_blank=True)
    prompt_digest = serializers.CharField(max_length=71, required=False, default="", allow_blank=True)
    configuration_digest = serializers.CharField(max_length=71, required=False, default="", allow_blank=True)


class EnvelopeSignatureSerializer(serializers.Serializer[Any]):
    keyid = serializers.CharField()
    sig = serializers.CharField()


class EnvelopeSerializer(serializers.Serializer[Any]):
    payloadType = serializers.CharField()
    payload = serializers.CharField(help_text="The in-toto Statement v1, base64.")
    signatures = EnvelopeSignatureSerializer(many=True)


class PublicKeySerializer(serializers.Serializer[Any]):
    keyid = serializers.CharField()
    algorithm = serializers.CharField()
    public_key = serializers.CharField(help_text="PEM, SubjectPublicKeyInfo.")


CHECK_PARAMETERS = [
    OpenApiParameter("model", str, required=True, description="Name or identifier."),
    OpenApiParameter("version", str, required=True, description="Number, identifier, or digest of the artefact."),
    OpenApiParameter("environment", str, required=True, description="Name or identifier."),
    OpenApiParameter("artefact_digest", str, description="What is about to be deployed; another one is not allowed."),
    OpenApiParameter("prompt_digest", str, description="The same of the prompts."),
    OpenApiParameter("configuration_digest", str, description="The same of the configuration."),
]


class ReleaseViewSet(WithFacts, ReadView):
    """Releases: proposed, brought live on an approved gate, ended."""

    model = Release
    subject_type = "release"
    serializer_class = ReleaseSerializer
    filterset_class = ReleaseFilter
    orderings = {"live_from": "live_from", "created": "id"}

    def get_queryset(self) -> QuerySet[Release]:
        rows: QuerySet[Release] = super().get_queryset()
        return rows.whole()  # type: ignore[attr-defined,no-any-return]

    def _answer(self, release: Release, code: int) -> Response:
        return Response(ReleaseSerializer(release).data, status=code)

    def _read(self, serializer_class: Any, request: Any) -> dict[str, Any]:
        serializer = serializer_class(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @extend_schema(request=NewReleaseSerializer, responses={201: ReleaseSerializer})
    def create(self, request: Any) -> Response:
        """Propose a model version for an environment, compared with what is live there."""
        data = self._read(NewReleaseSerializer, request)
        release = actions.propose_release(data.pop("version"), data.pop("environment"), by=request.user, **data)
        return self._answer(release, status.HTTP_201_CREATED)

    @extend_schema(request=TargetSerializer, responses={201: ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def comparisons(self, request: Any, pk: str) -> Response:
        """Compare a proposal with what is live now; what was signed of it is void where it differs."""
        release = self.get_object()
        data = self._read(TargetSerializer, request)
        return self._answer(actions.compare_anew(release, by=request.user, **data), status.HTTP_201_CREATED)

    @extend_schema(request=NothingSerializer, responses={201: ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def promotions(self, request: Any, pk: str) -> Response:
        """Bring a proposal live; its release gate must be approved now, by a dossier that is built anew."""
        return self._answer(actions.go_live(self.get_object(), by=request.user), status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={201: ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        """Take a proposal back, or take a live release down with nothing in its place."""
        release = self.get_object()
        data = self._read(ReasonSerializer, request)
        return self._answer(actions.withdraw_release(release, by=request.user, **data), status.HTTP_201_CREATED)

    @extend_schema(request=ReasonOfRollbackSerializer, responses={201: RollbackSerializer})
    @action(detail=True, methods=["post"])
    def rollbacks(self, request: Any, pk: str) -> Response:
        """Roll a live release back at once, as its technical owner or their deputy; reviewed afterwards."""
        release = self.get_object()
        data = self._read(ReasonOfRollbackSerializer, request)
        rollback = actions.roll_back(release, by=request.user, **data)
        return Response(RollbackSerializer(rollback).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewRehearsalSerializer, responses={201: RehearsalSerializer})
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser, parsers.MultiPartParser])
    def rehearsals(self, request: Any, pk: str) -> Response:
        """Record a rehearsal of the way back: JSON with a link, or multipart with a file."""
        release = self.get_object()
        data = self._read(NewRehearsalSerializer, request)
        rehearsal = actions.record_rehearsal(release, by=request.user, **data)
        return Response(RehearsalSerializer(rehearsal).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={(200, "application/json"): EnvelopeSerializer}, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def attestation(self, request: Any, pk: str) -> Response:
        """What is attested of a release that went live: an in-toto statement in a DSSE envelope."""
        kept = ReleaseAttestation.objects.filter(release=self.get_object()).first()
        if kept is None:
            raise NothingAttested(_("A release is attested when it goes live."))
        return Response(attestation.envelope(kept))

    @extend_schema(responses=PublicKeySerializer, filters=False)
    @action(detail=False, methods=["get"], url_path="attestation-key", filterset_class=None, pagination_class=None)
    def attestation_key(self, request: Any) -> Response:
        """The public key that attestations are verified with."""
        return Response(attestation.public_key())

    @extend_schema(
        parameters=CHECK_PARAMETERS,
        responses={200: DeploymentCheckSerializer, 304: OpenApiResponse(description="The same answer as before.")},
        filters=False,
    )
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def check(self, request: Any) -> Response:
        """May this version be deployed in this environment now? Anything but 200 and `allowed: true` means no."""
        serializer = AskedSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        try:
            found = deployment.check(deployment.Asked(**serializer.validated_data), request.user)
        except (DatabaseError, InterfaceError) as error:
            raise ServiceUnavailable(_("The records can’t be read at the moment, so nothing is allowed.")) from error
        etag = f'"{found.etag}"'
        if request.headers.get("If-None-Match") == etag:
            response = Response(status=status.HTTP_304_NOT_MODIFIED)
        else:
            response = Response(DeploymentCheckSerializer(found.as_dict()).data)
        response["ETag"] = etag
        response["Cache-Control"] = f"private, max-age={MAX_AGE_SECONDS}"
        return response
