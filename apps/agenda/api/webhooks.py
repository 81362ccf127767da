from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.agenda import actions
from apps.agenda.filters import DeliveryFilter, WebhookFilter
from apps.agenda.models import Webhook, WebhookDelivery, WebhookTry
from apps.agenda.webhooks.shown import require_reader, with_entries
from apps.core.api.views import ReadView
from apps.core.errors import NotFound
from apps.people.models import Team


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    old_secret_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until then the secret before this one signs as well."
    )

    class Meta:
        model = Webhook
        fields = [
            "id", "team", "name", "host", "format", "kinds", "is_active", "off_reason", "old_secret_until", "ended_at",
            "created_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewWebhookSerializer(serializers.Serializer[Any]):
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.none(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Without it: every team, for administrators of the organisation.",
    )
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=2000, help_text="https://…; never shown again.")
    format = serializers.ChoiceField(choices=Webhook.Format.choices, default=Webhook.Format.CLOUDEVENTS)
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        default=list,
        help_text="Acts such as `gate.opened`, or what they begin with: `gate.`. Empty: all.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None:
            self.fields["team"].queryset = Team.objects.visible_to(request.user)  # type: ignore[attr-defined]


class WebhookSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="`whsec_` and base64; shown this once.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class TrySerializer(serializers.ModelSerializer[WebhookTry]):
    tried_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = WebhookTry
        fields = ["tried_at", "status", "answer", "duration_ms", "error"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    seq = serializers.IntegerField(help_text="The number of the ledger entry.")
    action = serializers.CharField(read_only=True)
    tries = TrySerializer(many=True, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = ["id", "seq", "action", "state", "attempts", "next_try_at", "settled_at", "created_at", "tries"]
        read_only_fields = fields


class RepeatSerializer(serializers.Serializer[Any]):
    delivery = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Without it: every dead one."
    )


class RepeatedSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many deliveries are sent again.")


class NoBodySerializer(serializers.Serializer[Any]):
    """An empty body."""


class WebhookViewSet(ReadView):
    """Addresses outside that are told what happens in a team; their secrets are shown once, their addresses never."""

    model = Webhook
    serializer_class = WebhookSerializer
    filterset_class = WebhookFilter
    orderings = {"name": "name"}

    def get_queryset(self) -> QuerySet[Webhook]:
        rows: QuerySet[Webhook] = super().get_queryset()
        return rows.filter(ended_at=None) if self.action == "list" else rows

    def _secret(self, webhook: Webhook, secret: str) -> Response:
        data = {**WebhookSerializer(webhook).data, "secret": secret}
        return Response(data, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    def _answer(self, webhook: Webhook) -> Response:
        return Response(WebhookSerializer(webhook).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewWebhookSerializer, responses={201: WebhookSecretSerializer})
    def create(self, request: Any) -> Response:
        """Make a webhook; the answer holds its secret, this once."""
        serializer = NewWebhookSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        return self._secret(*actions.create_webhook(data.pop("team"), by=request.user, **data))

    def destroy(self, request: Any, pk: str) -> Response:
        """Delete a webhook: it never sends again; its address and secrets are wiped."""
        actions.end_webhook(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=NoBodySerializer, responses={201: WebhookSecretSerializer})
    @action(detail=True, methods=["post"])
    def secrets(self, request: Any, pk: str) -> Response:
        """Give the webhook another secret; for 24 hours the one before it signs as well."""
        return self._secret(*actions.rotate_secret(self.get_object(), by=request.user))

    @extend_schema(request=NoBodySerializer, responses={201: WebhookSerializer})
    @action(detail=True, methods=["post"])
    def tests(self, request: Any, pk: str) -> Response:
        """Send a test to this webhook, the way every entry goes."""
        webhook = self.get_object()
        actions.send_test(webhook, by=request.user)
        return self._answer(webhook)

    @extend_schema(request=NoBodySerializer, responses={201: WebhookSerializer})
    @action(detail=True, methods=["post"], url_path="switch-offs")
    def switch_offs(self, request: Any, pk: str) -> Response:
        """Send nothing from now on; what waits is dead."""
        return self._answer(actions.switch_off_webhook(self.get_object(), by=request.user))

    @extend_schema(request=NoBodySerializer, responses={201: WebhookSerializer})
    @action(detail=True, methods=["post"], url_path="switch-ons")
    def switch_ons(self, request: Any, pk: str) -> Response:
        """Send what happens from now on."""
        return self._answer(actions.switch_on_webhook(self.get_object(), by=request.user))

    @extend_schema(request=RepeatSerializer, responses={201: RepeatedSerializer})
    @action(detail=True, methods=["post"])
    def repeats(self, request: Any, pk: str) -> Response:
        """Send one delivery again, or every dead one, under the same identifiers."""
        webhook = self.get_object()
        serializer = RepeatSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data["delivery"]
        if wanted is None:
            count = actions.send_dead_again(webhook, by=request.user)
        else:
            require_reader(webhook, request.user)
            delivery = webhook.deliveries.filter(pk=wanted).first()
            if delivery is None:
                raise NotFound(_("This webhook has no such delivery."))
            actions.send_again(delivery, by=request.user)
            count = 1
        return Response({"count": count}, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OpenApiParameter("state", enum=WebhookDelivery.State.values)],
        responses=DeliverySerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def deliveries(self, request: Any, pk: str) -> Response:
        """What was sent to the webhook, newest first, with the tries; for those who manage it."""
        webhook = self.get_object()
        require_reader(webhook, request.user)
        rows = webhook.deliveries.prefetch_related("tries")
        filters = DeliveryFilter(request.query_params, queryset=rows, request=request)
        if not filters.is_valid():
            raise serializers.ValidationError(filters.errors)
        page = with_entries(self.paginate_queryset(filters.qs) or [])
        for row, entry in page:
            row.action = entry.action  # type: ignore[attr-defined]
        return self.get_paginated_response(DeliverySerializer([row for row, _entry in page], many=True).data)
