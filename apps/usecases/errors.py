from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class NoSuchMove(Refusal):
    code, status, title = "no_such_move", 409, _("A use case does not move so")


class PhaseNotReady(Refusal):
    code, status, title = "phase_not_ready", 409, _("Not ready for this phase")


class ReasonForGoingBack(Refusal):
    code, status, title = "reason_for_going_back", 422, _("Say why")
