"""What the machine found, as a page shows it: tiles, samples (masked), pictures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text
from apps.datasets.facts.findings import UNSAFE, VIOLATIONS
from apps.datasets.inspection.sensitive import KINDS, mask
from apps.evidence import facts as registry
from apps.evidence.facts import Fact

TILES: tuple[tuple[str, str, Text, bool], ...] = (
    ("dataset.split_leakage", "normalised_rows", _("rows leak between splits"), True),
    ("dataset.split_leakage", "near_rows", _("rows leak nearly"), True),
    ("dataset.duplicates", "normalised_rows", _("surplus duplicates"), True),
    ("dataset.duplicates", "near_rows", _("rows nearly equal another"), True),
    ("dataset.label_conflicts", "conflicting_inputs", _("inputs with two labels"), True),
    ("dataset.sensitive_data", "kinds", _("kinds of sensitive data"), True),
    ("dataset.stale_records", "stale_rows", _("stale rows"), True),
    ("dataset.stale_records", "before_period_rows", _("rows older than the sources"), True),
    ("dataset.stale_records", "after_period_rows", _("rows newer than the sources"), True),
    ("dataset.unsafe_content", "rows", _("rows with unsafe content"), True),
    ("dataset.format", "violating_rows", _("rows of broken form"), True),
    ("dataset.empty_fields", "empty_inputs", _("empty inputs"), True),
    ("dataset.label_balance", "labels", _("labels"), False),
    ("dataset.languages", "languages", _("languages"), False),
)
GROUPS: tuple[tuple[str, str, Text], ...] = (
    ("split_leakage", "samples", _("Rows that also stand in an earlier split")),
    ("label_conflicts", "samples", _("Inputs with more than one label")),
    ("label_conflicts", "near_samples", _("Nearly equal inputs with different labels")),
    ("duplicates", "samples", _("Duplicates")),
    ("duplicates", "near_samples", _("Nearly equal rows")),
)
SINGLES: tuple[tuple[str, Text], ...] = (
    ("dates", _("Stale rows, and rows outside the sources' period")),
    ("empty_fields", _("Rows without an input")),
)
KINDS_OF: tuple[tuple[str, Text, Mapping[str, Text]], ...] = (
    ("sensitive", _("Sensitive data"), {kind.key: kind.title for kind in KINDS}),
    ("unsafe", _("Unsafe content"), UNSAFE),
    ("violations", _("Records of broken form"), VIOLATIONS),
)
MOST_SHOWN = 10
Show = Callable[[Mapping[str, Any]], dict[str, Any]]


def masked(text: str) -> str:
    """Return a sample's text with personal data and secrets replaced by the names of their kinds."""
    return mask(text, recognisers=tuple(settings.SENSITIVE_RECOGNISERS))


def shown_fact(fact: Fact) -> dict[str, Any]:
    """Return a fact with its title and its figures in words."""
    definition = registry.definitions("dataset_version")[fact.name]
    figures = [(definition.figures.get(name, name), value) for name, value in fact.figures.items()]
    return {
        "fact": fact,
        "title": definition.title,
        "about": definition.description,
        "figures": figures,
        "state": fact.status,
    }


def tiles(known: Mapping[str, Fact]) -> list[dict[str, Any]]:
    """Return the figures above the fold: every problem that was found, and the plain counts; the rest is silent."""
    found = []
    for name, figure, text, bad in TILES:
        value = known[name].figures.get(figure)
        if value is not None and (value or (bad and figure in ("normalised_rows", "kinds")) or not bad):
            found.append({"value": value, "text": text, "bad": bad and value, "anchor": name.removeprefix("dataset.")})
    return found


def masked_place(place: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sampled row as it may be shown."""
    return {**place, "text": masked(place.get("text", "")), "label": masked(place.get("label") or "")}


def plain_place(place: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sampled row as it is, for who gave a reason to see it."""
    return {**place, "label": place.get("label") or ""}


def samples(findings: Mapping[str, Any], show: Show = masked_place) -> list[dict[str, Any]]:
    """Return the parts of the page that show rows, each with a heading and groups of rows that belong together."""
    found = []
    for key, name, title in GROUPS:
        groups = (findings.get(key) or {}).get(name, [])
        if groups:
            rows = [[show(place) for place in group] for group in groups[:MOST_SHOWN]]
            found.append({"key": f"{key}_{name}" if name != "samples" else key, "title": title, "groups": rows})
    for key, title in SINGLES:
        places = (findings.get(key) or {}).get("samples", [])
        if places:
            found.append({"key": key, "title": title, "groups": [[show(row)] for row in places[:MOST_SHOWN]]})
    return found


def by_kind(findings: Mapping[str, Any], show: Show = masked_place) -> list[dict[str, Any]]:
    """Return the findings that are counted by kind: each with its kinds, where they stand, and rows that show it."""
    found = []
    for key, title, names in KINDS_OF:
        part = findings.get(key) or {}
        kinds = part.get("kinds", {}) if key == "sensitive" else part
        rows = [
            {
                "title": names.get(kind, kind),
                "values": row["values"],
                "rows": row["rows"],
                "by_column": row["by_column"],
                "by_split": row["by_split"],
                "samples": [show(place) for place in row["samples"][:3]],
            }
            for kind, row in sorted(kinds.items(), key=lambda item: (-item[1]["rows"], item[0]))
        ]
        if rows:
            found.append({"key": key, "title": title, "kinds": rows})
    return found


def rows_shown(findings: Mapping[str, Any], show: Show = masked_place) -> list[dict[str, Any]]:
    """Return every part that shows rows, those that are counted by kind too."""
    kinds = [
        {"key": f"{part['key']}_{number}", "title": f"{part['title']}: {row['title']}", "groups": [row["samples"]]}
        for part in by_kind(findings, show)
        for number, row in enumerate(part["kinds"])
        if row["samples"]
    ]
    return samples(findings, show) + kinds


def pictures(findings: Mapping[str, Any]) -> dict[str, Sequence[dict[str, Any]]]:
    """Return the rows of the page's bars by name; empty ones are not drawn."""
    languages = findings.get("languages") or {}
    sizes = (findings.get("duplicates") or {}).get("cluster_sizes", {})
    return {
        "languages": [{"label": code, "rows": share} for code, share in languages.items()],
        "clusters": [{"label": size, "rows": count} for size, count in sizes.items()],
        "months": [
            {"label": row["month"], "rows": row["rows"]} for row in (findings.get("dates") or {}).get("by_month", [])
        ],
    }


def columns(findings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each column holds."""
    return [{"name": name, **row} for name, row in findings.get("shape", {}).get("columns", {}).items()]
