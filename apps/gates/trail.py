"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "gate.opened": (_("opened"), "gavel"),
        "gate.signed_off": (_("decided on"), "signature"),
        "gate.open": (_("moved back to open:"), "circle-dashed"),
        "gate.in_review": (_("moved into review:"), "clock"),
        "gate.approved": (_("moved to approved:"), "circle-check"),
        "gate.rejected": (_("moved to rejected:"), "circle-x"),
        "gate.lapsed": (_("let lapse:"), "history"),
        "gate.withdrawn": (_("moved to withdrawn:"), "x"),
        "gate.withdrawal_decided": (_("withdrew"), "x"),
        "gate.waived": (_("waived a requirement of"), "scale"),
        "gate.waiver_revoked": (_("revoked a waiver on"), "x"),
        "gate.condition_fulfilled": (_("fulfilled a condition of"), "list-check"),
        "gate.fulfilment_answered": (_("answered what was done for"), "signature"),
        "gate.commented": (_("commented on"), "writing"),
        "gate.thread_resolved": (_("resolved a thread on"), "check"),
        "policy.imported": (_("imported"), "scale"),
        "policy.proposed": (_("proposed"), "scale"),
        "policy.published": (_("published"), "scale"),
        "policy.withdrawn": (_("took back"), "scale"),
    }
)
