"""The tables as their owner has them: without guards, and empty."""

from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection

TRIGGERS = """
SELECT quote_ident(c.relname), quote_ident(t.tgname)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled = %s AND n.nspname = 'public'
"""


def set_triggers(on: bool) -> None:
    """Switch the guards off and on again: only the tables' owner can, here to empty them or to play the villain."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS, ["D" if on else "A"])
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} {'ENABLE ALWAYS' if on else 'DISABLE'} TRIGGER {trigger}")


def empty() -> None:
    """Empty every table past its guards, and put in again what migrations put in."""
    set_triggers(False)
    try:
        call_command("flush", verbosity=0, interactive=False, allow_cascade=True, inhibit_post_migrate=True)
    finally:
        set_triggers(True)
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
