"""What is known of a dataset version: figures from its inspection, its sources and the storage."""

from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.canonical import digest_of
from apps.datasets.models import DatasetVersion, Inspection
from apps.evidence.facts import Fact, FactDefinition, FactProvider

lazy = gettext_lazy
DEFINITIONS = (
    FactDefinition(
        "dataset.files",
        lazy("Files"),
        lazy("The registered files and whether they are still in the storage."),
        {
            "files": lazy("Files"),
            "bytes": lazy("Bytes"),
            "missing_files": lazy("Files that are gone from the storage"),
        },
    ),
    FactDefinition(
        "dataset.shape",
        lazy("Shape"),
        lazy("Rows and columns."),
        {"rows": lazy("Rows"), "columns": lazy("Columns")},
    ),
    FactDefinition(
        "dataset.splits",
        lazy("Splits"),
        lazy("Which of train, validation and test there are, and whether it is said why one is missing."),
        {"split_count": lazy("Splits"), "reason_given": lazy("a reason for fewer is given")},
    ),
    FactDefinition(
        "dataset.sources",
        lazy("Sources"),
        lazy("The declared sources and how many of them are authoritative."),
        {
            "sources": lazy("Sources"),
            "authoritative_percent": lazy("Authoritative sources, per cent"),
        },
    ),
    FactDefinition(
        "dataset.empty_fields",
        lazy("Empty fields"),
        lazy("Rows without an input or without a label."),
        {"empty_inputs": lazy("Rows with an empty input"), "empty_labels": lazy("Rows with an empty label")},
    ),
    FactDefinition(
        "dataset.duplicates",
        lazy("Duplicates"),
        lazy("Surplus rows with the same input within a split; normalised: Unicode NFKC, case and white space."),
        {
            "exact_rows": lazy("Exact surplus rows"),
            "normalised_rows": lazy("Normalised surplus rows"),
            "normalised_percent": lazy("Normalised surplus rows, per cent of all"),
        },
    ),
    FactDefinition(
        "dataset.split_leakage",
        lazy("Leakage between splits"),
        lazy("Validation and test rows whose input also stands in the training split."),
        {"exact_rows": lazy("Rows that leak, exact"), "normalised_rows": lazy("Rows that leak, normalised")},
    ),
    FactDefinition(
        "dataset.label_conflicts",
        lazy("Conflicting labels"),
        lazy("Inputs (normalised) that carry more than one label."),
        {
            "conflicting_inputs": lazy("Inputs with more than one label"),
            "conflicting_rows": lazy("Their rows"),
            "conflicting_percent": lazy("Rows with conflicting labels, per cent of all"),
        },
    ),
    FactDefinition(
        "dataset.label_balance",
        lazy("Label balance"),
        lazy("How many labels there are and how unequal they are."),
        {
            "labels": lazy("Labels"),
            "smallest_rows": lazy("Rows of the rarest label"),
            "largest_rows": lazy("Rows of the commonest label"),
        },
    ),
    FactDefinition(
        "dataset.text_length",
        lazy("Length of the inputs"),
        lazy("Characters an input."),
        {
            "shortest": lazy("Shortest, characters"),
            "median": lazy("Median, characters"),
            "p95": lazy("95th percentile, characters"),
            "longest": lazy("Longest, characters"),
        },
    ),
)
INSPECTED = (*tuple(row.name for row in DEFINITIONS[4:]), "dataset.shape")


def read(version: DatasetVersion) -> list[Fact]:
    """Return every fact of the version; three queries besides the inspection's row."""
    files = list(version.files.all())
    sources = list(version.dataset.sources.order_by("name"))
    found = Inspection.objects.filter(version=version).first()
    facts = [_files(version, files), _splits(version, files), _sources(sources)]
    if found is None or found.state != Inspection.State.DONE:
        facts += [_not_yet(name, found) for name in INSPECTED]
        return facts
    origin = {"version": version.digest, "findings": digest_of(found.findings)}
    return facts + _inspected(version, found.findings, origin)


def _not_yet(name: str, found: Inspection | None) -> Fact:
    if found is not None and found.state == Inspection.State.FAILED:
        return Fact(name, "failed", _("The inspection failed: %(why)s") % {"why": found.error})
    return Fact(name, "pending", _("The inspection is running."))


def _files(version: DatasetVersion, files: list[Any]) -> Fact:
    missing = [file.name for file in files if not default_storage.exists(file.storage_name)]
    figures = {"files": len(files), "bytes": sum(file.size for file in files), "missing_files": len(missing)}
    sentence = (
        _("Gone from the storage: %(names)s. Restore the files, or register a new version.")
        % {"names": ", ".join(missing)}
        if missing
        else ngettext("%(n)d file, in place.", "%(n)d files, all in place.", len(files)) % {"n": len(files)}
    )
    return Fact("dataset.files", "known", sentence, figures, {"version": version.digest})


def _splits(version: DatasetVersion, files: list[Any]) -> Fact:
    names = list(dict.fromkeys(file.split for file in files))
    reason = version.fewer_splits_reason
    sentence = _("Splits: %(names)s.") % {"names": ", ".join(names)}
    if len(names) < 3:
        sentence += " " + (_("Why fewer: %(why)s") % {"why": reason} if reason else _("No reason is given for fewer."))
    figures = {"split_count": len(names), "reason_given": bool(reason)}
    return Fact("dataset.splits", "known", sentence, figures, {"version": version.digest})


def _sources(sources: list[Any]) -> Fact:
    good = sum(source.is_authoritative for source in sources)
    percent = round(100 * good / len(sources), 2) if sources else 0.0
    if not sources:
        sentence = _("No source is declared.")
    elif good == len(sources):
        sentence = _("All authoritative: %(names)s.") % {"names": ", ".join(row.name for row in sources)}
    else:
        weak = ", ".join(row.name for row in sources if not row.is_authoritative)
        sentence = _("Not authoritative: %(names)s.") % {"names": weak}
    declared = digest_of([[str(row.pk), row.name, row.is_authoritative, row.exclusions] for row in sources])
    figures = {"sources": len(sources), "authoritative_percent": percent}
    return Fact("dataset.sources", "known", sentence, figures, {"sources": declared})


def _inspected(version: DatasetVersion, found: dict[str, Any], origin: dict[str, str]) -> list[Fact]:
    total = found["shape"]["rows"]
    columns = max((len(split["columns"]) for split in found["shape"]["splits"].values()), default=0)
    empty, double, leak = found["empty_fields"], found["duplicates"], found["split_leakage"]
    lengths = found["text_length"]
    percent = round(100 * double["normalised_rows"] / total, 6) if total else 0.0
    facts = [
        Fact(
            "dataset.shape",
            "known",
            _("%(rows)s rows, %(columns)d columns.") % {"rows": f"{total:,}", "columns": columns},
            {"rows": total, "columns": columns},
            origin,
        ),
        Fact(
            "dataset.empty_fields",
            "known",
            _("%(inputs)d empty inputs, %(labels)d empty labels.")
            % {"inputs": empty["empty_inputs"], "labels": empty["empty_labels"]},
            {"empty_inputs": empty["empty_inputs"], "empty_labels": empty["empty_labels"]},
            origin,
        ),
        Fact(
            "dataset.duplicates",
            "known",
            _("%(exact)d exact and %(normal)d normalised surplus rows (%(percent)s%% of all).")
            % {
                "exact": double["exact_rows"],
                "normal": double["normalised_rows"],
                "percent": f"{percent:.2g}",
            },
            {
                "exact_rows": double["exact_rows"],
                "normalised_rows": double["normalised_rows"],
                "normalised_percent": percent,
            },
            origin,
        ),
        Fact(
            "dataset.split_leakage",
            "known",
            leakage_sentence(found),
            {
                "exact_rows": leak["exact_rows"],
                "normalised_rows": leak["normalised_rows"],
            },
            origin,
        ),
        Fact(
            "dataset.text_length",
            "known",
            _("Half of the inputs are shorter than %(median)d characters, 95%% than %(p95)d.")
            % {"median": lengths["median"], "p95": lengths["p95"]},
            {name: lengths[name] for name in ("shortest", "median", "p95", "longest")},
            origin,
        ),
    ]
    return facts + _labelled(found, origin)


def leakage_sentence(found: dict[str, Any]) -> str:
    """Return which rows of which split also stand in train."""
    by_split = found["split_leakage"]["by_split"]["normalised"]
    if not by_split:
        return _("No validation or test row also stands in train.")
    parts = [
        ngettext("%(n)s %(split)s row", "%(n)s %(split)s rows", count) % {"n": f"{count:,}", "split": split}
        for split, count in sorted(by_split.items())
    ]
    total = sum(by_split.values())
    return ngettext("%(parts)s also stands in train.", "%(parts)s also stand in train.", total) % {
        "parts": _(" and ").join(parts)
    }


def _labelled(found: dict[str, Any], origin: dict[str, str]) -> list[Fact]:
    conflicts, balance = found["label_conflicts"], found["label_balance"]
    if conflicts is None or balance is None:
        figures = {"conflicting_inputs": 0, "conflicting_rows": 0, "conflicting_percent": 0.0}
        none = _("The version has no label column.")
        return [
            Fact("dataset.label_conflicts", "known", none, figures, origin),
            Fact(
                "dataset.label_balance",
                "known",
                none,
                {"labels": 0, "smallest_rows": 0, "largest_rows": 0},
                origin,
            ),
        ]
    return [
        Fact(
            "dataset.label_conflicts",
            "known",
            ngettext(
                "%(n)d input carries more than one label.",
                "%(n)d inputs carry more than one label.",
                conflicts["conflicting_inputs"],
            )
            % {"n": conflicts["conflicting_inputs"]},
            {name: conflicts[name] for name in ("conflicting_inputs", "conflicting_rows", "conflicting_percent")},
            origin,
        ),
        Fact(
            "dataset.label_balance",
            "known",
            _("%(labels)d labels with %(small)s to %(large)s rows each.")
            % {
                "labels": balance["labels"],
                "small": f"{balance['smallest_rows']:,}",
                "large": f"{balance['largest_rows']:,}",
            },
            {name: balance[name] for name in ("labels", "smallest_rows", "largest_rows")},
            origin,
        ),
    ]


def summary(version: DatasetVersion, found: Inspection | None) -> str:
    """Return the one sentence that sums a version up."""
    files = list(version.files.all())
    splits = len({file.split for file in files})
    sources = version.dataset.sources.count()
    sentence = _("%(rows)s rows in %(splits)s from %(sources)s") % {
        "rows": f"{version.rows:,}",
        "splits": ngettext("%(n)d split", "%(n)d splits", splits) % {"n": splits},
        "sources": ngettext("%(n)d source", "%(n)d sources", sources) % {"n": sources},
    }
    if found is None or found.state == Inspection.State.PENDING:
        return sentence + _("; the inspection is running.")
    if found.state == Inspection.State.FAILED:
        return sentence + _("; the inspection failed.")
    return sentence + "; " + leakage_sentence(found.findings)[:1].lower() + leakage_sentence(found.findings)[1:]


PROVIDER = FactProvider("dataset_version", DEFINITIONS, read)
