"""The resources of this app, one noun a file."""

from typing import Any

from apps.operations.api.plans import ReviewPlanViewSet, ReviewTemplateViewSet, TeamCalendarViewSet
from apps.operations.api.reviews import FollowUpViewSet, ReviewFeedViewSet, ReviewViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("reviews", ReviewViewSet, basename="review")
    router.register("review-plans", ReviewPlanViewSet, basename="review-plan")
    router.register("review-templates", ReviewTemplateViewSet, basename="review-template")
    router.register("review-follow-ups", FollowUpViewSet, basename="review-follow-up")
    router.register("team-calendars", TeamCalendarViewSet, basename="team-calendar")
    router.register("me/review-feed", ReviewFeedViewSet, basename="review-feed")
