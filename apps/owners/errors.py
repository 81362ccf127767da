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


class KeptApart(Refusal):
    code, status, title = "responsibilities_kept_apart", 409, _("One person may not hold both")


class OfferStands(Refusal):
    code, status, title = "offer_stands", 409, _("Somebody was asked already")


class OfferDecided(Refusal):
    code, status, title = "offer_decided", 409, _("This offer is decided")


class NotYourOffer(Refusal):
    code, status, title = "not_your_offer", 403, _("Somebody else was asked")


class HandoverImpossible(Refusal):
    code, status, title = "handover_impossible", 422, _("Nothing was handed over")
