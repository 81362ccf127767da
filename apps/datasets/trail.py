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
        "dataset_copy.registered": (_("registered a copy of"), "copy"),
        "dataset_copy.handed_over": (_("handed over a copy of"), "users"),
        "dataset_copy.extended": (_("extended the time of a copy of"), "calendar"),
        "dataset_copy.deleted": (_("recorded the deletion of a copy of"), "trash"),
        "dataset_version.samples_viewed": (_("looked at sample rows of"), "eye"),
        "dataset_version.samples_unmasked": (_("unmasked sample rows of"), "eye"),
        "dataset_version.exported": (_("made an export link to"), "link"),
        "dataset_version.export_revoked": (_("took back an export link to"), "x"),
        "dataset_version.downloaded": (_("downloaded rows of"), "download"),
        "dataset_version.sensitive_decided": (_("decided on sensitive data in"), "shield-check"),
        "dataset_version.derived": (_("derived, without its sensitive data,"), "git-branch"),
        "dataset_version.inspected": (_("inspected"), "eye"),
        "dataset_version.inspection_stopped": (_("stopped the inspection of"), "x"),
        "dataset.reading_set": (_("set how the files are read of"), "settings"),
        "guideline.drafted": (_("drafted a labelling guideline for"), "edit"),
        "guideline.edited": (_("edited the draft of the labelling guideline for"), "edit"),
        "guideline.published": (_("published the labelling guideline for"), "list-check"),
        "annotations.added": (_("added annotations to"), "upload"),
        "annotations.analysed": (_("compared the annotations of"), "eye"),
        "lineage.node_recorded": (_("named"), "git-branch"),
        "lineage.recorded": (_("recorded what went into"), "git-branch"),
        "lineage.withdrawn": (_("took back what went into"), "eraser"),
        "lineage.run_reported": (_("received a report of the run"), "git-branch"),
        "description.read": (_("read metadata for"), "file-text"),
        "description.taken_over": (_("took metadata over for"), "download"),
        "description.discarded": (_("discarded metadata for"), "x"),
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
