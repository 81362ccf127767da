"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "environment.created": (_("created the environment"), "building"),
        "environment.edited": (_("edited the environment"), "edit"),
        "release.proposed": (_("proposed"), "upload"),
        "release.compared": (_("compared anew"), "git-branch"),
        "release.went_live": (_("brought live"), "circle-check"),
        "release.superseded": (_("replaced"), "history"),
        "release.withdrawn": (_("withdrew"), "circle-x"),
        "release.rehearsed": (_("recorded a rehearsal of the way back of"), "list-check"),
        "release.rolled_back": (_("rolled back"), "history"),
        "release.restored": (_("brought back"), "circle-check"),
        "release.rollback_reviewed": (_("reviewed the rollback of"), "scale"),
    }
)
