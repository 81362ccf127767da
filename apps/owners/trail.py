"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "ownership.assigned": (_("named a holder on"), "user"),
        "ownership.handed_over": (_("handed over a responsibility on"), "arrow-right"),
        "ownership.vacated": (_("left a responsibility vacant on"), "user"),
        "ownership.deputy_appointed": (_("appointed a deputy on"), "users"),
        "ownership.deputy_removed": (_("removed a deputy on"), "users"),
    }
)
