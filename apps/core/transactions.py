"""Transactions that begin again when the database broke them to undo a deadlock."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

DEADLOCK = "40P01"
MOST_TRIES = 5
P = ParamSpec("P")
R = TypeVar("R")


def atomic(act: Callable[P, R]) -> Callable[P, R]:
    """Run the act in a transaction, as ``transaction.atomic`` does; begin anew after a deadlock.

    One change may lead to gates in several rounds, so two acts can wait for each other's rows. PostgreSQL then rolls
    one of them back whole: nothing of it happened, and it is done again. Not for acts that read a stream, which stands
    at its end then. Within another transaction the error is raised.
    """

    @functools.wraps(act)
    def begun(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if connection.in_atomic_block else MOST_TRIES
        for _again in range(tries - 1):
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                    raise
        with transaction.atomic():
            return act(*args, **kwargs)

    return begun
