"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "use_case.created": (_("created the use case"), "target"),
        "use_case.phase_moved": (_("moved the phase of"), "arrow-right"),
        "use_case.edited": (_("edited the use case"), "edit"),
    }
)
