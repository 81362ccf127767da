from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.agenda import following, preferences
from apps.agenda.filters import NotificationFilter
from apps.agenda.models import Notification, Preference, Subscription
from apps.core.api.views import ApiView, ReadView
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.subjects import SubjectRef


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    class Meta:
        model = Notification
        fields = [
            "id", "kind", "step", "team", "subject_type", "subject_id", "title", "text", "reason", "url", "due_at",
            "told_at", "read_at",
        ]  # fmt: skip
        read_only_fields = fields


class NotificationViewSet(ReadView):
    """What the caller was told, the newest first."""

    model = Notification
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    required_scope = "write"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Notification.objects.none()
        return Notification.objects.of(self.request.user)

    @extend_schema(request=None, responses=NotificationSerializer)
    @action(detail=True, methods=["post"])
    def readings(self, request: Any, pk: str) -> Response:
        """Mark it as read; a second time changes nothing."""
        row = self.get_object()
        if row.read_at is None:
            row.read_at = now()
            row.save(update_fields=["read_at"])
        return Response(NotificationSerializer(row).data)


class PreferenceSerializer(serializers.Serializer[Any]):
    group = serializers.ChoiceField(choices=list(preferences.GROUPS))
    way = serializers.ChoiceField(choices=Preference.Way.choices)


class PreferencesViewSet(ApiView):
    """How the caller wants the mails of each group of notifications."""

    serializer_class = PreferenceSerializer
    pagination_class = None
    required_scope = "write"

    @extend_schema(responses=PreferenceSerializer(many=True))
    def list(self, request: Any) -> Response:
        ways = preferences.Ways([request.user])
        rows = [{"group": group, "way": ways.of_group(request.user.pk, group)} for group in preferences.GROUPS]
        return Response(PreferenceSerializer(cast(Any, rows), many=True).data)

    @extend_schema(request=PreferenceSerializer, responses=PreferenceSerializer)
    def create(self, request: Any) -> Response:
        """Choose for one group."""
        asked = PreferenceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        preferences.choose(request.user, **asked.validated_data)
        return Response(asked.validated_data, status=201)


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    class Meta:
        model = Subscription
        fields = ["id", "subject_type", "subject_id", "created_at"]
        read_only_fields = ["id", "created_at"]


class SubscriptionViewSet(mixins.ListModelMixin, ApiView):
    """The subjects that the caller follows."""

    model = Subscription
    serializer_class = SubscriptionSerializer
    required_scope = "write"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Subscription.objects.none()
        return Subscription.objects.filter(user=self.request.user)

    @extend_schema(responses={201: SubscriptionSerializer})
    def create(self, request: Any) -> Response:
        """Follow a subject that the caller may see."""
        asked = SubscriptionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ref = SubjectRef.parse(asked.validated_data["subject_type"], asked.validated_data["subject_id"])
        row = following.follow(request.user, ref)
        return Response(SubscriptionSerializer(row).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Any, pk: str) -> Response:
        """Follow it no more."""
        row = self.get_queryset().filter(pk=pk).first()
        if row is None:
            raise NotFound(_("You follow no such thing."))
        row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
