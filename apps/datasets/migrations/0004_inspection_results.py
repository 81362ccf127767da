"""Results of inspections become rows that nobody changes; a version says how its records are read."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import apps.core.identifiers
from apps.core.canonical import digest_of
from apps.core.immutable import immutable


def keep_results(registry, editor):
    alias = editor.connection.alias
    results = registry.get_model("datasets", "InspectionResult").objects.using(alias)
    inspections = registry.get_model("datasets", "Inspection").objects.using(alias)
    for row in inspections.filter(state="done").iterator(chunk_size=50):
        row.result = results.create(
            key=digest_of(["format 1", str(row.version_id), row.attempt]),
            digest=digest_of(row.findings),
            findings=row.findings,
            engine="duckdb",
        )
        row.save(using=alias, update_fields=["result"])
    editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def give_back(registry, editor):
    alias = editor.connection.alias
    inspections = registry.get_model("datasets", "Inspection").objects.using(alias)
    for row in inspections.exclude(result=None).select_related("result").iterator(chunk_size=50):
        row.findings = row.result.findings
        row.save(using=alias, update_fields=["findings"])
    editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0003_upload_checks"),
    ]

    operations = [
        migrations.CreateModel(
            name="InspectionResult",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("key", models.CharField(max_length=71, unique=True)),
                ("digest", models.CharField(max_length=71)),
                ("findings", models.JSONField()),
                ("engine", models.CharField(max_length=20)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="dataset",
            name="reading",
            field=models.JSONField(blank=True, default=dict, verbose_name="how its files are read"),
        ),
        migrations.AddField(
            model_name="datasetversion",
            name="context_column",
            field=models.CharField(blank=True, max_length=200, verbose_name="context column"),
        ),
        migrations.AddField(
            model_name="datasetversion",
            name="date_column",
            field=models.CharField(blank=True, max_length=200, verbose_name="date column"),
        ),
        migrations.AddField(
            model_name="datasetversion",
            name="shape",
            field=models.CharField(
                choices=[
                    ("chat", "Chat messages"),
                    ("prompt_completion", "Prompt and completion"),
                    ("instruction", "Instruction, input and output"),
                    ("question_answer", "Question and answer"),
                    ("text_label", "Text and label"),
                    ("other", "Columns of one's own"),
                ],
                default="other",
                max_length=20,
                verbose_name="shape of the records",
            ),
        ),
        migrations.AlterField(
            model_name="inspection",
            name="state",
            field=models.CharField(
                choices=[("pending", "Waiting"), ("done", "Done"), ("failed", "Failed"), ("cancelled", "Stopped")],
                default="pending",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="inspection",
            name="result",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="datasets.inspectionresult"
            ),
        ),
        migrations.RunPython(keep_results, give_back),
        migrations.RemoveField(
            model_name="inspection",
            name="findings",
        ),
        *immutable("datasets_inspectionresult"),
    ]
