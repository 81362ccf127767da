from django.db import migrations

from apps.core.immutable import immutable

PARTS = """
CREATE FUNCTION registry_guard_parts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said text;
    taken bigint;
    most bigint;
BEGIN
    IF TG_TABLE_NAME = 'registry_rundataset' THEN
        SELECT digest INTO said FROM datasets_datasetversion WHERE id = NEW.version_id;
        SELECT count(*) INTO taken FROM registry_rundataset WHERE run_id = NEW.run_id;
        SELECT dataset_count INTO most FROM registry_trainingrun WHERE id = NEW.run_id;
    ELSE
        SELECT digest INTO said FROM datasets_guideline WHERE id = NEW.guideline_id;
        SELECT count(*) INTO taken FROM registry_runguideline WHERE run_id = NEW.run_id;
        SELECT guideline_count INTO most FROM registry_trainingrun WHERE id = NEW.run_id;
    END IF;
    IF taken >= most THEN
        RAISE EXCEPTION 'A registered run takes no more parts.' USING ERRCODE = 'check_violation';
    END IF;
    IF said IS NOT NULL AND said IS DISTINCT FROM NEW.digest THEN
        RAISE EXCEPTION 'A run names what it used by its digest.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_rundataset_parts BEFORE INSERT ON registry_rundataset
    FOR EACH ROW EXECUTE FUNCTION registry_guard_parts();
CREATE TRIGGER registry_runguideline_parts BEFORE INSERT ON registry_runguideline
    FOR EACH ROW EXECUTE FUNCTION registry_guard_parts();
CREATE FUNCTION registry_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM registry_trainingrun WHERE id = NEW.run_id AND model_id = NEW.model_id) THEN
        RAISE EXCEPTION 'A version belongs to the model of its run.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_modelversion_of_run BEFORE INSERT ON registry_modelversion
    FOR EACH ROW EXECUTE FUNCTION registry_guard_version();
ALTER TABLE registry_rundataset ENABLE ALWAYS TRIGGER registry_rundataset_parts;
ALTER TABLE registry_runguideline ENABLE ALWAYS TRIGGER registry_runguideline_parts;
ALTER TABLE registry_modelversion ENABLE ALWAYS TRIGGER registry_modelversion_of_run;
"""
NO_PARTS = """
DROP TRIGGER registry_rundataset_parts ON registry_rundataset;
DROP TRIGGER registry_runguideline_parts ON registry_runguideline;
DROP TRIGGER registry_modelversion_of_run ON registry_modelversion;
DROP FUNCTION registry_guard_parts();
DROP FUNCTION registry_guard_version();
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [
        *immutable(
            "registry_trainingrun",
            "registry_rundataset",
            "registry_runguideline",
            "registry_modelversion",
            "registry_modelversionwithdrawal",
            "registry_artefactcheck",
        ),
        migrations.RunSQL(PARTS, NO_PARTS),
    ]
