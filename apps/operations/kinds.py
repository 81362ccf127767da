"""What of this app can be named, proven and linked to."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.subjects import SubjectKind, SubjectRef
from apps.operations.models import Review, ReviewPlan, TeamCalendar
from apps.operations.refs import use_case_ref

CALENDAR = SubjectKind(
    type="team_calendar",
    title=_("Calendar of a team"),
    visible=lambda user: TeamCalendar.objects.visible_to(user).select_related("team"),
    all=lambda: TeamCalendar.objects.select_related("team"),
    label=str,
    url=lambda calendar: reverse("operations:team_calendar", args=[calendar.team_id]),
    icon="calendar",
)
PLAN = SubjectKind(
    type="review_plan",
    title=_("Review plan"),
    visible=lambda user: ReviewPlan.objects.visible_to(user).select_related("use_case__team"),
    all=lambda: ReviewPlan.objects.select_related("use_case__team"),
    label=str,
    url=lambda plan: reverse("operations:plan_detail", args=[plan.pk]),
    parent=use_case_ref,
    above=lambda plan: plan.use_case,
    ancestors=("use_case",),
    icon="calendar",
)
REVIEW = SubjectKind(
    type="review",
    title=_("Review"),
    visible=lambda user: Review.objects.visible_to(user).whole(),
    all=lambda: Review.objects.whole(),
    label=str,
    url=lambda review: reverse("operations:review_detail", args=[review.pk]),
    parent=lambda review: SubjectRef("use_case", review.plan.use_case_id),
    above=lambda review: review.plan.use_case,
    digest=lambda review: review.digest,
    ancestors=("use_case",),
    icon="list-check",
)
KINDS = (CALENDAR, PLAN, REVIEW)
