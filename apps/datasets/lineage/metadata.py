"""Metadata files that come with a dataset: Croissant JSON-LD and Hugging Face dataset cards, and what is recognised.

Sources: the Croissant format specification 1.0 and 1.1 (docs.mlcommons.org/croissant) and the Hugging Face dataset
card metadata (README.md that begins with YAML between two lines of ``---``).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from django.utils.translation import gettext as _

from apps.core.api.parsers import check_text
from apps.datasets.errors import DescriptionUnreadable

LARGEST = 2 * 1024 * 1024
MOST_ENTRIES = 200
_SHA256 = re.compile(r"^[0-9a-f]{64}$")


def recognise(data: bytes) -> tuple[str, dict[str, Any]]:
    """Return the format (``croissant`` or ``hugging_face``) and what is recognised, all of it plain text.

    Keys: name, description, licence, creators, publisher, url, version, published, languages, size, tasks, keywords,
    sources (what it was made from), files (name, url, sha256, size, format), notes (what can't be used, and why).
    Raise ``DescriptionUnreadable``.
    """
    if len(data) > LARGEST:
        raise _unreadable(_("A metadata file holds at most %(n)d MB.") % {"n": LARGEST // 1024**2})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(_("The file is not UTF-8: byte %(at)d.") % {"at": error.start}) from error
    if "\x00" in text:
        raise _unreadable(_("The file holds NUL characters; it is no text."))
    if text.lstrip().startswith("{"):
        return "croissant", _croissant(text)
    return "hugging_face", _card(text)


def _unreadable(text: str) -> DescriptionUnreadable:
    return DescriptionUnreadable(text, errors={"/file": [text]})


def _plain(value: Any, limit: int = 500) -> str:
    """Return what a value says as text: of an object its name, its identifier or its address."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "@value", "@id", "url") if isinstance(value.get(key), str)), "")
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return ""
    return " ".join(str(value).split())[:limit]


def _many(value: Any, limit: int = 300) -> list[str]:
    """Return the texts of one value or of several, each once."""
    rows = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(text for row in rows[:MOST_ENTRIES] if (text := _plain(row, limit))))


def _croissant(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
        check_text(found)
    except RecursionError as error:
        raise _unreadable(_("The JSON is nested too deep.")) from error
    except ValueError as error:
        raise _unreadable(_("The file is not JSON: %(why)s") % {"why": error}) from error
    except Exception as error:
        raise _unreadable(str(getattr(error, "detail", error))) from error
    notes: list[str] = []
    types = {_local(row) for row in _many(found.get("@type"))}
    if "Dataset" not in types:
        raise _unreadable(_("This JSON-LD does not describe a dataset: its @type is not Dataset."))
    conforms = _many(_get(found, "conformsTo"))
    if not any("mlcommons.org/croissant" in row for row in conforms):
        notes.append(_("It does not say that it conforms to Croissant; read as a schema.org Dataset."))
    files = list(_files(_get(found, "distribution"), notes))
    size = _plain(_get(found, "size")) or _bytes_of(_get(found, "distribution"))
    return {
        "name": _plain(_get(found, "name"), 200),
        "description": _long(_get(found, "description")),
        "licence": ", ".join(_many(_get(found, "license")))[:300],
        "creators": _many(_get(found, "creator")),
        "publisher": ", ".join(_many(_get(found, "publisher")))[:300],
        "url": _address(_plain(_get(found, "url")), notes),
        "version": _plain(_get(found, "version"), 60),
        "published": _plain(_get(found, "datePublished"), 60),
        "languages": _many(_get(found, "inLanguage"), 60),
        "size": size,
        "tasks": _many(_get(found, "task"), 120),
        "keywords": _many(_get(found, "keywords"), 120),
        "sources": list(
            dict.fromkeys(
                [*_many(_get(found, "wasDerivedFrom")), *_many(_get(found, "isBasedOn")), *_many(found.get("source"))]
            )
        ),
        "files": files,
        "notes": notes,
    }


def _local(name: str) -> str:
    return re.split(r"[:/#]", name)[-1]


def _get(found: Mapping[str, Any], name: str) -> Any:
    """Return the value of a term, under whatever prefix it stands."""
    if name in found:
        return found[name]
    return next((value for key, value in found.items() if not key.startswith("@") and _local(key) == name), None)


def _long(value: Any) -> str:
    text = value if isinstance(value, str) else _plain(value, 2000)
    return text.strip()[:2000]


def _address(text: str, notes: list[str]) -> str:
    if text and not re.match(r"^https?://", text):
        notes.append(_("“%(url)s” is no web address and is left out.") % {"url": text[:100]})
        return ""
    return text[:300]


def _files(value: Any, notes: list[str]) -> Iterator[dict[str, Any]]:
    rows = value if isinstance(value, list) else [value] if value else []
    if len(rows) > MOST_ENTRIES:
        notes.append(_("Only the first %(n)d files are read.") % {"n": MOST_ENTRIES})
    for row in rows[:MOST_ENTRIES]:
        if not isinstance(row, Mapping) or _local(_plain(row.get("@type"))) not in ("FileObject", "DataDownload"):
            continue
        digest = _plain(_get(row, "sha256")).lower()
        name = _plain(_get(row, "name"), 160) or _plain(row.get("@id"), 160)
        if digest and not _SHA256.match(digest):
            notes.append(_("The sha256 of “%(name)s” is none and is left out.") % {"name": name})
            digest = ""
        yield {
            "name": name,
            "url": _plain(_get(row, "contentUrl")),
            "sha256": digest,
            "size": _plain(_get(row, "contentSize"), 60),
            "format": ", ".join(_many(_get(row, "encodingFormat"), 100)),
        }


def _bytes_of(value: Any) -> str:
    rows = value if isinstance(value, list) else [value] if value else []
    sizes = [re.match(r"^(\d+)\s*B?$", _plain(_get(row, "contentSize"))) for row in rows if isinstance(row, Mapping)]
    total = sum(int(size.group(1)) for size in sizes if size)
    return f"{total} B" if total else ""


def _card(text: str) -> dict[str, Any]:
    parts = re.match(r"^\s*---\s*\n(.*?)\n---\s*(?:\n(.*))?$", text, re.DOTALL)
    if parts is None:
        raise _unreadable(
            _("Neither Croissant JSON-LD nor a dataset card: a card begins with YAML between two lines of ---.")
        )
    try:
        found = yaml.safe_load(parts.group(1))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(_("The YAML of the card can't be read: %(why)s") % {"why": str(error)[:300]}) from error
    if not isinstance(found, Mapping):
        raise _unreadable(_("The YAML of the card is no mapping of names to values."))
    notes: list[str] = []
    info = found.get("dataset_info")
    infos = [row for row in (info if isinstance(info, list) else [info]) if isinstance(row, Mapping)]
    licence = ", ".join(_many(found.get("license")))
    if licence == "other" and found.get("license_name"):
        licence = _plain(found.get("license_name"))
    return {
        "name": _plain(found.get("pretty_name"), 200) or _heading(parts.group(2) or ""),
        "description": _paragraph(parts.group(2) or ""),
        "licence": licence[:300],
        "creators": _many(found.get("authors") or found.get("creators")),
        "publisher": "",
        "url": _address(_plain(found.get("homepage")) or _plain(found.get("license_link")), notes),
        "version": _plain(found.get("version"), 60),
        "published": "",
        "languages": _many(found.get("language") or found.get("languages"), 60),
        "size": ", ".join(_many(found.get("size_categories"), 60)) or _rows(infos),
        "tasks": list(dict.fromkeys([*_many(found.get("task_categories"), 120), *_many(found.get("task_ids"), 120)])),
        "keywords": _many(found.get("tags"), 120),
        "sources": [row for row in _many(found.get("source_datasets")) if row != "original"],
        "files": [],
        "notes": notes,
    }


def _heading(body: str) -> str:
    line = next((line for line in body.splitlines() if line.startswith("# ")), "")
    return re.sub(r"^Dataset Card for\s+", "", line.removeprefix("# ").strip(), flags=re.IGNORECASE)[:200]


def _paragraph(body: str) -> str:
    """Return the first paragraph of the card that is prose: no heading, list, image, link list or comment."""
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n", body):
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        if lines and not re.match(r"^([-*|>!`<\[]|\d+\.)", lines[0]):
            return " ".join(lines)[:2000]
    return ""


def _rows(infos: list[Mapping[str, Any]]) -> str:
    count = 0
    for info in infos:
        splits = info.get("splits")
        for split in splits if isinstance(splits, list) else ():
            rows = split.get("num_examples") if isinstance(split, Mapping) else None
            count += rows if isinstance(rows, int) else 0
    return _("%(n)d rows") % {"n": count} if count else ""
