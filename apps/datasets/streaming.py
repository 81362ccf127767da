"""An export's rows as they leave: read and written row by row, in memory that no file's size changes."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, cast

import orjson
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.utils.text import slugify

from apps.core import csvs
from apps.datasets import inspection
from apps.datasets.inspection.reading import Format
from apps.datasets.models import SplitFile, VersionExport

BATCH = 64 * 1024


def _rows(files: Sequence[SplitFile], *, with_split: bool) -> Iterator[tuple[str, ...]]:
    """Yield the names of the columns, then every row in that order; a file may have them in another."""
    columns: tuple[str, ...] = ()
    for file in files:
        with default_storage.open(file.storage_name) as stream:
            rows = inspection.read_rows(cast(Any, stream), cast(Format, file.format), file.is_packed)
            here = next(rows)
            if not columns:
                columns = here
                yield (_free("split", columns), *columns) if with_split else columns
            places = [here.index(name) for name in columns]
            for row in rows:
                cells = tuple(row[place] for place in places)
                yield (file.split, *cells) if with_split else cells


def _free(name: str, columns: Sequence[str]) -> str:
    while name in columns:
        name += "_"
    return name


def _json_lines(names: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Iterator[bytes]:
    lines, size = [], 0
    for row in rows:
        lines.append(orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE))
        size += len(lines[-1])
        if size >= BATCH:
            yield b"".join(lines)
            lines, size = [], 0
    yield b"".join(lines)


def answer(export: VersionExport, files: Sequence[SplitFile]) -> StreamingHttpResponse:
    """Stream the export's rows as an attachment; in CSV, no cell and no column name is a formula."""
    rows = _rows(files, with_split=export.file is None)
    names = next(rows)
    stem = slugify(export.what.split(".")[0] if export.file is not None else export.what) or "export"
    if export.format == VersionExport.Format.CSV:
        columns = [(csvs.neutral(name), itemgetter(place)) for place, name in enumerate(names)]
        response = csvs.answer(stem, columns, rows)
    else:
        response = StreamingHttpResponse(_json_lines(names, rows), content_type="application/jsonl; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{stem}.jsonl"'
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
