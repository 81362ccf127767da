from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import EditView, ReadView, expected_revision, set_etag
from apps.datasets.api.fields import NothingSerializer, only_seen
from apps.evaluations import actions
from apps.evaluations.filters import SuiteFilter, SuiteVersionFilter
from apps.evaluations.models import LeakageCheck, Suite, SuiteVersion, ThresholdSignature
from apps.evidence.api import ReasonSerializer
from apps.registry.models import ModelVersion
from apps.usecases.models import UseCase

LARGEST_SOURCE = 200_000


class SuiteSerializer(serializers.ModelSerializer[Suite]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())

    class Meta:
        model = Suite
        fields = [
            "id", "use_case", "name", "purpose", "retired_at", "retired_reason", "created_by", "revision", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "retired_at", "retired_reason", "created_by", "revision", "created_at", "updated_at",
        ]  # fmt: skip
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "use_case", UseCase)


class SignatureSerializer(serializers.ModelSerializer[ThresholdSignature]):
    class Meta:
        model = ThresholdSignature
        fields = [
            "id", "version", "by", "by_name", "responsibility", "stands_in_for", "meaning", "comment", "digest",
            "confirmed_by", "signed_at",
        ]  # fmt: skip
        read_only_fields = fields


class SuiteVersionSerializer(serializers.ModelSerializer[SuiteVersion]):
    content = serializers.SerializerMethodField(help_text="Read from the source when it was published; then immutable.")
    signature = serializers.SerializerMethodField()

    class Meta:
        model = SuiteVersion
        fields = [
            "id", "suite", "number", "state", "note", "source", "content", "digest", "drafted_by", "published_by",
            "published_at", "signature", "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_content(self, version: SuiteVersion) -> dict[str, Any]:
        return dict(version.content)

    @extend_schema_field(SignatureSerializer(allow_null=True))
    def get_signature(self, version: SuiteVersion) -> Any:
        return SignatureSerializer(version.signature).data if version.is_signed else None


class DraftSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=LARGEST_SOURCE,
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        help_text="YAML, or JSON. Empty: a copy of the newest published version.",
    )
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class DraftEditSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=LARGEST_SOURCE, required=False, trim_whitespace=False
    )
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class NewSignatureSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=71, help_text="Of the version, as you read it.")
    confirmation = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="From `POST me/confirmations/`; ten minutes, one use."
    )
    comment = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class LeakageSerializer(serializers.ModelSerializer[LeakageCheck]):
    result = serializers.DictField(read_only=True)

    class Meta:
        model = LeakageCheck
        fields = [
            "id", "suite_version", "training_run", "state", "job_id", "result", "digest", "error", "created_at",
            "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewLeakageSerializer(serializers.Serializer[Any]):
    model_version = serializers.PrimaryKeyRelatedField(
        queryset=ModelVersion.objects.all(), help_text="Whose training data is looked into."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "model_version", ModelVersion)


class SuiteViewSet(EditView):
    """Evaluation suites of use cases: created, changed, drafted anew, retired."""

    model = Suite
    serializer_class = SuiteSerializer
    filterset_class = SuiteFilter
    orderings = {"name": "name", "created": "id"}

    def get_queryset(self) -> QuerySet[Suite]:
        rows: QuerySet[Suite] = super().get_queryset().select_related("use_case__team")
        return rows

    def _create(self, data: dict[str, Any]) -> Suite:
        return actions.create_suite(data.pop("use_case"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Suite:
        data.pop("use_case", None)
        return actions.edit_suite(pk, by=self.request.user, revision=revision, **data)

    @extend_schema(request=DraftSerializer, responses={201: SuiteVersionSerializer})
    @action(detail=True, methods=["post"])
    def versions(self, request: Any, pk: str) -> Response:
        """Begin the next version of the suite."""
        serializer = DraftSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        version = actions.draft_suite_version(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(SuiteVersionSerializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={201: SuiteSerializer})
    @action(detail=True, methods=["post"])
    def retirements(self, request: Any, pk: str) -> Response:
        """Say that models are no longer judged by the suite."""
        serializer = ReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        suite = actions.retire_suite(self.get_object(), by=request.user, **serializer.validated_data)
        return self._answer(suite, status.HTTP_201_CREATED)


class SuiteVersionViewSet(ReadView):
    """Versions of suites: written, published once, their thresholds signed."""

    model = SuiteVersion
    serializer_class = SuiteVersionSerializer
    filterset_class = SuiteVersionFilter
    orderings = {"number": "number", "created": "id"}

    def required_scope(self, request: Any) -> str:
        return "sign" if self.action == "signatures" else "write"

    def get_queryset(self) -> QuerySet[SuiteVersion]:
        rows: QuerySet[SuiteVersion] = super().get_queryset().select_related("suite__use_case__team", "signature")
        return rows

    def _answer(self, version: SuiteVersion, code: int) -> Response:
        response = Response(SuiteVersionSerializer(version).data, status=code)
        set_etag(response, version)
        return response

    @extend_schema(request=DraftEditSerializer, responses=SuiteVersionSerializer)
    def partial_update(self, request: Any, pk: str) -> Response:
        """Change a draft."""
        version = self.get_object()
        serializer = DraftEditSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        changed = actions.edit_suite_version(
            version.pk, by=request.user, revision=expected_revision(request), **serializer.validated_data
        )
        return self._answer(changed, status.HTTP_200_OK)

    @extend_schema(request=NothingSerializer, responses={201: SuiteVersionSerializer})
    @action(detail=True, methods=["post"])
    def publications(self, request: Any, pk: str) -> Response:
        """Publish a draft: it does not change any more. With ``If-Match``, as it was read."""
        revision = expected_revision(request) if request.headers.get("If-Match") else None
        version = actions.publish_suite_version(self.get_object().pk, by=request.user, revision=revision)
        return self._answer(version, status.HTTP_201_CREATED)

    @extend_schema(request=NewSignatureSerializer, responses={201: SignatureSerializer})
    @action(detail=True, methods=["post"])
    def signatures(self, request: Any, pk: str) -> Response:
        """Sign the thresholds as business owner, freshly confirmed: evaluations count from now on."""
        serializer = NewSignatureSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        found = actions.sign_thresholds(
            self.get_object(), by=request.user, confirmation_id=data.pop("confirmation"), **data
        )
        return Response(SignatureSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewLeakageSerializer, responses={202: LeakageSerializer})
    @action(detail=True, methods=["post"], url_path="leakage-checks")
    def leakage_checks(self, request: Any, pk: str) -> Response:
        """Look for the suite’s rows in the training data of a model version; a known pair is not asked again."""
        version = self.get_object()
        serializer = NewLeakageSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        found = actions.check_leakage(version, serializer.validated_data["model_version"], by=request.user)
        return Response(LeakageSerializer(found).data, status=status.HTTP_202_ACCEPTED)
