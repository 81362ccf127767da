from django.db import migrations

from apps.core.immutable import immutable, immutable_once

PARTS = """
CREATE FUNCTION evaluations_guard_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM evaluations_runfile WHERE run_id = NEW.run_id)
        >= (SELECT file_count FROM evaluations_evaluationrun WHERE id = NEW.run_id) THEN
        RAISE EXCEPTION 'A registered evaluation takes no more files.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_runfile_parts BEFORE INSERT ON evaluations_runfile
    FOR EACH ROW EXECUTE FUNCTION evaluations_guard_files();
CREATE FUNCTION evaluations_guard_data() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM evaluations_suiteversion WHERE id = NEW.version_id AND state = 'published') THEN
        RAISE EXCEPTION 'A published suite takes no more data.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.digest IS DISTINCT FROM (SELECT digest FROM datasets_datasetversion WHERE id = NEW.dataset_version_id) THEN
        RAISE EXCEPTION 'A suite names its data by its digest.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_suitedataset_parts BEFORE INSERT ON evaluations_suitedataset
    FOR EACH ROW EXECUTE FUNCTION evaluations_guard_data();
CREATE FUNCTION evaluations_guard_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM evaluations_suiteversion
        WHERE id = NEW.version_id AND state = 'published' AND digest = NEW.digest
    ) THEN
        RAISE EXCEPTION 'Thresholds are signed as they were published.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_signature_of_published BEFORE INSERT ON evaluations_thresholdsignature
    FOR EACH ROW EXECUTE FUNCTION evaluations_guard_signature();
CREATE FUNCTION evaluations_guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM evaluations_suiteversion WHERE id = NEW.suite_version_id AND state = 'published') THEN
        RAISE EXCEPTION 'Only published suites are evaluated with.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_run_of_published BEFORE INSERT ON evaluations_evaluationrun
    FOR EACH ROW EXECUTE FUNCTION evaluations_guard_run();
CREATE FUNCTION evaluations_guard_closure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM evaluations_findingretest
        WHERE id = NEW.retest_id AND finding_id = NEW.finding_id AND outcome = 'gone'
    ) THEN
        RAISE EXCEPTION 'A finding is closed by a retest that shows that it is gone.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_closure_after_retest BEFORE INSERT ON evaluations_findingclosure
    FOR EACH ROW EXECUTE FUNCTION evaluations_guard_closure();
CREATE FUNCTION evaluations_guard_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    judged uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        judged := OLD.output_id;
    ELSE
        judged := NEW.output_id;
    END IF;
    IF EXISTS (
        SELECT 1 FROM evaluations_reviewedoutput o JOIN evaluations_outputreview r ON r.id = o.review_id
        WHERE o.id = judged AND r.state = 'closed'
    ) THEN
        RAISE EXCEPTION 'A closed review takes no judgements.' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_judgement_while_open BEFORE INSERT OR UPDATE OR DELETE ON evaluations_outputjudgement
    FOR EACH ROW EXECUTE FUNCTION evaluations_guard_judgement();
ALTER TABLE evaluations_runfile ENABLE ALWAYS TRIGGER evaluations_runfile_parts;
ALTER TABLE evaluations_suitedataset ENABLE ALWAYS TRIGGER evaluations_suitedataset_parts;
ALTER TABLE evaluations_thresholdsignature ENABLE ALWAYS TRIGGER evaluations_signature_of_published;
ALTER TABLE evaluations_evaluationrun ENABLE ALWAYS TRIGGER evaluations_run_of_published;
ALTER TABLE evaluations_findingclosure ENABLE ALWAYS TRIGGER evaluations_closure_after_retest;
ALTER TABLE evaluations_outputjudgement ENABLE ALWAYS TRIGGER evaluations_judgement_while_open;
"""
NO_PARTS = """
DROP TRIGGER evaluations_runfile_parts ON evaluations_runfile;
DROP TRIGGER evaluations_suitedataset_parts ON evaluations_suitedataset;
DROP TRIGGER evaluations_signature_of_published ON evaluations_thresholdsignature;
DROP TRIGGER evaluations_run_of_published ON evaluations_evaluationrun;
DROP TRIGGER evaluations_closure_after_retest ON evaluations_findingclosure;
DROP TRIGGER evaluations_judgement_while_open ON evaluations_outputjudgement;
DROP FUNCTION evaluations_guard_files();
DROP FUNCTION evaluations_guard_data();
DROP FUNCTION evaluations_guard_signature();
DROP FUNCTION evaluations_guard_run();
DROP FUNCTION evaluations_guard_closure();
DROP FUNCTION evaluations_guard_judgement();
"""


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0001_initial")]
    operations = [
        *immutable(
            "evaluations_baseline",
            "evaluations_suitedataset",
            "evaluations_thresholdsignature",
            "evaluations_evaluationrun",
            "evaluations_runfile",
            "evaluations_comparison",
            "evaluations_failurecase",
            "evaluations_failuredecision",
            "evaluations_redteamfinding",
            "evaluations_findingretest",
            "evaluations_findingclosure",
            "evaluations_outputreviewer",
            "evaluations_reviewedoutput",
        ),
        immutable_once("evaluations_suiteversion", "OLD.state = 'published'"),
        immutable_once("evaluations_outputreview", "OLD.state = 'closed'"),
        immutable_once("evaluations_leakagecheck", "OLD.state = 'done'"),
        migrations.RunSQL(PARTS, NO_PARTS),
    ]
