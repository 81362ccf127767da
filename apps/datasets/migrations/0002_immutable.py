from django.db import migrations

from apps.core.immutable import immutable


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]
    operations = immutable("datasets_datasetversion", "datasets_splitfile")
