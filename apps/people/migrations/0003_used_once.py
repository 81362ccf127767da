from django.db import migrations

from apps.core.immutable import immutable, immutable_once


class Migration(migrations.Migration):
    dependencies = [("people", "0002_confirmations")]
    operations = [*immutable(), immutable_once("people_confirmation", "OLD.used_at IS NOT NULL")]
