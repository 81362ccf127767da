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
