from django.db import migrations

from apps.core.immutable import immutable
from apps.people.four_eyes import guard

GUARD = """
CREATE FUNCTION assessments_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'Assessments are never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.use_case_id, NEW.framework_id, NEW.number, NEW.started_by_id, NEW.reopened_from_id, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.use_case_id, OLD.framework_id, OLD.number, OLD.started_by_id,
        OLD.reopened_from_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'An assessment keeps its use case and framework.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'open' AND (NEW.snapshot, NEW.digest, NEW.submitted_by_id, NEW.submitted_at, NEW.waiting,
        NEW.contradicted) IS DISTINCT FROM (OLD.snapshot, OLD.digest, OLD.submitted_by_id, OLD.submitted_at,
        OLD.waiting, OLD.contradicted)
    THEN
        RAISE EXCEPTION 'A submitted assessment does not change.' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT (NEW.state = OLD.state OR (OLD.state, NEW.state) IN (('open', 'submitted'), ('submitted', 'signed'),
        ('submitted', 'superseded')))
    THEN
        RAISE EXCEPTION 'An assessment is submitted, then signed or superseded.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'submitted' AND (NEW.signed_by_id, NEW.signed_at, NEW.signature, NEW.confirmed_by)
        IS DISTINCT FROM (OLD.signed_by_id, OLD.signed_at, OLD.signature, OLD.confirmed_by)
    THEN
        RAISE EXCEPTION 'Only a submitted assessment is signed, once.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'signed' AND NEW.signed_by_id IS NULL THEN
        RAISE EXCEPTION 'A signed assessment names who signed.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assessments_guard BEFORE UPDATE OR DELETE ON assessments_assessment
    FOR EACH ROW EXECUTE FUNCTION assessments_guard();
CREATE TRIGGER assessments_no_truncate BEFORE TRUNCATE ON assessments_assessment
    FOR EACH STATEMENT EXECUTE FUNCTION assessments_guard();
ALTER TABLE assessments_assessment ENABLE ALWAYS TRIGGER assessments_guard;
ALTER TABLE assessments_assessment ENABLE ALWAYS TRIGGER assessments_no_truncate;

CREATE FUNCTION assessments_open_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM assessments_assessment WHERE id = NEW.assessment_id) <> 'open' THEN
        RAISE EXCEPTION 'Only an open assessment is answered.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assessments_answer_open BEFORE INSERT ON assessments_answer
    FOR EACH ROW EXECUTE FUNCTION assessments_open_only();
CREATE TRIGGER assessments_fit_open BEFORE INSERT ON assessments_fitstatement
    FOR EACH ROW EXECUTE FUNCTION assessments_open_only();
ALTER TABLE assessments_answer ENABLE ALWAYS TRIGGER assessments_answer_open;
ALTER TABLE assessments_fitstatement ENABLE ALWAYS TRIGGER assessments_fit_open;
"""
UNGUARD = """
DROP TRIGGER assessments_answer_open ON assessments_answer;
DROP TRIGGER assessments_fit_open ON assessments_fitstatement;
DROP FUNCTION assessments_open_only();
DROP TRIGGER assessments_guard ON assessments_assessment;
DROP TRIGGER assessments_no_truncate ON assessments_assessment;
DROP FUNCTION assessments_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial")]
    operations = [
        *immutable("assessments_answer", "assessments_fitstatement"),
        migrations.RunSQL(*guard("assessments_frameworkversion")),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
