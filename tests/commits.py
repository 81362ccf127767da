"""What a commit asks, asked within a test's one transaction."""

from django.core.management import call_command
from django.db import connection

RECORDED = [
    "gates_signoff", "gates_condition", "gates_fulfilment", "gates_fulfilmentanswer", "gates_waiver",
    "gates_waiverrevocation", "gates_thread", "gates_comment", "gates_threadresolution", "gates_policyversion",
    "releases_release",
]  # fmt: skip
AFTER_THE_ROW = ", ".join(f"{table}_recorded" for table in RECORDED)


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


def sign() -> None:
    """Let the notary sign what is in the ledger now."""
    settle()
    call_command("notary", "--once")
