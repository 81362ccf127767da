"""CSV export: streamed, and safe to open in a spreadsheet."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from apps.core.errors import Text

Column = tuple[Text, Callable[[Any], Any]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(value: Any) -> str:
    """Return the cell's text; one that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    is_number = text.lstrip("+-").replace(".", "", 1).isdigit()
    return "'" + text if text.startswith(_FORMULA) and not is_number else text


class _Line:
    def write(self, text: str) -> str:
        return text


def _lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([str(title) for title, _get in columns])
    for row in rows:
        yield writer.writerow([neutral(get(row)) for _title, get in columns])


def answer(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """Stream the rows as an attachment ``<name>.csv`` (UTF-8 with BOM)."""
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
