from typing import Any

from rest_framework import serializers

from apps.owners.models import Ownership, OwnershipOffer
from apps.people.models import User


class HolderSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "name"]
        read_only_fields = fields


class OwnershipSerializer(serializers.ModelSerializer[Ownership]):
    holder = HolderSerializer(read_only=True)
    deputy = HolderSerializer(read_only=True, allow_null=True)
    ending = serializers.CharField(read_only=True, help_text="Empty while it is held.")

    class Meta:
        model = Ownership
        fields = [
            "id", "subject_type", "subject_id", "team_id", "responsibility", "holder", "deputy", "note", "since",
            "ended_at", "ending",
        ]  # fmt: skip
        read_only_fields = fields


class OfferSerializer(serializers.ModelSerializer[OwnershipOffer]):
    """One offer; ``ownership`` is what its acceptance began, ``replaces`` what a handover ends."""

    to = HolderSerializer(read_only=True)
    deputy = HolderSerializer(read_only=True, allow_null=True)
    offered_by = HolderSerializer(read_only=True)
    replaces: Any = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    ownership: Any = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    reason = serializers.CharField(read_only=True, help_text="Why it was declined or withdrawn.")

    class Meta:
        model = OwnershipOffer
        fields = [
            "id", "subject_type", "subject_id", "team_id", "responsibility", "to", "deputy", "note", "offered_by",
            "offered_at", "replaces", "state", "decided_at", "reason", "ownership",
        ]  # fmt: skip
        read_only_fields = fields


def person() -> Any:
    return serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
