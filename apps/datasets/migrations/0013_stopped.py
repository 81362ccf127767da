from django.db import migrations, models

GUARD = """
CREATE OR REPLACE FUNCTION datasets_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'Sample audits are never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('closed', 'withdrawn') THEN
        RAISE EXCEPTION 'An audit that has ended does not change.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.version_id, NEW.number, NEW.seed, NEW.wanted_rows, NEW.confidence_percent, NEW.margin_percent,
        NEW.reviewers_per_row, NEW.drawn_by_id, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.version_id, OLD.number,
        OLD.seed, OLD.wanted_rows, OLD.confidence_percent, OLD.margin_percent, OLD.reviewers_per_row, OLD.drawn_by_id,
        OLD.created_at)
    THEN
        RAISE EXCEPTION 'An audit keeps its seed and its size.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'reviewing' AND (NEW.strata, NEW.by_label, NEW.drawn_at) IS DISTINCT FROM
        (OLD.strata, OLD.by_label, OLD.drawn_at)
    THEN
        RAISE EXCEPTION 'A drawn sample does not change.' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT (NEW.state = OLD.state OR (OLD.state, NEW.state) IN (MOVES))
    THEN
        RAISE EXCEPTION 'An audit is drawn, reviewed, then closed or withdrawn.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('closed', 'withdrawn') AND (NEW.ended_by_id IS NULL OR NEW.ended_at IS NULL) THEN
        RAISE EXCEPTION 'An audit that has ended names who ended it.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = """('drawing', 'reviewing'), ('drawing', 'failed'),
        ('failed', 'drawing'), ('reviewing', 'closed'), ('drawing', 'withdrawn'), ('failed', 'withdrawn'),
        ('reviewing', 'withdrawn')"""
NOW = BEFORE + ", ('drawing', 'cancelled'), ('cancelled', 'drawing'), ('cancelled', 'withdrawn')"


class Migration(migrations.Migration):
    dependencies = [("datasets", "0012_where_rows_were_seen")]

    operations = [
        migrations.AlterField(
            model_name="sampleaudit",
            name="state",
            field=models.CharField(
                choices=[
                    ("drawing", "Being drawn"),
                    ("failed", "Failed"),
                    ("cancelled", "Stopped"),
                    ("reviewing", "Being reviewed"),
                    ("closed", "Closed"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="drawing",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="versiondifference",
            name="state",
            field=models.CharField(
                choices=[("pending", "Waiting"), ("done", "Done"), ("failed", "Failed"), ("cancelled", "Stopped")],
                default="pending",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="sampleaudit", name="one_unfinished_audit_per_version"),
        migrations.AddConstraint(
            model_name="sampleaudit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["drawing", "failed", "cancelled", "reviewing"])),
                fields=("version",),
                name="one_unfinished_audit_per_version",
            ),
        ),
        migrations.RunSQL(GUARD.replace("MOVES", NOW), GUARD.replace("MOVES", BEFORE)),
    ]
