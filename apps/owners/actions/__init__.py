"""Who answers for it: every change of an ownership, of an offer, and what a drill is kept as."""

from apps.owners.actions.drills import record_drill
from apps.owners.actions.handovers import hand_over_many
from apps.owners.actions.offers import accept, decline, hand_over, offer, withdraw_offer
from apps.owners.actions.ownerships import appoint_deputy, vacate, vacate_all

__all__ = [
    "accept",
    "appoint_deputy",
    "decline",
    "hand_over",
    "hand_over_many",
    "offer",
    "record_drill",
    "vacate",
    "vacate_all",
    "withdraw_offer",
]
