"""OpenLineage run events: read, checked, and reduced to what lineage keeps of them.

Source: the OpenLineage specification 2-0-2, spec/OpenLineage.json (RunEvent) and its standard facets.
"""

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from apps.core.api.parsers import strict_loads
from apps.core.canonical import digest_of
from apps.datasets.errors import RunEventUnreadable

STATES = {
    "START": "started",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "ABORT": "aborted",
    "FAIL": "failed",
    "OTHER": "",
}
FINAL = frozenset({"complete", "aborted", "failed"})
MOST_DATASETS = 1000
LONGEST_NAME = 300
LARGEST_FILE = 5 * 1024 * 1024
MOST_EVENTS = 500
MOST_COLUMNS = 200
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class NamedDataset:
    """A dataset as OpenLineage names it; ``digest`` where its version facet is a SHA-256, ``details`` the rest."""

    namespace: str
    name: str
    pointer: str
    digest: str = ""
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run event, checked. ``digest`` is that of the whole event in canonical form."""

    run_id: uuid.UUID
    event_type: str
    event_time: dt.datetime
    namespace: str
    name: str
    producer: str
    description: str
    inputs: tuple[NamedDataset, ...]
    outputs: tuple[NamedDataset, ...]
    details: dict[str, Any]
    digest: str

    @property
    def state(self) -> str:
        return STATES[self.event_type]

    @property
    def job(self) -> str:
        return f"{self.namespace}/{self.name}"


class _Reader:
    """Collects what is wrong, by JSON pointer, so that one answer names it all."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def say(self, pointer: str, text: str) -> None:
        self.errors.setdefault(pointer, []).append(text)

    def mapping(self, value: Any, pointer: str, needed: bool = True) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        if needed or value is not None:
            self.say(pointer, _("Send an object here."))
        return {}

    def text(self, found: Mapping[str, Any], key: str, pointer: str, needed: bool = True) -> str:
        value = found.get(key)
        if isinstance(value, str) and value.strip() and len(value) <= LONGEST_NAME:
            return value.strip()
        if needed or value not in (None, ""):
            self.say(f"{pointer}/{key}", _("Send a text of 1 to %(n)d characters here.") % {"n": LONGEST_NAME})
        return ""

    def finish(self) -> None:
        if self.errors:
            pointer, texts = next(iter(self.errors.items()))
            raise RunEventUnreadable(
                _("This is no OpenLineage run event: %(pointer)s: %(text)s") % {"pointer": pointer, "text": texts[0]},
                errors=self.errors,
            )


def read_event(event: Any) -> RunReport:
    """Return the report of one RunEvent (START, RUNNING, COMPLETE, ABORT, FAIL or OTHER).

    ``run.runId`` (a UUID), ``job.namespace``, ``job.name`` and ``eventTime`` (with its offset from UTC) are needed; an
    event without ``eventType`` counts as OTHER; facets that are not known are left alone. Raise
    ``RunEventUnreadable`` with everything that is wrong, by JSON pointer.
    """
    reader = _Reader()
    whole = reader.mapping(event, "/")
    if whole and "run" not in whole and ("job" in whole or "dataset" in whole):
        reader.say("/run", _("Only run events are taken; job events and dataset events are not."))
        reader.finish()
    run = reader.mapping(whole.get("run"), "/run")
    job = reader.mapping(whole.get("job"), "/job")
    event_type = whole.get("eventType", "OTHER")
    if not isinstance(event_type, str) or event_type not in STATES:
        reader.say("/eventType", _("Known: %(known)s.") % {"known": ", ".join(STATES)})
        event_type = "OTHER"
    run_id = _run_id(reader, run)
    moment = _moment(reader, whole.get("eventTime"))
    namespace, name = reader.text(job, "namespace", "/job"), reader.text(job, "name", "/job")
    inputs = _datasets(reader, whole.get("inputs"), "inputs")
    outputs = _datasets(reader, whole.get("outputs"), "outputs")
    producer = whole.get("producer", "")
    if not isinstance(producer, str) or len(producer) > 500:
        reader.say("/producer", _("Send the address of the program here, at most 500 characters."))
    digest = ""
    try:
        digest = digest_of(event)
    except (ValueError, TypeError, RecursionError) as error:
        reader.say("/", str(error)[:200])
    reader.finish()
    return RunReport(
        run_id,
        event_type,
        moment,
        namespace,
        name,
        producer,
        _facet_text(job, "documentation", "description")[:1000],
        inputs,
        outputs,
        _run_details(run, job),
        digest,
    )


def events_of(data: bytes) -> list[Any]:
    """Return the events of a file: one JSON object, or one a line as OpenLineage's file transport writes them.

    At most 500 events and 5 MB. Raise ``RunEventUnreadable`` with the line.
    """
    if len(data) > LARGEST_FILE:
        raise _unreadable(_("A file of events holds at most %(n)d MB.") % {"n": LARGEST_FILE // 1024**2})
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and lines[0][1].strip() == b"{":
        lines = [(1, data)]
    if not lines or len(lines) > MOST_EVENTS:
        raise _unreadable(_("Send 1 to %(n)d events, one a line.") % {"n": MOST_EVENTS})
    found = []
    for number, line in lines:
        try:
            found.append(strict_loads(line))
        except ParseError as error:
            raise _unreadable(_("Line %(line)d: %(why)s") % {"line": number, "why": error.detail}) from error
    return found


def _unreadable(text: str) -> RunEventUnreadable:
    return RunEventUnreadable(text, errors={"/file": [text]})


def _run_id(reader: _Reader, run: Mapping[str, Any]) -> uuid.UUID:
    try:
        return uuid.UUID(str(run["runId"]))
    except (KeyError, ValueError):
        if "/run" not in reader.errors:
            reader.say("/run/runId", _("Send the run's UUID here."))
        return uuid.UUID(int=0)


def _moment(reader: _Reader, value: Any) -> dt.datetime:
    moment = None
    if isinstance(value, str):
        try:
            moment = parse_datetime(value)
        except ValueError:
            moment = None
    if moment is None or moment.tzinfo is None:
        reader.say("/eventTime", _("Send a date and time with its offset, such as 2026-03-03T09:12:00Z."))
        return dt.datetime.fromtimestamp(0, dt.UTC)
    return moment


def _datasets(reader: _Reader, value: Any, key: str) -> tuple[NamedDataset, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_DATASETS:
        reader.say(f"/{key}", _("Send a list of at most %(n)d datasets here.") % {"n": MOST_DATASETS})
        return ()
    found: dict[tuple[str, str], NamedDataset] = {}
    for number, row in enumerate(value):
        pointer = f"/{key}/{number}"
        dataset = reader.mapping(row, pointer)
        if not dataset:
            continue
        namespace, name = reader.text(dataset, "namespace", pointer), reader.text(dataset, "name", pointer)
        facets = dataset.get("facets")
        version = _facet_text({"facets": facets}, "version", "datasetVersion")
        found.setdefault(
            (namespace, name),
            NamedDataset(
                namespace,
                name,
                pointer,
                version if _DIGEST.match(version) else "",
                _facet_text({"facets": facets}, "documentation", "description")[:1000],
                _dataset_details(dataset, version),
            ),
        )
    return tuple(found.values())


def _facet(owner: Mapping[str, Any], name: str, key: str = "facets") -> Mapping[str, Any]:
    facets = owner.get(key)
    facet = facets.get(name) if isinstance(facets, Mapping) else None
    return facet if isinstance(facet, Mapping) else {}


def _facet_text(owner: Mapping[str, Any], name: str, field_name: str) -> str:
    value = _facet(owner, name).get(field_name)
    return value.strip() if isinstance(value, str) else ""


def _dataset_details(dataset: Mapping[str, Any], version: str) -> dict[str, Any]:
    fields = _facet(dataset, "schema").get("fields")
    columns = (
        [row["name"][:200] for row in fields if isinstance(row, Mapping) and isinstance(row.get("name"), str)]
        if isinstance(fields, list)
        else []
    )
    statistics = _facet(dataset, "outputStatistics", "outputFacets")
    rows = statistics.get("rowCount")
    details: dict[str, Any] = {"columns": columns[:MOST_COLUMNS], "version": version[:200]}
    if isinstance(rows, int) and not isinstance(rows, bool):
        details["rows"] = rows
    return {key: value for key, value in details.items() if value not in ("", [])}


def _run_details(run: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, str]:
    code, engine = _facet(job, "sourceCodeLocation"), _facet(run, "processing_engine")
    parent = _facet({"facets": _facet(run, "parent")}, "run")
    found = {
        "code": code.get("url"),
        "code_version": code.get("version"),
        "engine": engine.get("name"),
        "engine_version": engine.get("version"),
        "parent_run": parent.get("runId"),
        "error": _facet(run, "errorMessage").get("message"),
    }
    return {key: value[:500] for key, value in found.items() if isinstance(value, str) and value.strip()}
