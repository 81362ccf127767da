from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class UnknownResponsibility(Refusal):
    code, status, title = "unknown_responsibility", 422, _("This responsibility can't be held here")


class NotEligible(Refusal):
    code, status, title = "holder_not_eligible", 422, _("This person can't hold it")


class AlreadyHeld(Refusal):
    code, status, title = "responsibility_already_held", 409, _("Somebody holds it already")


class OwnershipEnded(Refusal):
    code, status, title = "ownership_ended", 409, _("This ownership has ended")


class DeputyIsHolder(Refusal):
    code, status, title = "deputy_is_holder", 422, _("A deputy is another person")
