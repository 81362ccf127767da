from typing import Any

from apps.owners.api.continuity import ContinuityDrillViewSet
from apps.owners.api.handovers import HandoverViewSet
from apps.owners.api.ownerships import OwnershipViewSet, ResponsibilityViewSet, VacancyViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("ownerships", OwnershipViewSet, basename="ownership")
    router.register("handovers", HandoverViewSet, basename="handover")
    router.register("vacancies", VacancyViewSet, basename="vacancy")
    router.register("responsibilities", ResponsibilityViewSet, basename="responsibility")
    router.register("continuity-drills", ContinuityDrillViewSet, basename="continuity-drill")
