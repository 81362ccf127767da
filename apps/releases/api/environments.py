from typing import Any

from rest_framework import serializers

from apps.core.api.views import EditView
from apps.people.models import Team
from apps.releases import actions
from apps.releases.filters import EnvironmentFilter
from apps.releases.models import Environment


class EnvironmentSerializer(serializers.ModelSerializer[Environment]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())

    class Meta:
        model = Environment
        fields = ["id", "team", "name", "kind", "description", "created_by", "revision", "created_at", "updated_at"]
        read_only_fields = ["id", "created_by", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            mine = [team.pk for team in request.user.teams_list]
            self.fields["team"].queryset = Team.objects.filter(pk__in=mine)  # type: ignore[attr-defined]


class EnvironmentViewSet(EditView):
    """Environments of teams: where model versions are live. The kind of one never changes."""

    model = Environment
    serializer_class = EnvironmentSerializer
    filterset_class = EnvironmentFilter
    orderings = {"name": "name", "created": "id"}

    def _create(self, data: dict[str, Any]) -> Environment:
        return actions.create_environment(data.pop("team"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Environment:
        return actions.edit_environment(pk, by=self.request.user, revision=revision, **data)
