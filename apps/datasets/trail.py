"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "source.created": (_("declared the source"), "database"),
        "source.edited": (_("edited the source"), "edit"),
        "dataset.created": (_("created the dataset"), "database"),
        "dataset.edited": (_("edited the dataset"), "edit"),
        "dataset.sources_declared": (_("declared the sources of"), "database"),
        "dataset_version.registered": (_("registered"), "upload"),
        "dataset_version.inspected": (_("inspected"), "eye"),
        "dataset_version.inspection_stopped": (_("stopped the inspection of"), "x"),
        "dataset.reading_set": (_("set how the files are read of"), "settings"),
        "dataset_version.compared": (_("compared with an earlier version"), "git-branch"),
        "sample_audit.asked": (_("asked for a sample audit of"), "list-check"),
        "sample_audit.drawn": (_("drew a random sample of"), "list-check"),
        "sample_audit.reviewers_invited": (_("invited reviewers to"), "users"),
        "sample_audit.reviewer_dismissed": (_("dismissed a reviewer of"), "user"),
        "sample_audit.judged": (_("judged a row of"), "eye"),
        "sample_audit.adjudicated": (_("decided a disputed row of"), "gavel"),
        "sample_audit.closed": (_("closed a sample audit of"), "circle-check"),
        "sample_audit.withdrawn": (_("withdrew a sample audit of"), "circle-x"),
        "sample_audit.texts_erased": (_("erased the sampled texts of"), "eraser"),
    }
)
