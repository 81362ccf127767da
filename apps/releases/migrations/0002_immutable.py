from django.db import migrations

from apps.core.immutable import immutable

GUARDS = """
CREATE FUNCTION releases_guard_environment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'An environment is never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.team_id, NEW.kind, NEW.created_by_id, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.team_id, OLD.kind, OLD.created_by_id, OLD.created_at) THEN
        RAISE EXCEPTION 'Team and kind of an environment never change.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_environment_guard BEFORE UPDATE OR DELETE ON releases_environment
    FOR EACH ROW EXECUTE FUNCTION releases_guard_environment();
CREATE TRIGGER releases_environment_no_truncate BEFORE TRUNCATE ON releases_environment
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();

CREATE FUNCTION releases_guard_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM registry_modelversion version
        JOIN registry_model model ON model.id = version.model_id
        JOIN usecases_usecase use_case ON use_case.id = model.use_case_id
        JOIN releases_environment environment ON environment.id = NEW.environment_id
        WHERE version.id = NEW.version_id AND version.model_id = NEW.model_id
            AND version.artefact_digest = NEW.artefact_digest AND use_case.team_id = environment.team_id
    ) THEN
        RAISE EXCEPTION 'A release is of a version of the model, in an environment of its team.'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.restores_id IS NULL THEN
        IF NEW.state <> 'proposed' OR NEW.gate_id IS NOT NULL THEN
            RAISE EXCEPTION 'A release begins as a proposal.' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.state <> 'live' OR NOT EXISTS (
        SELECT 1 FROM releases_release origin
        WHERE origin.id = NEW.restores_id AND origin.restores_id IS NULL AND origin.state = 'ended'
            AND origin.live_from IS NOT NULL AND origin.environment_id = NEW.environment_id
            AND origin.version_id = NEW.version_id AND origin.digest = NEW.digest
            AND origin.gate_id IS NOT DISTINCT FROM NEW.gate_id AND origin.dossier_digest = NEW.dossier_digest
    ) THEN
        RAISE EXCEPTION 'A rollback brings back what was live here before.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_release_new BEFORE INSERT ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_new();

CREATE FUNCTION releases_guard_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A release is never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.created_at, NEW.environment_id, NEW.model_id, NEW.version_id, NEW.number, NEW.artefact_digest,
        NEW.prompt_digest, NEW.configuration_digest, NEW.notes, NEW.restores_id, NEW.proposed_by_id)
        IS DISTINCT FROM
       (OLD.id, OLD.created_at, OLD.environment_id, OLD.model_id, OLD.version_id, OLD.number, OLD.artefact_digest,
        OLD.prompt_digest, OLD.configuration_digest, OLD.notes, OLD.restores_id, OLD.proposed_by_id) THEN
        RAISE EXCEPTION 'What a release is of never changes.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'ended' THEN
        RAISE EXCEPTION 'A release that has ended never changes.' USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.state, NEW.state) NOT IN
        (('proposed', 'proposed'), ('proposed', 'live'), ('proposed', 'ended'), ('live', 'ended')) THEN
        RAISE EXCEPTION 'A release goes from proposed to live to ended.' USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.state, NEW.state) <> ('proposed', 'proposed') AND
        (NEW.change, NEW.change_digest, NEW.compared_with_id, NEW.rollback_target_id, NEW.digest)
        IS DISTINCT FROM
        (OLD.change, OLD.change_digest, OLD.compared_with_id, OLD.rollback_target_id, OLD.digest) THEN
        RAISE EXCEPTION 'Only a proposal is compared anew.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'live' THEN
        IF NOT EXISTS (
            SELECT 1 FROM gates_gate gate
            WHERE gate.id = NEW.gate_id AND gate.kind = 'release' AND gate.state = 'approved'
                AND gate.subject_type = 'release' AND gate.subject_id = NEW.id
                AND gate.dossier_digest = NEW.dossier_digest
        ) THEN
            RAISE EXCEPTION 'A release goes live on its approved release gate.' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (NEW.gate_id, NEW.dossier_digest, NEW.live_from, NEW.live_by_id)
        IS DISTINCT FROM (OLD.gate_id, OLD.dossier_digest, OLD.live_from, OLD.live_by_id) THEN
        RAISE EXCEPTION 'On what a release went live never changes.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_release_guard BEFORE UPDATE OR DELETE ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_release();
CREATE TRIGGER releases_release_no_truncate BEFORE TRUNCATE ON releases_release
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
ALTER TABLE releases_environment ENABLE ALWAYS TRIGGER releases_environment_guard;
ALTER TABLE releases_environment ENABLE ALWAYS TRIGGER releases_environment_no_truncate;
ALTER TABLE releases_release ENABLE ALWAYS TRIGGER releases_release_new;
ALTER TABLE releases_release ENABLE ALWAYS TRIGGER releases_release_guard;
ALTER TABLE releases_release ENABLE ALWAYS TRIGGER releases_release_no_truncate;
"""
NO_GUARDS = """
DROP TRIGGER releases_environment_guard ON releases_environment;
DROP TRIGGER releases_environment_no_truncate ON releases_environment;
DROP TRIGGER releases_release_new ON releases_release;
DROP TRIGGER releases_release_guard ON releases_release;
DROP TRIGGER releases_release_no_truncate ON releases_release;
DROP FUNCTION releases_guard_environment();
DROP FUNCTION releases_guard_new();
DROP FUNCTION releases_guard_release();
"""


class Migration(migrations.Migration):
    dependencies = [("releases", "0001_initial"), ("gates", "0004_rule_constraints"), ("registry", "0002_immutable")]
    operations = [
        *immutable(
            "releases_rehearsal",
            "releases_rollback",
            "releases_rollbackreview",
            "releases_releaseattestation",
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
