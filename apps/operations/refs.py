"""How other floors name the things of this one."""

from apps.core.subjects import SubjectRef
from apps.operations.models import ReviewPlan, TeamCalendar


def calendar_ref(calendar: TeamCalendar) -> SubjectRef:
    return SubjectRef("team_calendar", calendar.pk)


def use_case_ref(plan: ReviewPlan) -> SubjectRef:
    return SubjectRef("use_case", plan.use_case_id)
