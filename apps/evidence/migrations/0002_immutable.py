from django.db import migrations

from apps.core.immutable import immutable


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]
    operations = immutable(
        "evidence_document",
        "evidence_documentwithdrawal",
        "evidence_attestation",
        "evidence_attestationwithdrawal",
    )
