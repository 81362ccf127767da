"""What a commit asks, asked within a test's one transaction."""

from django.db import connection

AFTER_THE_ROW = "gates_signoff_recorded, gates_waiver_recorded, releases_release_recorded"


def ask_at_once() -> None:
    """Have every statement asked what a commit asks, so that entries are numbered as they come.

    Only what asks for a row's entry waits for ``ask_for_entries``, as the entry is written after the row.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS {AFTER_THE_ROW} DEFERRED")


def ask_for_entries() -> None:
    """Ask whether the decisions since the last time have their entries."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {AFTER_THE_ROW} IMMEDIATE; SET CONSTRAINTS {AFTER_THE_ROW} DEFERRED")


def settle() -> None:
    """Let the ledger number what was written, and go on."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
