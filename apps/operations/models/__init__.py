"""The tables of this app, one noun a file."""

from apps.operations.models.reviews import (
    Cadence,
    FollowUp,
    Outcome,
    Review,
    ReviewComment,
    ReviewFeed,
    ReviewPlan,
    ReviewState,
    ReviewTemplate,
    TeamCalendar,
)

__all__ = [
    "Cadence",
    "FollowUp",
    "Outcome",
    "Review",
    "ReviewComment",
    "ReviewFeed",
    "ReviewPlan",
    "ReviewState",
    "ReviewTemplate",
    "TeamCalendar",
]
