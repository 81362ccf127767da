from django.db import migrations

GUARD = """
CREATE FUNCTION owners_guard_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'Ownerships are history: they end, they are not deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL
        OR (NEW.id, NEW.team_id, NEW.subject_type, NEW.subject_id, NEW.responsibility, NEW.holder_id, NEW.since,
            NEW.note, NEW.created_at)
        IS DISTINCT FROM
           (OLD.id, OLD.team_id, OLD.subject_type, OLD.subject_id, OLD.responsibility, OLD.holder_id, OLD.since,
            OLD.note, OLD.created_at)
    THEN
        RAISE EXCEPTION 'Of an ownership only the deputy and the end can change.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owners_history BEFORE UPDATE OR DELETE ON owners_ownership
    FOR EACH ROW EXECUTE FUNCTION owners_guard_history();
CREATE TRIGGER owners_no_truncate BEFORE TRUNCATE ON owners_ownership
    FOR EACH STATEMENT EXECUTE FUNCTION owners_guard_history();
ALTER TABLE owners_ownership ENABLE ALWAYS TRIGGER owners_history;
ALTER TABLE owners_ownership ENABLE ALWAYS TRIGGER owners_no_truncate;
"""
UNGUARD = """
DROP TRIGGER owners_history ON owners_ownership;
DROP TRIGGER owners_no_truncate ON owners_ownership;
DROP FUNCTION owners_guard_history();
"""


class Migration(migrations.Migration):
    dependencies = [("owners", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
