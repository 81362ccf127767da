"""A gate begins open, another dossier is another revision, and no decision stands without its entry."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION gates_guard_dossier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.state, NEW.revision, NEW.dossier_digest, NEW.content_digest) <> ('open', 0, '', '')
            OR NEW.withdrawn_by_id IS NOT NULL
        THEN
            RAISE EXCEPTION 'A gate begins open, and nothing was shown of it.' USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM gates_policyversion policy
            WHERE policy.id = NEW.policy_version_id AND policy.kind = NEW.kind AND policy.state = 'published'
                AND (policy.team_id IS NULL OR policy.team_id = NEW.team_id)
        ) THEN
            RAISE EXCEPTION 'A gate applies a published policy of its kind and team.'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.kind <> OLD.kind THEN
        RAISE EXCEPTION 'A gate keeps its kind.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.revision, NEW.dossier_digest, NEW.content_digest)
        IS DISTINCT FROM (OLD.revision, OLD.dossier_digest, OLD.content_digest)
        AND (NEW.revision <= OLD.revision OR NOT EXISTS (
            SELECT FROM gates_dossiersnapshot
            WHERE gate_id = NEW.id AND revision = NEW.revision AND digest = NEW.dossier_digest
        ))
    THEN
        RAISE EXCEPTION 'Another dossier is another revision.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_gate_dossier BEFORE INSERT OR UPDATE ON gates_gate
    FOR EACH ROW EXECUTE FUNCTION gates_guard_dossier();
ALTER TABLE gates_gate ENABLE ALWAYS TRIGGER gates_gate_dossier;

CREATE FUNCTION gates_guard_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'published' AND (NEW.published_by_id IS NULL OR NEW.published_at IS NULL) THEN
        RAISE EXCEPTION 'A named second person publishes a policy.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_policy_published BEFORE UPDATE ON gates_policyversion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_publication();
ALTER TABLE gates_policyversion ENABLE ALWAYS TRIGGER gates_policy_published;

CREATE FUNCTION gates_guard_sign_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM gates_dossiersnapshot
        WHERE gate_id = NEW.gate_id AND digest = NEW.dossier_digest AND revision = NEW.dossier_revision
    ) THEN
        RAISE EXCEPTION 'What is signed was shown on this gate.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_signoff_shown BEFORE INSERT ON gates_signoff
    FOR EACH ROW EXECUTE FUNCTION gates_guard_sign_off();
ALTER TABLE gates_signoff ENABLE ALWAYS TRIGGER gates_signoff_shown;

CREATE FUNCTION gates_require_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_entry WHERE subject_id = NEW.gate_id AND action = TG_ARGV[0]
            AND body::jsonb #>> ARRAY['payload', TG_ARGV[1]] = NEW.id::text
    ) THEN
        RAISE EXCEPTION 'Nothing is decided without its entry.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER gates_signoff_recorded AFTER INSERT ON gates_signoff
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_require_entry('gate.signed_off', 'sign_off');
CREATE CONSTRAINT TRIGGER gates_waiver_recorded AFTER INSERT ON gates_waiver
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_require_entry('gate.waived', 'waiver');
ALTER TABLE gates_signoff ENABLE ALWAYS TRIGGER gates_signoff_recorded;
ALTER TABLE gates_waiver ENABLE ALWAYS TRIGGER gates_waiver_recorded;
"""
NO_GUARDS = """
DROP TRIGGER gates_waiver_recorded ON gates_waiver;
DROP TRIGGER gates_signoff_recorded ON gates_signoff;
DROP FUNCTION gates_require_entry();
DROP TRIGGER gates_policy_published ON gates_policyversion;
DROP FUNCTION gates_guard_publication();
DROP TRIGGER gates_signoff_shown ON gates_signoff;
DROP FUNCTION gates_guard_sign_off();
DROP TRIGGER gates_gate_dossier ON gates_gate;
DROP FUNCTION gates_guard_dossier();
"""


class Migration(migrations.Migration):
    dependencies = [("gates", "0007_inheritance"), ("ledger", "0002_append_only")]
    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
