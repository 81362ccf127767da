from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0011_forget_rows")]

    operations = [
        migrations.AddField(
            model_name="sampleview",
            name="what",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="sampleview", name="one_sample_view_an_hour"),
        migrations.AddConstraint(
            model_name="sampleview",
            constraint=models.UniqueConstraint(
                fields=("version", "user", "hour", "what"), name="one_sample_view_an_hour"
            ),
        ),
    ]
