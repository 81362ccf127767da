from django.db import migrations

from apps.core.immutable import immutable

GUARD = """
CREATE FUNCTION gates_guard_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'Policies are never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'proposed' OR (NEW.id, NEW.kind, NEW.number, NEW.title, NEW.source, NEW.digest, NEW.note,
        NEW.proposed_by_id, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.number, OLD.title, OLD.source,
        OLD.digest, OLD.note, OLD.proposed_by_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'A policy version does not change.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_policy_guard BEFORE UPDATE OR DELETE ON gates_policyversion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_policy();
CREATE TRIGGER gates_policy_truncate BEFORE TRUNCATE ON gates_policyversion
    FOR EACH STATEMENT EXECUTE FUNCTION gates_guard_policy();
ALTER TABLE gates_policyversion ENABLE ALWAYS TRIGGER gates_policy_guard;
ALTER TABLE gates_policyversion ENABLE ALWAYS TRIGGER gates_policy_truncate;

CREATE FUNCTION gates_guard_gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    complete boolean;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'Gates are never deleted; they are withdrawn.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('rejected', 'withdrawn') AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'An ended gate stays ended.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.revision < OLD.revision THEN
        RAISE EXCEPTION 'A gate''s revision only grows.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.policy_version_id, NEW.subject_type, NEW.subject_id, NEW.team_id, NEW.opened_by_id, NEW.signatures_needed)
        IS DISTINCT FROM (OLD.policy_version_id, OLD.subject_type, OLD.subject_id, OLD.team_id, OLD.opened_by_id,
        OLD.signatures_needed)
    THEN
        RAISE EXCEPTION 'A gate keeps its policy, subject and team.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' THEN
        SELECT count(DISTINCT responsibility) >= NEW.signatures_needed
            AND count(DISTINCT by_id) >= NEW.signatures_needed
            INTO complete FROM gates_signoff
            WHERE gate_id = NEW.id AND verdict = 'approve' AND dossier_digest = NEW.dossier_digest;
        IF NOT complete OR NEW.unmet > 0 THEN
            RAISE EXCEPTION 'A gate is approved by signatures on its dossier.' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_gate_guard BEFORE UPDATE OR DELETE ON gates_gate
    FOR EACH ROW EXECUTE FUNCTION gates_guard_gate();
ALTER TABLE gates_gate ENABLE ALWAYS TRIGGER gates_gate_guard;
"""
UNGUARD = """
DROP TRIGGER gates_gate_guard ON gates_gate;
DROP FUNCTION gates_guard_gate();
DROP TRIGGER gates_policy_guard ON gates_policyversion;
DROP TRIGGER gates_policy_truncate ON gates_policyversion;
DROP FUNCTION gates_guard_policy();
"""


class Migration(migrations.Migration):
    dependencies = [("gates", "0001_initial")]
    operations = [*immutable("gates_signoff", "gates_dossiersnapshot"), migrations.RunSQL(GUARD, UNGUARD)]
