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
        "dataset_version.sensitive_decided": (_("decided on sensitive data in"), "shield-check"),
        "dataset_version.derived": (_("derived, without its sensitive data,"), "git-branch"),
        "dataset_version.inspected": (_("inspected"), "eye"),
        "dataset_version.inspection_stopped": (_("stopped the inspection of"), "x"),
        "dataset.reading_set": (_("set how the files are read of"), "settings"),
    }
)
