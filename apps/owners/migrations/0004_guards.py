from django.db import migrations

from apps.core.immutable import immutable

BEGINNING = """
CREATE FUNCTION owners_guard_beginning() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'An ownership begins before it ends.' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM owners_ownership WHERE subject_type = NEW.subject_type AND subject_id = NEW.subject_id
        AND responsibility = NEW.responsibility AND ended_at > NEW.since)
    THEN
        RAISE EXCEPTION 'Somebody held it then.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owners_beginning BEFORE INSERT ON owners_ownership
    FOR EACH ROW EXECUTE FUNCTION owners_guard_beginning();
ALTER TABLE owners_ownership ENABLE ALWAYS TRIGGER owners_beginning;
"""
NO_BEGINNING = """
DROP TRIGGER owners_beginning ON owners_ownership;
DROP FUNCTION owners_guard_beginning();
"""
OFFERS = """
CREATE FUNCTION owners_guard_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'Offers are decided, they are not deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'pending'
        OR (NEW.id, NEW.team_id, NEW.subject_type, NEW.subject_id, NEW.responsibility, NEW.offered_by_id, NEW.offered_at,
            NEW.to_id, NEW.deputy_id, NEW.note, NEW.replaces_id, NEW.created_at)
        IS DISTINCT FROM
           (OLD.id, OLD.team_id, OLD.subject_type, OLD.subject_id, OLD.responsibility, OLD.offered_by_id, OLD.offered_at,
            OLD.to_id, OLD.deputy_id, OLD.note, OLD.replaces_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'An offer is decided once, and nothing else of it changes.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owners_offer BEFORE UPDATE OR DELETE ON owners_ownershipoffer
    FOR EACH ROW EXECUTE FUNCTION owners_guard_offer();
CREATE TRIGGER owners_offer_no_truncate BEFORE TRUNCATE ON owners_ownershipoffer
    FOR EACH STATEMENT EXECUTE FUNCTION owners_guard_offer();
ALTER TABLE owners_ownershipoffer ENABLE ALWAYS TRIGGER owners_offer;
ALTER TABLE owners_ownershipoffer ENABLE ALWAYS TRIGGER owners_offer_no_truncate;
"""
NO_OFFERS = """
DROP TRIGGER owners_offer ON owners_ownershipoffer;
DROP TRIGGER owners_offer_no_truncate ON owners_ownershipoffer;
DROP FUNCTION owners_guard_offer();
"""


class Migration(migrations.Migration):
    dependencies = [("owners", "0003_offers_and_drills")]
    operations = [
        migrations.RunSQL(BEGINNING, NO_BEGINNING),
        migrations.RunSQL(OFFERS, NO_OFFERS),
        *immutable("owners_continuitydrill"),
    ]
