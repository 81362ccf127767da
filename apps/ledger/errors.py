from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class NothingSigned(Refusal):
    code, status, title = "nothing_signed", 409, _("Nothing is signed yet")


class FilterUnreadable(Refusal):
    code, status, title = "filter_unreadable", 422, _("The filter can't be read")
