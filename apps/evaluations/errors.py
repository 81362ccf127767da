from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class SuiteInvalid(Refusal):
    code, status, title = "suite_invalid", 422, _("The suite can't be used")


class SuiteDraftStands(Refusal):
    code, status, title = "suite_draft_stands", 409, _("A version is being written")


class SuitePublished(Refusal):
    code, status, title = "suite_published", 409, _("This version is published")


class SuiteNotPublished(Refusal):
    code, status, title = "suite_not_published", 409, _("This version is not published")


class SameSuite(Refusal):
    code, status, title = "same_suite", 409, _("Nothing is new")


class SuiteRetired(Refusal):
    code, status, title = "suite_retired", 409, _("This suite is retired")


class SuiteDataUnknown(Refusal):
    code, status, title = "suite_data_unknown", 422, _("There is no such evaluation data")


class StaleSuite(Refusal):
    code, status, title = "stale_suite", 409, _("You were shown other thresholds")


class NotTheThresholdsOwner(Refusal):
    code, status, title = "not_the_thresholds_owner", 403, _("These thresholds are somebody else's to sign")


class ThresholdsSigned(Refusal):
    code, status, title = "thresholds_signed", 409, _("These thresholds are signed")


class SameBaseline(Refusal):
    code, status, title = "same_baseline", 409, _("This baseline is registered")


class SubjectElsewhere(Refusal):
    code, status, title = "evaluation_subject_elsewhere", 422, _("This can't be evaluated with this suite")


class ResultUnreadable(Refusal):
    code, status, title = "result_unreadable", 422, _("The result can't be read")


class ResultTooLarge(Refusal):
    code, status, title = "result_too_large", 422, _("The files are too large")


class NothingMeasured(Refusal):
    code, status, title = "nothing_measured", 422, _("No metric of the suite was measured")


class EvaluationTimesImpossible(Refusal):
    code, status, title = "evaluation_times_impossible", 422, _("These times are not possible")


class SameEvaluation(Refusal):
    code, status, title = "same_evaluation", 409, _("This run is registered")


class EvaluatorOutsideTeam(Refusal):
    code, status, title = "evaluator_outside_team", 422, _("Name somebody of the team")


class CaseUnknown(Refusal):
    code, status, title = "case_unknown", 422, _("The run has no such case")


class FailureKnown(Refusal):
    code, status, title = "failure_known", 409, _("This case is on the list")


class FailureDecided(Refusal):
    code, status, title = "failure_decided", 409, _("This was decided")


class FindingClosed(Refusal):
    code, status, title = "finding_closed", 409, _("This finding is closed")


class RetestNeeded(Refusal):
    code, status, title = "retest_needed", 409, _("A retest must show it first")


class OwnFix(Refusal):
    code, status, title = "own_fix", 403, _("Nobody retests their own work")


class ReviewRuns(Refusal):
    code, status, title = "output_review_runs", 409, _("A review is under way")


class NoOutputs(Refusal):
    code, status, title = "no_outputs", 409, _("The run has no outputs to judge")


class JudgeUnfit(Refusal):
    code, status, title = "judge_unfit", 422, _("This person can't judge here")


class NotAJudge(Refusal):
    code, status, title = "not_a_judge", 403, _("You are no judge of this review")


class ReviewClosed(Refusal):
    code, status, title = "output_review_closed", 409, _("This review is closed")


class OutputsOpen(Refusal):
    code, status, title = "outputs_open", 409, _("Outputs wait for a judgement")


class NothingToCompare(Refusal):
    code, status, title = "nothing_to_compare", 422, _("There is nothing to compare")


class NoTrainingRows(Refusal):
    code, status, title = "leakage_not_checkable", 409, _("There is nothing to look for")
