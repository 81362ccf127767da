from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class NobodyToNudge(Refusal):
    code, status, title = "nobody_to_nudge", 409, _("Nobody answers for it")


class NudgedToday(Refusal):
    code, status, title = "nudged_today", 409, _("Nudged today already")
