"""Migrations of the project's own apps go forward, back step by step to nothing, and forward again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db
OWN = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
SCHEMA = {
    "columns": """SELECT table_name, column_name, data_type, is_nullable, column_default, is_generated,
        generation_expression, character_maximum_length FROM information_schema.columns
        WHERE table_schema = 'public'""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal""",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "types": "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'",
}
STAYS = {"core_refuse_change"}

Schema = dict[str, list[tuple[Any, ...]]]
Step = tuple[str, str | None]


@pytest.fixture
def scratch_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Return a connection to an empty database on the embedded server, known to Django while the test runs."""
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_scratch"
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        connections.settings["scratch"] = {**connection.settings_dict, "NAME": name}
        try:
            yield connections["scratch"]
        finally:
            connections["scratch"].close()
            del connections["scratch"]
            del connections.settings["scratch"]
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def schema(database: Any) -> Schema:
    found: Schema = {}
    with database.cursor() as cursor:
        for name, sql in SCHEMA.items():
            cursor.execute(sql)
            found[name] = sorted(cursor.fetchall(), key=repr)
    return found


def of_own_apps(found: Schema) -> Schema:
    """Leave what belongs to the project's tables and functions, bar the function that its triggers share."""

    def is_own(row: tuple[Any, ...]) -> bool:
        return any(str(row[0]).startswith(f"{label}_") for label in OWN) and row[0] not in STAYS

    return {name: [row for row in rows if is_own(row)] for name, rows in found.items()}


def migrate(database: Any, targets: list[Step], seen: Callable[[Step], None] = lambda step: None) -> None:
    """Migrate in one go, for that renders the models once, and tell of each own step when it is done."""

    def progress(action: str, migration: Any = None, fake: bool | None = False) -> None:
        if action in ("apply_success", "unapply_success") and migration.app_label in OWN:
            seen((migration.app_label, migration.name))

    MigrationExecutor(database, progress).migrate(targets)


def before(steps: list[Step], number: int) -> Step:
    """Return where the app of a step was before it."""
    label, _name = steps[number]
    return next((step for step in reversed(steps[:number]) if step[0] == label), (label, None))


def test_the_models_have_no_missing_migration() -> None:
    call_command("makemigrations", *sorted(OWN), check_changes=True, dry_run=True, verbosity=0)


def test_every_migration_can_go_back() -> None:
    loader = MigrationExecutor(connection).loader
    stuck = [
        (str(migration), operation.describe())
        for step, migration in loader.disk_migrations.items()
        if step[0] in OWN
        for operation in migration.operations
        if not operation.reversible
    ]
    assert not stuck


def test_migrations_go_forward_back_step_by_step_and_forward_again(scratch_database: Any) -> None:
    leaves = MigrationExecutor(scratch_database).loader.graph.leaf_nodes()
    after: dict[Step, Schema] = {}

    def note(step: Step) -> None:
        after[step] = of_own_apps(schema(scratch_database))

    migrate(scratch_database, leaves, note)
    first = schema(scratch_database)
    assert of_own_apps(first)["triggers"]
    steps = list(after)
    assert {label for label, _name in steps} == OWN
    left = list(steps)

    def compare(step: Step) -> None:
        assert step == left.pop()
        found = of_own_apps(schema(scratch_database))
        if left:
            assert found == after[left[-1]], step
        else:
            assert not any(found.values()), found

    migrate(scratch_database, [before(steps, number) for number in reversed(range(len(steps)))], compare)
    assert not left
    migrate(scratch_database, leaves)
    assert schema(scratch_database) == first
