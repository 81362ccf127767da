from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from apps.core.api.views import EditView
from apps.datasets.api.fields import only_seen
from apps.registry import actions
from apps.registry.api.shared import WithFacts
from apps.registry.filters import ModelFilter
from apps.registry.models import Model
from apps.usecases.models import UseCase


class ModelSerializer(serializers.ModelSerializer[Model]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())

    class Meta:
        model = Model
        fields = [
            "id", "use_case", "name", "purpose", "base_model", "base_provider", "base_revision", "licence",
            "base_source", "base_digest", "provenance", "limitations", "created_by", "revision", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "created_by", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "use_case", UseCase)


class ModelViewSet(WithFacts, EditView):
    """Models of use cases: their purpose and the base that they are tuned from."""

    model = Model
    subject_type = "model"
    serializer_class = ModelSerializer
    filterset_class = ModelFilter
    orderings = {"name": "name", "created": "id"}

    def get_queryset(self) -> QuerySet[Model]:
        rows: QuerySet[Model] = super().get_queryset().select_related("use_case__team")
        return rows

    def _create(self, data: dict[str, Any]) -> Model:
        return actions.create_model(data.pop("use_case"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Model:
        data.pop("use_case", None)
        return actions.edit_model(pk, by=self.request.user, revision=revision, **data)
