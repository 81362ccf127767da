"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "ownership.offered": (_("asked somebody to answer for"), "user"),
        "ownership.assigned": (_("took on a responsibility on"), "user"),
        "ownership.handed_over": (_("took over a responsibility on"), "arrow-right"),
        "ownership.declined": (_("declined a responsibility on"), "x"),
        "ownership.offer_withdrawn": (_("withdrew an offer on"), "x"),
        "ownership.vacated": (_("left a responsibility vacant on"), "user"),
        "ownership.deputy_appointed": (_("appointed a deputy on"), "users"),
        "ownership.deputy_removed": (_("removed a deputy on"), "users"),
        "continuity_drill.recorded": (_("recorded the continuity drill about"), "shield-check"),
    }
)
