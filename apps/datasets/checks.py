"""Checks at start-up: settings that this app could not work with."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from apps.datasets.inspection.sensitive import load


@checks.register("fourgate")
def recognisers_can_be_loaded(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every recogniser of one's own can be imported and made, and yields kinds that there are."""
    found: list[checks.CheckMessage] = []
    for path in settings.SENSITIVE_RECOGNISERS:
        try:
            load(path)
        except ValueError as error:
            found.append(checks.Error(f"SENSITIVE_RECOGNISERS: {error}", id="datasets.E003"))
    return found


@checks.register("fourgate")
def tables_can_be_named(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """The patterns of tables have a schema and a table, and DuckDB a file that they stand in."""
    found: list[checks.CheckMessage] = [
        checks.Error(f"TABLES: “{pattern}” is no pattern of schema.table, such as support.*.", id="datasets.E001")
        for pattern in settings.TABLES
        if len(pattern.split(".")) != 2 or not all(pattern.split("."))
    ]
    if settings.TABLES and settings.INSPECTION_ENGINE == "duckdb" and not Path(settings.TABLES_DATABASE).is_file():
        found.append(
            checks.Error("TABLES needs TABLES_DATABASE: the DuckDB file with these tables.", id="datasets.E002")
        )
    return found
