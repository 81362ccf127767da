from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("datasets", "0009_sensitive")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="covers_from",
            field=models.DateField(blank=True, null=True, verbose_name="records from"),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("covers_from", None), ("cut_off", None), ("covers_from__lte", F("cut_off")), _connector="OR"
                ),
                name="source_begins_before_its_cut_off",
            ),
        ),
    ]
