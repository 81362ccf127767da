from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class StaleDossier(Refusal):
    code, status, title = "stale_dossier", 409, _("The dossier changed")


class NotTheHolder(Refusal):
    code, status, title = "not_the_signer", 403, _("This signature is somebody else's")


class OwnWork(Refusal):
    code, status, title = "own_work", 403, _("Nobody signs their own work")


class SecondResponsibility(Refusal):
    code, status, title = "second_responsibility", 409, _("One person signs once")


class ResponsibilitySigned(Refusal):
    code, status, title = "responsibility_already_signed", 409, _("This signature was given")


class GateNotInReview(Refusal):
    code, status, title = "gate_not_in_review", 409, _("The gate can't be signed now")


class CommentRequired(Refusal):
    code, status, title = "comment_required", 422, _("Say why")


class ServiceAccountCannotSign(Refusal):
    code, status, title = "service_account_cannot_sign", 403, _("A program never signs")


class GateStands(Refusal):
    code, status, title = "gate_stands", 409, _("There is a gate already")


class NoPolicy(Refusal):
    code, status, title = "no_policy", 422, _("No policy is published")


class PolicyInvalid(Refusal):
    code, status, title = "policy_invalid", 422, _("The policy can't be used")


class PolicyUnsatisfiable(Refusal):
    code, status, title = "policy_unsatisfiable", 422, _("Nobody could ever meet this policy")


class NotWaivable(Refusal):
    code, status, title = "not_waivable", 409, _("This can't be waived")


class NothingToWaive(Refusal):
    code, status, title = "nothing_to_waive", 409, _("There is nothing to waive")


class AlreadyRevoked(Refusal):
    code, status, title = "waiver_revoked", 409, _("This waiver has ended")


class ConditionNotAllowed(Refusal):
    code, status, title = "condition_not_allowed", 422, _("This condition can't be set")


class ConditionClosed(Refusal):
    code, status, title = "condition_closed", 409, _("This condition stands otherwise")


class NotYourThread(Refusal):
    code, status, title = "not_your_thread", 403, _("Somebody else resolves this")


class ThreadResolved(Refusal):
    code, status, title = "thread_resolved", 409, _("This thread is resolved")
