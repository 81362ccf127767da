"""How the parts of an inspection's findings are put into figures and sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import Text
from apps.datasets.period import day_of
from apps.evidence.facts import Figure

Findings = Mapping[str, Any]
Figures = dict[str, Figure]


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 6) if whole else 0.0


def total(findings: Findings) -> int:
    rows: int = findings["shape"]["rows"]
    return rows


def pick(*names: str) -> Callable[[Any, Findings], Figures]:
    return lambda part, _findings: {name: part[name] for name in names if name in part}


def counted(number: int) -> str:
    return f"{number:,}"


def rows_said(number: int) -> str:
    return ngettext("%(n)s row", "%(n)s rows", number) % {"n": counted(number)}


def shape(part: Any, _findings: Findings) -> Figures:
    width = max((len(split["columns"]) for split in part["splits"].values()), default=0)
    return {"rows": part["rows"], "columns": width}


def duplicates(part: Any, findings: Findings) -> Figures:
    figures: Figures = {
        "exact_rows": part["exact_rows"],
        "normalised_rows": part["normalised_rows"],
        "normalised_percent": percent(part["normalised_rows"], total(findings)),
    }
    if "near_rows" in part:
        figures |= {
            "near_rows": part["near_rows"],
            "near_percent": percent(part["near_rows"], total(findings)),
            "clusters": part["clusters"],
            "largest_cluster": part["largest_cluster"],
        }
    return figures


def duplicates_said(part: Any, findings: Findings) -> str:
    share = f"{percent(part['normalised_rows'], total(findings)):.2g}"
    sentence = _("%(exact)s exact and %(normal)s normalised surplus rows (%(percent)s%% of all).") % {
        "exact": counted(part["exact_rows"]),
        "normal": counted(part["normalised_rows"]),
        "percent": share,
    }
    if part.get("near_rows"):
        sentence += " " + _("%(rows)s nearly equal another one.") % {"rows": rows_said(part["near_rows"])}
    return sentence


def leakage_sentence(findings: Findings) -> str:
    """Return which rows of which split also stand in train."""
    by_split = findings["split_leakage"]["by_split"]
    sentence = _also_in_train(by_split["normalised"])
    near = sum(by_split.get("near", {}).values())
    return sentence + (" " + _("%(rows)s nearly equal one in train.") % {"rows": rows_said(near)} if near else "")


def _also_in_train(by_split: Mapping[str, int]) -> str:
    if not by_split:
        return _("No validation or test row also stands in train.")
    parts = [
        ngettext("%(n)s %(split)s row", "%(n)s %(split)s rows", count) % {"n": counted(count), "split": split}
        for split, count in sorted(by_split.items())
    ]
    return ngettext("%(parts)s also stands in train.", "%(parts)s also stand in train.", sum(by_split.values())) % {
        "parts": _(" and ").join(parts)
    }


def balance_said(part: Any, _findings: Findings) -> str:
    sentence = _("%(labels)d labels with %(small)s to %(large)s rows each.") % {
        "labels": part["labels"],
        "small": counted(part["smallest_rows"]),
        "large": counted(part["largest_rows"]),
    }
    if part.get("untrained_labels"):
        sentence += " " + _("%(n)d of them never stand in train.") % {"n": part["untrained_labels"]}
    return sentence


def lengths_said(part: Any, _findings: Findings) -> str:
    sentence = _("Half of the inputs are shorter than %(median)d characters, 95%% than %(p95)d.") % {
        "median": part["median"],
        "p95": part["p95"],
    }
    if "tokens_total" in part:
        sentence += " " + _("About %(n)s tokens in all, %(p95)s in 95%% of the records.") % {
            "n": counted(part["tokens_total"]),
            "p95": counted(part["tokens_p95"]),
        }
    return sentence


def dates(part: Any, findings: Findings) -> Figures:
    names = ("dated_rows", "undated_rows", "stale_rows", "before_period_rows", "after_period_rows", "future_rows")
    return {**pick(*names)(part, findings), "stale_percent": percent(part["stale_rows"], total(findings))}


def dates_said(part: Any, findings: Findings) -> str:
    days = findings["parameters"]["stale_days"]
    if not part["dated_rows"]:
        return _("No row has a date that can be read.")
    stale = (
        _("%(rows)s older than %(days)s days.") % {"rows": rows_said(part["stale_rows"]), "days": days}
        if days
        else _("%(rows)s dated; no age is set from which a row is stale.") % {"rows": rows_said(part["dated_rows"])}
    )
    told = [stale, *_outside_said(part, findings["parameters"])]
    if part["undated_rows"]:
        told.append(_("%(rows)s without a date.") % {"rows": rows_said(part["undated_rows"])})
    return " ".join(told)


def _outside_said(part: Any, parameters: Mapping[str, Any]) -> list[str]:
    """Return how many rows lie outside the period that the sources declared when the version was read."""
    first, last, told = parameters.get("covers_from"), parameters.get("covers_to"), []
    if first is not None:
        values = {"rows": rows_said(part["before_period_rows"]), "day": day_of(first)}
        told.append(_("%(rows)s older than %(day)s, the first day that the sources declare.") % values)
    if last is not None:
        values = {"rows": rows_said(part["after_period_rows"]), "day": day_of(last)}
        told.append(_("%(rows)s newer than %(day)s, the last day that the sources declare.") % values)
    return told


def languages(part: Any, _findings: Findings) -> Figures:
    named = {code: share for code, share in part.items() if code not in ("und", "other")}
    first = next(iter(named), "und")
    return {"languages": len(named), "main": first, "main_percent": named.get(first, 0.0)}


def languages_said(part: Any, _findings: Findings) -> str:
    shares = ", ".join(f"{code} {share:g} %" for code, share in part.items())
    return _("Estimated from a sample: %(shares)s.") % {"shares": shares}


def touched(part: Any) -> int:
    """Return the rows of the kind that touches most: kinds overlap, so that adding them up would count twice."""
    return max((found["rows"] for found in part.values()), default=0)


def by_kind(names: Mapping[str, Text], none: Text) -> Callable[[Any, Findings], str]:
    def said(part: Any, _findings: Findings) -> str:
        if not part:
            return str(none)
        found = sorted(part.items(), key=lambda item: (-item[1]["rows"], item[0]))
        return "; ".join(f"{names.get(kind, kind)}: {rows_said(row['rows'])}" for kind, row in found) + "."

    return said


def sensitive(part: Any, _findings: Findings) -> Figures:
    kinds = part["kinds"]
    return {
        "kinds": len(kinds),
        "values": sum(found["values"] for found in kinds.values()),
        "likely_values": sum(found["likely"] for found in kinds.values()),
        "rows": touched(kinds),
    }


def _kind_titles() -> dict[str, Text]:
    from apps.datasets.inspection.sensitive import KINDS

    return {kind.key: kind.title for kind in KINDS}


def sensitive_sentence(findings: Findings) -> str:
    """Return which personal data and secrets were found, and in how many rows."""
    return by_kind(_kind_titles(), _("No personal data and no secrets found."))(
        findings["sensitive"]["kinds"], findings
    )
