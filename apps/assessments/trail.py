"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "framework.imported": (_("imported"), "scale"),
        "framework.proposed": (_("proposed"), "scale"),
        "framework.published": (_("published"), "scale"),
        "framework.withdrawn": (_("took back"), "scale"),
        "assessment.started": (_("started"), "list-check"),
        "assessment.answered": (_("answered a question of"), "edit"),
        "assessment.fit_stated": (_("described the task for"), "target"),
        "assessment.submitted": (_("submitted"), "upload"),
        "assessment.signed": (_("signed"), "signature"),
        "assessment.reopened": (_("opened again:"), "refresh"),
    }
)
