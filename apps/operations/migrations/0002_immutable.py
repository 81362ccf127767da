"""A review is opened, then performed or missed in its time, with its entry, and unchanged from then on."""

from django.db import migrations

from apps.core.immutable import immutable
from apps.people.four_eyes import guard

GUARDS = """
CREATE FUNCTION operations_guard_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'A review begins open.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A review is never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'open' THEN
        RAISE EXCEPTION 'A review that was performed or missed never changes.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'open' OR (NEW.id, NEW.created_at, NEW.plan_id, NEW.template_id, NEW.first_day, NEW.last_day,
        NEW.time_zone, NEW.opens_at, NEW.due_at, NEW.lapses_at, NEW.responsibility)
        IS DISTINCT FROM (OLD.id, OLD.created_at, OLD.plan_id, OLD.template_id, OLD.first_day, OLD.last_day,
        OLD.time_zone, OLD.opens_at, OLD.due_at, OLD.lapses_at, OLD.responsibility) THEN
        RAISE EXCEPTION 'What a review is about never changes.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'performed'
        AND NEW.digest <> 'sha256:' || encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'What was found is what its digest names.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER operations_review_guard BEFORE INSERT OR UPDATE OR DELETE ON operations_review
    FOR EACH ROW EXECUTE FUNCTION operations_guard_review();
CREATE TRIGGER operations_review_no_truncate BEFORE TRUNCATE ON operations_review
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();

CREATE FUNCTION operations_require_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_entry WHERE subject_id = NEW.id AND action = 'review.' || NEW.state
    ) THEN
        RAISE EXCEPTION 'No review is performed or missed without its entry.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER operations_review_recorded AFTER UPDATE OF state ON operations_review
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION operations_require_entry();

CREATE FUNCTION operations_guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A review plan is never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.ended_on IS NOT NULL OR NEW.covered_until < OLD.covered_until
        OR (NEW.id, NEW.created_at, NEW.use_case_id, NEW.cadence, NEW.starts_on, NEW.planned_by_id)
        IS DISTINCT FROM (OLD.id, OLD.created_at, OLD.use_case_id, OLD.cadence, OLD.starts_on, OLD.planned_by_id) THEN
        RAISE EXCEPTION 'A review plan goes on, then ends once.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER operations_reviewplan_guard BEFORE UPDATE OR DELETE ON operations_reviewplan
    FOR EACH ROW EXECUTE FUNCTION operations_guard_plan();
CREATE TRIGGER operations_reviewplan_no_truncate BEFORE TRUNCATE ON operations_reviewplan
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();

CREATE FUNCTION operations_guard_follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A follow-up is never deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.done_at IS NOT NULL OR (NEW.id, NEW.created_at, NEW.review_id, NEW.what, NEW.owner_id, NEW.due_on, NEW.due_at)
        IS DISTINCT FROM (OLD.id, OLD.created_at, OLD.review_id, OLD.what, OLD.owner_id, OLD.due_on, OLD.due_at) THEN
        RAISE EXCEPTION 'A follow-up is done once.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER operations_followup_guard BEFORE UPDATE OR DELETE ON operations_followup
    FOR EACH ROW EXECUTE FUNCTION operations_guard_follow_up();
CREATE TRIGGER operations_followup_no_truncate BEFORE TRUNCATE ON operations_followup
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();

ALTER TABLE operations_review ENABLE ALWAYS TRIGGER operations_review_guard;
ALTER TABLE operations_review ENABLE ALWAYS TRIGGER operations_review_no_truncate;
ALTER TABLE operations_review ENABLE ALWAYS TRIGGER operations_review_recorded;
ALTER TABLE operations_reviewplan ENABLE ALWAYS TRIGGER operations_reviewplan_guard;
ALTER TABLE operations_reviewplan ENABLE ALWAYS TRIGGER operations_reviewplan_no_truncate;
ALTER TABLE operations_followup ENABLE ALWAYS TRIGGER operations_followup_guard;
ALTER TABLE operations_followup ENABLE ALWAYS TRIGGER operations_followup_no_truncate;
"""
NO_GUARDS = """
DROP TRIGGER operations_review_guard ON operations_review;
DROP TRIGGER operations_review_no_truncate ON operations_review;
DROP TRIGGER operations_review_recorded ON operations_review;
DROP TRIGGER operations_reviewplan_guard ON operations_reviewplan;
DROP TRIGGER operations_reviewplan_no_truncate ON operations_reviewplan;
DROP TRIGGER operations_followup_guard ON operations_followup;
DROP TRIGGER operations_followup_no_truncate ON operations_followup;
DROP FUNCTION operations_guard_review();
DROP FUNCTION operations_require_entry();
DROP FUNCTION operations_guard_plan();
DROP FUNCTION operations_guard_follow_up();
"""


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial"), ("ledger", "0002_append_only")]
    operations = [
        *immutable("operations_reviewcomment"),
        migrations.RunSQL(*guard("operations_reviewtemplate")),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
