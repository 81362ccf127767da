"""What the serializers of this app share."""

from typing import Any

from rest_framework import serializers


def only_seen(serializer: Any, name: str, model: Any) -> None:
    """Let a field accept only what the caller may see."""
    request = serializer.context.get("request")
    if request is not None and request.user.is_authenticated:
        field = serializer.fields[name]
        getattr(field, "child_relation", field).queryset = model.objects.visible_to(request.user)


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""
