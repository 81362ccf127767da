"""Triggers that keep rows as they were written, for migrations."""

from django.db.migrations.operations.special import RunSQL


def immutable(*tables: str) -> list[RunSQL]:
    """Return the operations that refuse UPDATE, DELETE and TRUNCATE on the tables, whoever asks.

    ``ENABLE ALWAYS`` holds under ``session_replication_role = replica`` too.
    """
    operations = [
        RunSQL(
            """
            CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'Rows of % are only added.', TG_TABLE_NAME USING ERRCODE = 'check_violation';
            END $$
            """,
            RunSQL.noop,
        )
    ]
    for table in tables:
        operations.append(
            RunSQL(
                f"""
                CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE ON {table}
                    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
                CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
                    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
                ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_immutable;
                ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
                """,
                f"DROP TRIGGER {table}_immutable ON {table}; DROP TRIGGER {table}_no_truncate ON {table};",
            )
        )
    return operations


def immutable_once(table: str, condition: str) -> RunSQL:
    """Return the operation that refuses UPDATE and DELETE of rows for which ``condition`` on OLD holds, and TRUNCATE.

    ``condition`` is SQL written by a migration. It stands after ``immutable``, whose function it uses.
    """
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION core_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_immutable;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
        """,
        f"DROP TRIGGER {table}_immutable ON {table}; DROP TRIGGER {table}_no_truncate ON {table};",
    )
