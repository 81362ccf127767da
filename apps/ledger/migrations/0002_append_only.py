"""Append-only entries that are sequenced at commit, and checkpoints and nodes that are only added."""

from django.db import migrations

SQL = """
CREATE FUNCTION ledger_guard_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.seq IS NOT NULL OR NEW.leaf IS NOT NULL THEN
            RAISE EXCEPTION 'The ledger numbers its entries itself.' USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.body::jsonb ->> 'id') IS DISTINCT FROM NEW.id::text THEN
            RAISE EXCEPTION 'An entry''s key is the id in its body.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND OLD.seq IS NULL AND OLD.body = NEW.body
        AND OLD.id = NEW.id AND NEW.leaf = sha256('\\x00'::bytea || convert_to(NEW.body, 'UTF8'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The ledger is append-only.' USING ERRCODE = 'check_violation';
END $$;

CREATE FUNCTION ledger_sequence_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7301);
    UPDATE ledger_entry SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entry),
        leaf = sha256('\\x00'::bytea || convert_to(body, 'UTF8'))
    WHERE id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only added.', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER ledger_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_entry();
CREATE TRIGGER ledger_entry_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE CONSTRAINT TRIGGER ledger_entry_sequence AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_sequence_entry();
CREATE TRIGGER ledger_checkpoint_guard BEFORE UPDATE OR DELETE ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_checkpoint_truncate BEFORE TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_node_guard BEFORE UPDATE OR DELETE ON ledger_node
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_node_truncate BEFORE TRUNCATE ON ledger_node
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_guard;
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_truncate;
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_sequence;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_guard;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_truncate;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER ledger_node_guard;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER ledger_node_truncate;
"""
BACK = """
DROP TRIGGER ledger_entry_guard ON ledger_entry;
DROP TRIGGER ledger_entry_truncate ON ledger_entry;
DROP TRIGGER ledger_entry_sequence ON ledger_entry;
DROP TRIGGER ledger_checkpoint_guard ON ledger_checkpoint;
DROP TRIGGER ledger_checkpoint_truncate ON ledger_checkpoint;
DROP TRIGGER ledger_node_guard ON ledger_node;
DROP TRIGGER ledger_node_truncate ON ledger_node;
DROP FUNCTION ledger_guard_entry();
DROP FUNCTION ledger_sequence_entry();
DROP FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(SQL, BACK)]
