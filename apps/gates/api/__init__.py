"""The API of policies and gates."""

from typing import Any

from apps.gates.api.exceptions import ConditionViewSet, ThreadViewSet, WaiverViewSet
from apps.gates.api.gates import GateViewSet
from apps.gates.api.policies import PolicyViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("policies", PolicyViewSet, basename="policy")
    router.register("gates", GateViewSet, basename="gate")
    router.register("waivers", WaiverViewSet, basename="waiver")
    router.register("gate-threads", ThreadViewSet, basename="gate-thread")
    router.register("gate-conditions", ConditionViewSet, basename="gate-condition")
