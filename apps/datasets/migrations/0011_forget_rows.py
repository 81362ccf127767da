from django.db import migrations

ONLY_TEXTS_ARE_FORGOTTEN = """
CREATE FUNCTION datasets_difference_without_rows(given jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF given -> 'samples' IS NULL THEN
        RETURN given;
    END IF;
    RETURN given || jsonb_build_object(
        'samples', (SELECT coalesce(jsonb_object_agg(e.key, '[]'::jsonb), '{}'::jsonb)
            FROM jsonb_each(given -> 'samples') AS e),
        'label_moves', (given -> 'label_moves') || '{"moves": []}'::jsonb,
        'labels', (SELECT coalesce(jsonb_object_agg(e.key, e.value || '{"labels": []}'::jsonb), '{}'::jsonb)
            FROM jsonb_each(given -> 'labels') AS e));
END $$;
CREATE OR REPLACE FUNCTION datasets_difference_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'A difference that was found does not change.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'done' AND (to_jsonb(NEW) - 'result' IS DISTINCT FROM to_jsonb(OLD) - 'result'
        OR NEW.result IS DISTINCT FROM datasets_difference_without_rows(OLD.result)) THEN
        RAISE EXCEPTION 'Of a difference only the rows are forgotten.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION datasets_contesteditem_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR to_jsonb(NEW) - 'item' IS DISTINCT FROM to_jsonb(OLD) - 'item' OR NEW.item <> '' THEN
        RAISE EXCEPTION 'Contested items are only added, and their texts forgotten.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER datasets_contesteditem_immutable ON datasets_contesteditem;
CREATE TRIGGER datasets_contesteditem_keep BEFORE UPDATE OR DELETE ON datasets_contesteditem
    FOR EACH ROW EXECUTE FUNCTION datasets_contesteditem_keep();
ALTER TABLE datasets_contesteditem ENABLE ALWAYS TRIGGER datasets_contesteditem_keep;
"""
NOTHING_IS_FORGOTTEN = """
DROP TRIGGER datasets_contesteditem_keep ON datasets_contesteditem;
DROP FUNCTION datasets_contesteditem_keep();
CREATE TRIGGER datasets_contesteditem_immutable BEFORE UPDATE OR DELETE ON datasets_contesteditem
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
ALTER TABLE datasets_contesteditem ENABLE ALWAYS TRIGGER datasets_contesteditem_immutable;
CREATE OR REPLACE FUNCTION datasets_difference_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') OR OLD.state = 'done' THEN
        RAISE EXCEPTION 'A difference that was found does not change.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION datasets_difference_without_rows(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0010_source_period")]

    operations = [migrations.RunSQL(ONLY_TEXTS_ARE_FORGOTTEN, NOTHING_IS_FORGOTTEN)]
