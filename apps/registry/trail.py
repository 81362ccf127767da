"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "model.created": (_("created the model"), "robot"),
        "model.edited": (_("edited the model"), "edit"),
        "training_run.registered": (_("registered the training run"), "clock"),
        "model_version.registered": (_("registered"), "upload"),
        "model_version.withdrawn": (_("withdrew"), "circle-x"),
        "model_version.artefact_checked": (_("read the artefact of"), "eye"),
    }
)
