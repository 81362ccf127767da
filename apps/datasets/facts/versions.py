"""What is known of a dataset version: figures from its inspection, its sources and the storage."""

from dataclasses import replace
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.canonical import digest_of
from apps.datasets.facts import feedback
from apps.datasets.facts.findings import AGE, FACTS, OF_THE_PERIOD
from apps.datasets.facts.sentences import leakage_sentence, sensitive_sentence
from apps.datasets.models import DatasetVersion, Inspection, Source, files_deleted
from apps.datasets.period import declared_period
from apps.evidence.facts import Fact, FactDefinition, FactProvider

lazy = gettext_lazy
Eligibility = Source.Eligibility
OWN = (
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
        "dataset.splits",
        lazy("Splits"),
        lazy("Which of train, validation and test there are, and whether it is said why one is missing."),
        {"split_count": lazy("Splits"), "reason_given": lazy("a reason for fewer is given")},
    ),
    FactDefinition(
        "dataset.sources",
        lazy("Sources"),
        lazy("The declared sources: how many are authoritative, and whether training on them is allowed."),
        {
            "sources": lazy("Sources"),
            "authoritative_percent": lazy("Authoritative sources, per cent"),
            "eligible_sources": lazy("Sources eligible for training"),
            "restricted_sources": lazy("Sources that may be used on terms"),
            "ineligible_sources": lazy("Sources not eligible for training"),
            "undecided_sources": lazy("Sources whose eligibility is undecided"),
        },
    ),
)
DEFINITIONS = (*OWN, feedback.DEFINITION, *(row.definition for row in FACTS))


def read(version: DatasetVersion) -> list[Fact]:
    """Return every fact of the version; three queries besides the inspection's row, four with production feedback."""
    files = list(version.files.annotate(is_erased=files_deleted("version_id")))
    sources = list(version.dataset.sources.order_by("name"))
    found = Inspection.objects.filter(version=version).select_related("result").first()
    facts = [_files(version, files), _splits(version, files), _sources(sources), feedback.read(version, files)]
    if found is None or found.state != Inspection.State.DONE or found.result is None:
        return facts + [_not_yet(row.definition.name, found) for row in FACTS]
    origin = {"version": version.digest, "findings": found.result.digest}
    return facts + [_as_declared(fact, found, sources) for fact in _inspected(found, origin)]


def _not_yet(name: str, found: Inspection | None) -> Fact:
    if found is not None and found.state == Inspection.State.CANCELLED:
        return Fact(name, "failed", _("The inspection was stopped. Start it again."))
    if found is not None and found.state == Inspection.State.FAILED:
        return Fact(name, "failed", _("The inspection failed: %(why)s") % {"why": found.error})
    return Fact(name, "pending", _("The inspection is running."))


def _files(version: DatasetVersion, files: list[Any]) -> Fact:
    missing = [file.name for file in files if file.is_erased or not default_storage.exists(file.storage_name)]
    figures = {"files": len(files), "bytes": sum(file.size for file in files), "missing_files": len(missing)}
    sentence = (
        _("Deleted for good: %(names)s. Register a new version where the data is still needed.")
        % {"names": ", ".join(missing)}
        if any(file.is_erased for file in files)
        else _("Gone from the storage: %(names)s. Restore the files, or register a new version.")
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
    verdicts = [row.eligibility for row in sources]
    for verdict, told in (
        (Eligibility.INELIGIBLE, _("Not eligible for training: %(names)s.")),
        (Eligibility.RESTRICTED, _("To be used on terms: %(names)s.")),
        (Eligibility.UNDECIDED, _("Eligibility is undecided: %(names)s.")),
    ):
        if names := ", ".join(row.name for row in sources if row.eligibility == verdict):
            sentence += " " + told % {"names": names}
    declared = digest_of(
        [
            [
                str(row.pk),
                row.name,
                row.is_authoritative,
                row.exclusions,
                row.eligibility,
                row.eligibility_reason,
                row.licence,
                row.timeframe,
                row.excluded,
            ]
            for row in sources
        ]
    )
    figures = {
        "sources": len(sources),
        "authoritative_percent": percent,
        "eligible_sources": verdicts.count(Eligibility.ELIGIBLE),
        "restricted_sources": verdicts.count(Eligibility.RESTRICTED),
        "ineligible_sources": verdicts.count(Eligibility.INELIGIBLE),
        "undecided_sources": verdicts.count(Eligibility.UNDECIDED),
    }
    return Fact("dataset.sources", "known", sentence, figures, {"sources": declared})


def _inspected(found: Inspection, origin: dict[str, str]) -> list[Fact]:
    facts = []
    for row in FACTS:
        name, read_as = row.definition.name, row.read(found.findings)
        if read_as is None:
            facts.append(
                Fact(name, "unknown", _("An older inspection did not look for this. Inspect the version again."))
            )
        else:
            figures, sentence = read_as
            facts.append(Fact(name, "known", sentence, figures, origin))
    return facts


def _as_declared(fact: Fact, found: Inspection, sources: list[Source]) -> Fact:
    """Leave out of the age of records what was counted by another period than the sources declare now."""
    if fact.name != AGE or fact.status != "known" or not found.findings.get("dates"):
        return fact
    declared, parameters = declared_period(sources), found.findings["parameters"]
    if declared == {name: parameters.get(name) for name in declared}:
        return fact
    figures = {name: value for name, value in fact.figures.items() if name not in OF_THE_PERIOD}
    told = _("The sources declare another period since. Inspect the version again to count the rows outside it.")
    return replace(fact, sentence=f"{fact.sentence} {told}", figures=figures)


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
    if found.state == Inspection.State.CANCELLED:
        return sentence + _("; the inspection was stopped.")
    parts = [leakage_sentence(found.findings)]
    if "sensitive" in found.findings:
        parts.append(sensitive_sentence(found.findings))
    return "; ".join([sentence, *(part[:1].lower() + part[1:].rstrip(".") for part in parts)]) + "."


PROVIDER = FactProvider("dataset_version", DEFINITIONS, read)
