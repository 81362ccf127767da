"""What is known of a use case through its datasets: of the newest version of each."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.core.subjects import SubjectRef
from apps.datasets.models import Dataset, DatasetVersion, Inspection
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.evidence.models import Attestation, Document
from apps.gates.models import Gate, GateState
from apps.owners import holders
from apps.owners.responsibilities import required_on
from apps.usecases.models import UseCase

DOCUMENTS = {
    "exclusions_percent": "exclusions",
    "retention_percent": "retention_statement",
    "sensitive_percent": "sensitive_data_statement",
    "guideline_percent": "labelling_guideline",
}
DEFINITIONS = (
    FactDefinition(
        "usecase.splits",
        lazy("Splits of the datasets"),
        lazy("Datasets whose newest version has all splits or says why not, and its rows that leak into training."),
        {
            "datasets": lazy("Datasets"),
            "identified_percent": lazy("Datasets with named splits, per cent"),
            "leaking_rows": lazy("Rows that leak, normalised"),
        },
    ),
    FactDefinition(
        "usecase.data_owners",
        lazy("Owners of the datasets"),
        lazy("Datasets on which every required responsibility is held."),
        {"datasets": lazy("Datasets"), "complete_percent": lazy("Datasets with every owner, per cent")},
        frozenset({("dataset", "holder")}),
    ),
    FactDefinition(
        "usecase.lineage",
        lazy("Lineage of the datasets"),
        lazy("Datasets with declared sources and a registered version; sources that are authoritative."),
        {
            "with_sources_percent": lazy("Datasets with declared sources, per cent"),
            "authoritative_percent": lazy("Authoritative sources, per cent"),
            "versioned_percent": lazy("Datasets with a registered version, per cent"),
        },
    ),
    FactDefinition(
        "usecase.documents",
        lazy("Documents of the datasets"),
        lazy("Datasets whose newest version has each document, and the review lead's statement."),
        {
            "exclusions_percent": lazy("With an exclusion list, per cent"),
            "retention_percent": lazy("With a retention statement, per cent"),
            "sensitive_percent": lazy("With a sensitive-data statement, per cent"),
            "guideline_percent": lazy("With a labelling guideline, per cent"),
            "audited_percent": lazy("With an audited sample, per cent"),
        },
    ),
    FactDefinition(
        "usecase.findings",
        lazy("Findings in the datasets"),
        lazy("The worst figures of the newest versions."),
        {
            "duplicate_percent": lazy("Surplus rows, normalised, per cent"),
            "conflict_percent": lazy("Rows with conflicting labels, per cent"),
            "rarest_label_rows": lazy("Rows of the rarest label"),
        },
    ),
    FactDefinition(
        "usecase.start_gate",
        lazy("Start gates of the datasets"),
        lazy("Datasets whose newest version has an approved start gate."),
        {"datasets": lazy("Datasets"), "approved_percent": lazy("Approved, per cent")},
    ),
)


def read(use_case: UseCase) -> list[Fact]:
    """Return the facts of the use case's datasets; nine queries, whatever the number of datasets."""
    datasets = list(Dataset.objects.filter(use_case=use_case).prefetch_related("sources").order_by("id"))
    newest = {
        row.dataset_id: row
        for row in DatasetVersion.objects.filter(dataset__in=datasets)
        .order_by("dataset", "-number")
        .distinct("dataset")
        .prefetch_related("files")
        .select_related("inspection__result")
    }
    versions = [newest[row.pk] for row in datasets if row.pk in newest]
    origin = {"versions": digest_of(sorted(row.digest for row in versions))}
    return [
        _splits(datasets, newest, origin),
        _data_owners(datasets),
        _lineage(datasets, newest, origin),
        _documents(use_case, datasets, newest, origin),
        _findings(versions, origin),
        _start_gate(datasets, newest, origin),
    ]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _datasets(count: int, of: int) -> str:
    return ngettext("%(n)d of %(of)d dataset", "%(n)d of %(of)d datasets", of) % {"n": count, "of": of}


def _done(version: DatasetVersion) -> dict[str, Any] | None:
    inspection: Inspection = version.inspection
    return inspection.findings if inspection.state == Inspection.State.DONE else None


def _not_read(name: str, origin: dict[str, str]) -> Fact:
    return Fact(name, "pending", _("The inspection of a newest version has not come to an end."), {}, origin)


def _splits(datasets: list[Dataset], newest: dict[Any, DatasetVersion], origin: dict[str, str]) -> Fact:
    name = "usecase.splits"
    identified, leaking = 0, 0
    for version in newest.values():
        found = _done(version)
        if found is None:
            return _not_read(name, origin)
        splits = {file.split for file in version.files.all()}
        identified += len(splits) == 3 or bool(version.fewer_splits_reason)
        leaking += found["split_leakage"]["normalised_rows"]
    sentence = _("%(datasets)s with named splits; %(rows)s also in training.") % {
        "datasets": _datasets(identified, len(datasets)),
        "rows": ngettext("%(n)d test or validation row", "%(n)d test or validation rows", leaking) % {"n": leaking},
    }
    figures = {
        "datasets": len(datasets),
        "identified_percent": _percent(identified, len(datasets)),
        "leaking_rows": leaking,
    }
    return Fact(name, "known", sentence, figures, origin)


def _data_owners(datasets: list[Dataset]) -> Fact:
    held = holders.on_each("dataset", [row.pk for row in datasets])
    needed = [row.key for row in required_on("dataset")]
    complete = sum(all((row.pk, key) in held for key in needed) for row in datasets)
    figures = {"datasets": len(datasets), "complete_percent": _percent(complete, len(datasets))}
    sentence = _("%(datasets)s with every owner named.") % {"datasets": _datasets(complete, len(datasets))}
    origin = digest_of(sorted([str(pk), key, str(row.holder_id)] for (pk, key), row in held.items()))
    return Fact("usecase.data_owners", "known", sentence, figures, {"ownerships": origin})


def _lineage(datasets: list[Dataset], newest: dict[Any, DatasetVersion], origin: dict[str, str]) -> Fact:
    sources = [source for row in datasets for source in row.sources.all()]
    with_sources = sum(bool(row.sources.all()) for row in datasets)
    figures = {
        "with_sources_percent": _percent(with_sources, len(datasets)),
        "authoritative_percent": _percent(sum(row.is_authoritative for row in sources), len(sources)),
        "versioned_percent": _percent(len(newest), len(datasets)),
    }
    sentence = _("%(datasets)s with declared sources, %(versions)d with a version.") % {
        "datasets": _datasets(with_sources, len(datasets)),
        "versions": len(newest),
    }
    declared = digest_of(sorted([str(row.pk), row.is_authoritative] for row in sources))
    return Fact("usecase.lineage", "known", sentence, figures, {**origin, "sources": declared})


def _on_each(
    rows: Iterable[Any], use_case: UseCase, datasets: list[Dataset], newest: dict[Any, DatasetVersion]
) -> set[Any]:
    """Return the datasets on which one of the rows stands: on its newest version, on itself or on the use case."""
    subjects = {row.subject_id for row in rows}
    if use_case.pk in subjects:
        return {row.pk for row in datasets}
    return {row.pk for row in datasets if row.pk in subjects or (row.pk in newest and newest[row.pk].pk in subjects)}


def _documents(
    use_case: UseCase, datasets: list[Dataset], newest: dict[Any, DatasetVersion], origin: dict[str, str]
) -> Fact:
    refs = [
        SubjectRef("use_case", use_case.pk),
        *(SubjectRef("dataset", row.pk) for row in datasets),
        *(SubjectRef("dataset_version", row.pk) for row in newest.values()),
    ]
    documents = list(Document.objects.on(*refs).standing())
    audits = list(Attestation.objects.on(*refs).standing().filter(kind="sample_audited"))
    figures = {
        figure: _percent(
            len(_on_each([row for row in documents if row.kind == kind], use_case, datasets, newest)), len(datasets)
        )
        for figure, kind in DOCUMENTS.items()
    }
    figures["audited_percent"] = _percent(len(_on_each(audits, use_case, datasets, newest)), len(datasets))
    complete = sum(value == 100 for value in figures.values())
    sentence = _("%(n)d of %(of)d kinds of proof stand on every dataset.") % {"n": complete, "of": len(figures)}
    proof = digest_of(sorted(row.digest for row in documents))
    return Fact("usecase.documents", "known", sentence, figures, {**origin, "documents": proof})


def _findings(versions: list[DatasetVersion], origin: dict[str, str]) -> Fact:
    name = "usecase.findings"
    if not versions:
        return Fact(name, "unknown", _("No dataset has a version yet."))
    duplicates, conflicts, rarest = 0.0, 0.0, []
    for version in versions:
        found = _done(version)
        if found is None:
            return _not_read(name, origin)
        duplicates = max(duplicates, _percent(found["duplicates"]["normalised_rows"], found["shape"]["rows"]))
        if found["label_conflicts"] is not None:
            conflicts = max(conflicts, round(found["label_conflicts"]["conflicting_percent"], 2))
            rarest.append(found["label_balance"]["smallest_rows"])
    figures: dict[str, Any] = {"duplicate_percent": duplicates, "conflict_percent": conflicts}
    figures["rarest_label_rows"] = min(rarest, default=min(version.rows for version in versions))
    sentence = _(
        "At worst %(double)s %% surplus rows and %(conflict)s %% in conflict; the rarest label has %(rows)d."
    ) % {
        "double": duplicates,
        "conflict": conflicts,
        "rows": figures["rarest_label_rows"],
    }
    return Fact(name, "known", sentence, figures, origin)


def _start_gate(datasets: list[Dataset], newest: dict[Any, DatasetVersion], origin: dict[str, str]) -> Fact:
    approved = set(
        Gate.objects.filter(
            Q(subject_type="dataset_version", subject_id__in=[row.pk for row in newest.values()]),
            kind="start",
            state=GateState.APPROVED,
        ).values_list("subject_id", flat=True)
    )
    count = sum(row.pk in newest and newest[row.pk].pk in approved for row in datasets)
    figures = {"datasets": len(datasets), "approved_percent": _percent(count, len(datasets))}
    sentence = _("%(datasets)s approved.") % {"datasets": _datasets(count, len(datasets))}
    gates = digest_of(sorted(map(str, approved)))
    return Fact("usecase.start_gate", "known", sentence, figures, {**origin, "gates": gates})


PROVIDER = FactProvider("use_case", DEFINITIONS, read)
