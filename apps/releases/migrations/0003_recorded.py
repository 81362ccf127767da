"""Nothing is live without its entry, and what is shown of a release is what its digests name."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION releases_require_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.restores_id IS NULL THEN
        IF NOT EXISTS (
            SELECT FROM ledger_entry WHERE subject_id = NEW.id AND action = 'release.went_live'
        ) THEN
            RAISE EXCEPTION 'Nothing goes live without its entry.' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM releases_rollback rollback
        JOIN ledger_entry entry ON entry.subject_id = rollback.release_id
        WHERE rollback.restored_id = NEW.id AND entry.action = 'release.rolled_back'
            AND entry.body::jsonb #>> '{payload,rollback}' = rollback.id::text
    ) THEN
        RAISE EXCEPTION 'Nothing is brought back without its rollback.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER releases_release_recorded AFTER INSERT OR UPDATE OF state ON releases_release
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'live') EXECUTE FUNCTION releases_require_entry();
ALTER TABLE releases_release ENABLE ALWAYS TRIGGER releases_release_recorded;

CREATE FUNCTION releases_guard_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.change_digest <> 'sha256:' || encode(sha256(convert_to(NEW.change, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'What changes is what its digest names.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_release_change BEFORE INSERT OR UPDATE OF change, change_digest ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_change();
ALTER TABLE releases_release ENABLE ALWAYS TRIGGER releases_release_change;

CREATE FUNCTION releases_guard_attestation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM releases_release release
        WHERE release.id = NEW.release_id AND release.state = 'live'
            AND NEW.statement::jsonb #>> '{predicate,release,id}' = release.id::text
            AND NEW.statement::jsonb #>> '{predicate,release,digest}' = release.digest
            AND 'sha256:' || (NEW.statement::jsonb #>> '{subject,0,digest,sha256}') = release.artefact_digest
    ) OR NEW.digest <> 'sha256:' || encode(sha256(convert_to(NEW.statement, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'A release is attested when it goes live, as what it is.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_attestation_of_live BEFORE INSERT ON releases_releaseattestation
    FOR EACH ROW EXECUTE FUNCTION releases_guard_attestation();
ALTER TABLE releases_releaseattestation ENABLE ALWAYS TRIGGER releases_attestation_of_live;
"""
NO_GUARDS = """
DROP TRIGGER releases_attestation_of_live ON releases_releaseattestation;
DROP FUNCTION releases_guard_attestation();
DROP TRIGGER releases_release_change ON releases_release;
DROP FUNCTION releases_guard_change();
DROP TRIGGER releases_release_recorded ON releases_release;
DROP FUNCTION releases_require_entry();
"""


class Migration(migrations.Migration):
    dependencies = [("releases", "0002_immutable"), ("ledger", "0002_append_only")]
    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
