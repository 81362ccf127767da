"""What this app shows on the page of a use case: its review rhythm."""

from typing import Any

from apps.core import panels
from apps.operations.actions.planning import is_in_operation
from apps.operations.models import Cadence, Review, ReviewPlan, TeamCalendar


def _of_use_case(use_case: Any, user: Any) -> dict[str, Any]:
    plans = {row.cadence: row for row in ReviewPlan.objects.filter(use_case=use_case, ended_on=None)}
    reviews = Review.objects.filter(plan__in=plans.values()).order_by("plan", "-first_day").distinct("plan")
    newest = {row.plan_id: row for row in reviews}
    rows = [
        {"label": label, "plan": plan, "newest": newest.get(plan.pk) if plan else None}
        for value, label in Cadence.choices
        for plan in [plans.get(value)]
    ]
    return {
        "rhythm": rows,
        "use_case": use_case,
        "has_calendar": TeamCalendar.objects.filter(team=use_case.team_id).exists(),
        "may_plan": user.may("review.plan", use_case.team_id) and len(plans) < len(rows) and is_in_operation(use_case),
    }


USE_CASE = panels.Panel("operations/panel_use_case.html", _of_use_case)
