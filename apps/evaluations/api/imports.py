from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import access
from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import ApiView
from apps.datasets.api.fields import only_seen
from apps.evaluations import actions
from apps.evaluations.api.runs import EvaluationRunSerializer
from apps.evaluations.models import Baseline, EvaluationImport, SuiteVersion
from apps.evaluations.storing import MOST_FILES
from apps.people.models import User
from apps.people.visibility import visible_people
from apps.registry.models import ModelVersion


class ImportSerializer(serializers.ModelSerializer[EvaluationImport]):
    found = serializers.DictField(read_only=True, help_text="What was recognised and matched, and what was not.")
    files = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = EvaluationImport
        fields = ["id", "suite_version", "requested_by", "files", "found", "created_at"]
        read_only_fields = fields


class SuiteOfImportSerializer(serializers.Serializer[Any]):
    suite_version = serializers.PrimaryKeyRelatedField(queryset=SuiteVersion.objects.all())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "suite_version", SuiteVersion)


class NewImportSerializer(SuiteOfImportSerializer):
    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        max_length=MOST_FILES,
        help_text="The tool’s result, and the scores that belong to it: 256 MB together.",
    )
    subject = serializers.CharField(
        max_length=300,
        required=False,
        default="",
        allow_blank=True,
        help_text="Which provider is meant, where a promptfoo file compares several.",
    )


class ConfirmationOfImportSerializer(serializers.Serializer[Any]):
    model_version = serializers.PrimaryKeyRelatedField(
        queryset=ModelVersion.objects.all(), required=False, allow_null=True, default=None
    )
    baseline = serializers.PrimaryKeyRelatedField(
        queryset=Baseline.objects.all(), required=False, allow_null=True, default=None
    )
    evaluated_by = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True, default=None, help_text="You, if left out."
    )
    started_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Needed where the files don’t say it."
    )
    finished_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    seed = serializers.IntegerField(min_value=-(2**53), max_value=2**53, required=False, allow_null=True, default=None)
    tool_version = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "model_version", ModelVersion)
        only_seen(self, "baseline", Baseline)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["evaluated_by"].queryset = visible_people(request.user)  # type: ignore[attr-defined]


class ImportViewSet(mixins.RetrieveModelMixin, ApiView):
    """Result files of tools: read and shown first, then confirmed as an evaluation run. Kept for two days."""

    model = EvaluationImport
    serializer_class = ImportSerializer
    parser_classes = [StrictJSONParser, parsers.MultiPartParser]

    def get_queryset(self) -> QuerySet[EvaluationImport]:
        rows: QuerySet[EvaluationImport] = super().get_queryset()
        return rows.select_related("suite_version__suite__use_case__team", "suite_version__signature")

    @extend_schema(request={"multipart/form-data": NewImportSerializer}, responses={201: ImportSerializer})
    def create(self, request: Any) -> Response:
        """Send the tool’s files and get back what was recognised; nothing is registered yet."""
        asked = SuiteOfImportSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        version = asked.validated_data["suite_version"]
        access.require(request.user, "evaluation.register", version.team.pk)
        serializer = NewImportSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        imported = actions.start_import(version, data["files"], by=request.user, subject=data["subject"])
        return Response(ImportSerializer(imported).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ConfirmationOfImportSerializer, responses={201: EvaluationRunSerializer})
    @action(detail=True, methods=["post"])
    def confirmations(self, request: Any, pk: str) -> Response:
        """Register what was shown as a run of a model version or of a baseline."""
        imported = self.get_object()
        serializer = ConfirmationOfImportSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        run = actions.confirm_import(imported, by=request.user, **serializer.validated_data)
        return Response(EvaluationRunSerializer(run).data, status=status.HTTP_201_CREATED)
