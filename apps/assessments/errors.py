from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class FrameworkInvalid(Refusal):
    code, status, title = "framework_invalid", 422, _("The framework can't be used")


class NoFramework(Refusal):
    code, status, title = "no_framework", 422, _("No framework is published")


class AssessmentStands(Refusal):
    code, status, title = "assessment_stands", 409, _("There is an assessment already")


class AssessmentClosed(Refusal):
    code, status, title = "assessment_closed", 409, _("A submitted assessment does not change")


class AssessmentNotSubmitted(Refusal):
    code, status, title = "assessment_not_submitted", 409, _("This assessment waits for no signature")


class StaleAnswer(Refusal):
    code, status, title = "stale_answer", 409, _("Somebody answered in the meantime")


class StaleAssessment(Refusal):
    code, status, title = "stale_assessment", 409, _("This is not what was submitted")


class UnknownQuestion(Refusal):
    code, status, title = "unknown_question", 422, _("There is no such question")


class ReasonRequired(Refusal):
    code, status, title = "reason_required", 422, _("Say why")


class EvidenceUnknown(Refusal):
    code, status, title = "evidence_unknown", 422, _("This evidence can't be used here")


class NotTheGovernanceOwner(Refusal):
    code, status, title = "not_the_governance_owner", 403, _("The governance owner signs")


class OwnSubmission(Refusal):
    code, status, title = "own_submission", 403, _("Nobody signs what they submitted")
