"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "review_template.imported": (_("imported"), "scale"),
        "review_template.proposed": (_("proposed"), "scale"),
        "review_template.published": (_("published"), "scale"),
        "review_template.withdrawn": (_("took back"), "scale"),
        "team_calendar.made": (_("made the"), "calendar"),
        "team_calendar.edited": (_("changed the"), "edit"),
        "review_plan.made": (_("planned the"), "calendar"),
        "review_plan.ended": (_("ended the plan of the"), "circle-x"),
        "review.performed": (_("performed the"), "signature"),
        "review.missed": (_("recorded as missed the"), "alert"),
        "review.followed_up": (_("followed up the"), "circle-check"),
        "review.commented": (_("added a note to the"), "writing"),
        "review_feed.renewed": (_("renewed the calendar feed of"), "key"),
    }
)
