"""A difference as people read it: in words, with the findings then and now, its samples masked."""

import copy
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.errors import Text
from apps.datasets import samples as samples_kept
from apps.datasets.inspection.difference import KINDS
from apps.datasets.models import DatasetVersion
from apps.datasets.refs import version_ref
from apps.datasets.rowfiles import in_content_order
from apps.evidence import facts

TITLES: dict[str, Text] = {
    "relabelled": lazy("Other label"),
    "rewritten": lazy("Other text under the same key"),
    "respelled": lazy("Spelled differently"),
    "details": lazy("Another column differs"),
    "moved": lazy("Moved between splits"),
    "added": lazy("Added"),
    "removed": lazy("Removed"),
}
NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of what the machine found, then and now."""

    title: Text
    figure: Text
    then: Any
    now: Any

    @property
    def is_new(self) -> bool:
        return not self.then and bool(self.now)


def both_columns(older: DatasetVersion, newer: DatasetVersion) -> list[str]:
    """Return the columns that both have, as far as their inspections have seen them."""
    then, now = (version.inspection.findings.get("shape", {}).get("columns", {}) for version in (older, newer))
    return [name for name in now if name in then]


def findings_between(older: DatasetVersion, newer: DatasetVersion) -> list[Finding]:
    """Return the figures in which the inspections of the two differ; a constant number of queries."""
    definitions = facts.definitions("dataset_version")
    then, now = (facts.read(version_ref(version), version) for version in (older, newer))
    found = []
    for name, definition in definitions.items():
        before, after = then.get(name), now.get(name)
        if before is None or after is None or "findings" not in before.computed_from.keys() & after.computed_from:
            continue
        for figure, title in definition.figures.items():
            values = before.figures.get(figure), after.figures.get(figure)
            if values[0] != values[1]:
                found.append(Finding(definition.title, title, *values))
    return found


def shown(
    result: dict[str, Any],
    older: DatasetVersion,
    newer: DatasetVersion,
    mask: Callable[[str], str],
    erased: Container[Any] = (),
) -> dict[str, Any]:
    """Return the result with its samples masked and their files named as these versions name them.

    A version among the ``erased`` (keys) shows no rows, though equal content may still stand elsewhere.
    """
    bare = older.pk in erased or newer.pk in erased
    found = copy.deepcopy(samples_kept.without_shown(result) if bare else result)
    names = {
        side: [file.name for file in in_content_order(version)] for side, version in (("old", older), ("new", newer))
    }
    for rows in found.get("samples", {}).values():
        for row in rows:
            for side, place in row.items():
                place["file_name"] = names[side][place.pop("file")]
                place["text"], place["label"] = mask(place["text"]), mask(place["label"])
    for move in found.get("label_moves", {}).get("moves", []):
        move["from"], move["to"] = mask(move["from"]), mask(move["to"])
    for kind in found.get("labels", {}).values():
        for row in kind["labels"]:
            row["label"] = mask(row["label"])
    return found


def words(found: dict[str, Any], older: DatasetVersion, newer: DatasetVersion) -> list[str]:
    """Return what changed from the older to the newer version in sentences, the weightiest first."""
    totals = found["totals"]
    told = [_size(found, older, newer)]
    if not totals["changed"] + totals["added"] + totals["removed"] + totals["moved"] + totals["details"]:
        told.append(_("Every row is the same; only files were cut or packed differently."))
    if totals["relabelled"]:
        told.append(_relabelled(found))
    for kind, one, many in (
        (
            "rewritten",
            _("%(n)s row has another text under the same key."),
            _("%(n)s rows have another text under the same key."),
        ),
        (
            "respelled",
            _("%(n)s row is spelled differently: case, white space or Unicode form."),
            _("%(n)s rows are spelled differently: case, white space or Unicode form."),
        ),
        ("details", _("%(n)s row differs in another column."), _("%(n)s rows differ in another column.")),
    ):
        if totals[kind]:
            told.append((one if totals[kind] == 1 else many) % {"n": f"{totals[kind]:,}"})
    if totals["moved"]:
        moves = ", ".join(f"{row['from']} → {row['to']}: {row['rows']:,}" for row in found["moves_between_splits"])
        told.append(
            ngettext(
                "%(n)s row moved to another split (%(moves)s).",
                "%(n)s rows moved to another split (%(moves)s).",
                totals["moved"],
            )
            % {"n": f"{totals['moved']:,}", "moves": moves}
        )
    return told + _labels(found) + _columns(found)


def _size(found: dict[str, Any], older: DatasetVersion, newer: DatasetVersion) -> str:
    totals, rows = found["totals"], found["rows"]
    return _(
        "Version %(new)d has %(now)s rows, version %(old)d %(then)s: %(added)s added, %(removed)s removed, %(kept)s in"
        " both, of which %(unchanged)s are untouched."
    ) % {
        "new": newer.number,
        "old": older.number,
        "now": f"{rows['new']:,}",
        "then": f"{rows['old']:,}",
        "added": f"{totals['added']:,}",
        "removed": f"{totals['removed']:,}",
        "kept": f"{totals['pairs']:,}",
        "unchanged": f"{totals['unchanged']:,}",
    }


def _relabelled(found: dict[str, Any]) -> str:
    text = ngettext(
        "%(n)s row carries another label.", "%(n)s rows carry another label.", found["totals"]["relabelled"]
    ) % {"n": f"{found['totals']['relabelled']:,}"}
    if not found["label_moves"]["moves"]:
        return text
    first = found["label_moves"]["moves"][0]
    return f"{text} " + _("Most often “%(old)s” became “%(new)s” (%(n)s).") % {
        "old": first["from"] or _("no label"),
        "new": first["to"] or _("no label"),
        "n": f"{first['rows']:,}",
    }


def _labels(found: dict[str, Any]) -> list[str]:
    told = []
    for key, text in (("new", _("New labels: %(names)s.")), ("gone", _("Labels that are gone: %(names)s."))):
        rows = found["labels"][key]
        names = [row["label"] for row in rows["labels"][:NAMED] if row["label"]]
        if names:
            more = rows["kinds"] - len(names)
            told.append(text % {"names": ", ".join(names) + (_(" and %(n)d more") % {"n": more} if more > 0 else "")})
    return told


def _columns(found: dict[str, Any]) -> list[str]:
    columns, told = found["columns"], []
    if columns["added"]:
        told.append(_("New columns: %(names)s.") % {"names": ", ".join(columns["added"])})
    if columns["removed"]:
        told.append(_("Columns that are gone: %(names)s.") % {"names": ", ".join(columns["removed"])})
    return told


def samples(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sample rows of each kind that has some, with its title and how many rows it has."""
    return [
        {"kind": kind, "title": TITLES[kind], "rows": found["samples"][kind], "total": found["totals"][kind]}
        for kind in sorted(KINDS, key=list(TITLES).index)
        if found["samples"][kind]
    ]
