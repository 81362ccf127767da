from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class ReviewTemplateInvalid(Refusal):
    code, status, title = "review_template_invalid", 422, _("The review template can't be used")


class NoReviewTemplate(Refusal):
    code, status, title = "no_review_template", 409, _("No review template is published")


class TeamCalendarInvalid(Refusal):
    code, status, title = "team_calendar_invalid", 422, _("The calendar can't be used")


class TeamCalendarStands(Refusal):
    code, status, title = "team_calendar_stands", 409, _("The team has a calendar already")


class NoTeamCalendar(Refusal):
    code, status, title = "no_team_calendar", 409, _("The team has no calendar yet")


class NotInOperation(Refusal):
    code, status, title = "not_in_operation", 409, _("This use case is not in operation")


class PlanStands(Refusal):
    code, status, title = "plan_stands", 409, _("These reviews are planned already")


class PlanBackdated(Refusal):
    code, status, title = "plan_backdated", 422, _("A plan can't start in the past")


class PlanEnded(Refusal):
    code, status, title = "plan_ended", 409, _("This plan has ended")


class NotTheReviewer(Refusal):
    code, status, title = "not_the_reviewer", 403, _("Somebody else performs this review")


class ReviewNotBegun(Refusal):
    code, status, title = "review_not_begun", 409, _("The period of this review has not begun")


class ReviewOpen(Refusal):
    code, status, title = "review_open", 409, _("This review is open")


class ReviewPerformed(Refusal):
    code, status, title = "review_performed", 409, _("This review was performed")


class ReviewMissed(Refusal):
    code, status, title = "review_missed", 409, _("This review was missed")


class StaleChecklist(Refusal):
    code, status, title = "stale_checklist", 409, _("What the checklist shows has changed")


class ChecklistIncomplete(Refusal):
    code, status, title = "checklist_incomplete", 422, _("The checklist is not answered")


class OutcomeIncomplete(Refusal):
    code, status, title = "outcome_incomplete", 422, _("The outcome lacks something")


class NoteEmpty(Refusal):
    code, status, title = "note_empty", 422, _("There is nothing to add")


class NotTheFollowUpsOwner(Refusal):
    code, status, title = "not_the_follow_ups_owner", 403, _("Somebody else follows this up")


class FollowUpDone(Refusal):
    code, status, title = "follow_up_done", 409, _("This was followed up")
