from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0013_stopped")]

    operations = [
        migrations.AddField(
            model_name="versiondifference",
            name="key_column",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="versiondifference",
            name="error_code",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
    ]
