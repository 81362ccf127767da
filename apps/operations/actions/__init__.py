"""Every change of calendars, plans, reviews and what follows from them."""

from apps.operations.actions.calendars import edit_team_calendar, make_team_calendar
from apps.operations.actions.feeds import renew_feed
from apps.operations.actions.following_up import comment_on_review, settle_follow_up
from apps.operations.actions.opening import ensure_reviews, record_missed
from apps.operations.actions.performing import perform_review
from apps.operations.actions.planning import end_plan, plan_reviews
from apps.operations.actions.templates import (
    import_default_review_templates,
    propose_review_template,
    publish_review_template,
    withdraw_review_template,
)

__all__ = [
    "comment_on_review",
    "edit_team_calendar",
    "end_plan",
    "ensure_reviews",
    "import_default_review_templates",
    "make_team_calendar",
    "perform_review",
    "plan_reviews",
    "propose_review_template",
    "publish_review_template",
    "record_missed",
    "renew_feed",
    "settle_follow_up",
    "withdraw_review_template",
]
