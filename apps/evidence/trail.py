"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "document.added": (_("attached a document to"), "file-text"),
        "document.withdrawn": (_("took back a document on"), "x"),
        "attestation.made": (_("stated something about"), "signature"),
        "attestation.withdrawn": (_("took back a statement about"), "x"),
    }
)
