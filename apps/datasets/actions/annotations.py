"""Tables of annotations: added beside a version, then compared by a worker."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, jobs, subjects
from apps.core.actor import SYSTEM
from apps.core.clock import now
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.datasets.actions.forgetting import erased
from apps.datasets.errors import (
    AnnotationsStand,
    AnnotationsTooMany,
    ColumnUnknown,
    GuidelineUnknown,
    LabelOrderUnclear,
    UploadNotReady,
)
from apps.datasets.inspection import FileProblem
from apps.datasets.inspection.annotating import analyse
from apps.datasets.inspection.annotation_table import REQUIRED, Columns, guess_columns, read_annotations
from apps.datasets.inspection.annotations import Scale
from apps.datasets.inspection.reading import Format
from apps.datasets.models import (
    AnnotationResult,
    AnnotationTable,
    ContestedItem,
    Dataset,
    DatasetVersion,
    Guideline,
    Upload,
)
from apps.datasets.refs import version_ref
from apps.datasets.storage import hold_bytes
from apps.ledger.actions import record_on
from apps.people.models import User

MOST_ROWS = 2_000_000
State = AnnotationResult.State


@atomic
def add_annotations(
    version: DatasetVersion,
    upload: UUID | None,
    *,
    by: User,
    columns: Mapping[str, str] | None = None,
    scale: str = "nominal",
    label_order: Sequence[str] = (),
    guideline: int | None = None,
    note: str = "",
) -> AnnotationTable:
    """Add an uploaded file of the version's dataset as its next table of annotations, and queue its comparison.

    Columns that are not named are guessed. ``guideline`` is the number of the published version under which rows were
    labelled that do not say so. What is wrong inside the rows is found by the job. Raise ``UploadNotReady``,
    ``AnnotationsTooMany``, ``ColumnUnknown``, ``LabelOrderUnclear``, ``GuidelineUnknown`` or ``AnnotationsStand``.
    """
    dataset = version.dataset
    access.require(by, "dataset.register", version.team.pk)
    Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    hold_bytes()
    file = _uploaded(dataset, upload)
    if (file.rows or 0) > MOST_ROWS:
        raise AnnotationsTooMany(
            _("A table holds at most %(n)s annotations; this one has %(rows)s. Split it by time or by item.")
            % {"n": f"{MOST_ROWS:,}", "rows": f"{file.rows:,}"},
            errors={"/file": [_("Too many rows.")]},
        )
    chosen = _columns(file, columns or {})
    order = _order(scale, label_order)
    under = _guideline(dataset, guideline)
    same = version.annotation_tables.filter(
        digest=file.digest, columns=chosen.as_dict(), scale=scale, label_order=order
    )
    standing = same.filter(guideline=under).exclude(result__state=State.FAILED).first()
    if standing is not None:
        raise AnnotationsStand(
            _("Table %(n)d holds exactly these annotations, read the same way.") % {"n": standing.number},
            extra={"annotation": str(standing.pk)},
        )
    table: AnnotationTable = AnnotationTable.objects.create(
        version=version,
        number=int(version.annotation_tables.aggregate(n=Max("number"))["n"] or 0) + 1,
        name=file.name,
        storage_name=file.storage_name,
        digest=file.digest,
        size=file.size,
        rows=file.rows or 0,
        format=file.format,
        is_packed=file.is_packed,
        columns=chosen.as_dict(),
        scale=scale,
        label_order=order,
        guideline=under,
        note=note.strip(),
        added_by=by,
    )
    file.state = Upload.State.USED
    file.save(update_fields=["state"])
    record_on(
        "annotations.added",
        by=by,
        ref=version_ref(version),
        payload={
            "table": str(table.pk),
            "number": table.number,
            "file": table.name,
            "digest": table.digest,
            "rows": table.rows,
            "columns": table.columns,
            "scale": scale,
            "guideline": under.number if under else None,
        },
    )
    job = jobs.enqueue(
        "compare_annotations",
        key=str(table.pk),
        payload={"table": str(table.pk)},
        by=by,
        team_id=version.team.pk,
        subject=version_ref(version),
    )
    AnnotationResult.objects.create(table=table, job_id=job.pk)
    subjects.announce_change(version_ref(version), "annotations.added")
    return table


def _uploaded(dataset: Dataset, upload: UUID | None) -> Upload:
    rows = Upload.objects.select_for_update(of=("self",))
    file: Upload | None = rows.filter(pk__in=[upload], dataset=dataset).first()
    if file is None or file.state not in (Upload.State.READY, Upload.State.USED):
        raise UploadNotReady(
            _("Choose the file of annotations, or send the rest of it first."),
            errors={"/file": [_("There is no complete file yet.")]},
        )
    return file


def _columns(file: Upload, asked: Mapping[str, str]) -> Columns:
    guessed = guess_columns(file.columns).as_dict()
    chosen = {key: asked.get(key, "").strip() or guess for key, guess in guessed.items()}
    has = ", ".join(file.columns)[:300]
    errors = {}
    for key, column in chosen.items():
        if column and column not in file.columns:
            errors[f"/{key}_column"] = [
                _("There is no column “%(name)s”. The table has: %(all)s.") % {"name": column, "all": has}
            ]
        elif not column and key in REQUIRED:
            errors[f"/{key}_column"] = [_("No column speaks for itself. Name one of: %(all)s.") % {"all": has}]
    if errors:
        raise ColumnUnknown(_("Say which column holds what. The table has: %(all)s.") % {"all": has}, errors=errors)
    return Columns(**chosen)


def _order(scale: str, labels: Sequence[str]) -> list[str]:
    """Return the labels from low to high; empty for numbers and for labels without an order."""
    order = [label.strip() for label in labels if label.strip()] if scale == "ordinal" else []
    if len(set(order)) != len(order):
        double = next(label for label in order if order.count(label) > 1)
        raise LabelOrderUnclear(
            _("“%(label)s” stands twice in the order.") % {"label": double},
            errors={"/label_order": [_("A label stands twice.")]},
        )
    return order


def _guideline(dataset: Dataset, number: int | None) -> Guideline | None:
    if number is None:
        return None
    found: Guideline | None = dataset.guidelines.filter(state=Guideline.State.PUBLISHED, number=number).first()
    if found is None:
        raise GuidelineUnknown(
            _("Version %(n)d of the guideline is not published.") % {"n": number},
            errors={"/guideline": [_("Choose a published version.")]},
        )
    return found


@jobs.handler("compare_annotations")
def compare_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Read one table and write what it says; a second run of the same changes nothing."""
    tables = AnnotationTable.objects.select_related("version__dataset__use_case__team", "guideline")
    table: AnnotationTable = tables.get(pk=job.payload["table"])
    published = table.version.dataset.guidelines.filter(state=Guideline.State.PUBLISHED)
    numbers = [str(number) for number in published.values_list("number", flat=True)]
    try:
        with default_storage.open(table.storage_name) as stream:
            found, unlabelled = read_annotations(
                cast(Any, stream),
                cast(Format, table.format),
                table.is_packed,
                Columns(**table.columns),
                scale=cast(Scale, table.scale),
                order=table.label_order,
                guidelines=numbers,
                default_guideline=str(table.guideline.number) if table.guideline else "",
                progress=lambda rows: progress(rows, table.rows, str(_("Reading annotations"))),
            )
    except FileProblem as problem:
        _finish(job, table, State.FAILED, {}, str(problem), problem.row)
        return {"state": "failed", "error": str(problem)}
    except OSError:
        error = _("The table is not in the storage any more. Add it again.")
        _finish(job, table, State.FAILED, {}, error)
        return {"state": "failed", "error": error}
    progress(table.rows, table.rows, str(_("Comparing annotators")))
    _finish(job, table, State.DONE, {**analyse(found), "unlabelled": unlabelled})
    return {"state": "done", "rows": table.rows}


@atomic
def _finish(
    job: Job, table: AnnotationTable, state: str, figures: dict[str, Any], error: str = "", row: int | None = None
) -> None:
    jobs.hold(job)
    hold_bytes()
    result = AnnotationResult.objects.select_for_update().get(table=table)
    if result.state != State.PENDING:
        return
    contested = figures.pop("contested", [])
    is_erased = erased(table.version) is not None
    ContestedItem.objects.bulk_create(
        [
            ContestedItem(
                table=table,
                position=position,
                item="" if is_erased else one["item"],
                agreement=one["agreement"],
                majority=one["majority"],
                labels=one["labels"],
            )
            for position, one in enumerate(contested, 1)
        ],
        batch_size=1000,
    )
    result.state, result.figures, result.error, result.row, result.finished_at = state, figures, error, row, now()
    result.save(update_fields=["state", "figures", "error", "row", "finished_at"])
    said = ("annotations", "annotators", "items_compared", "agreement", "to_adjudicate", "drifting")
    record_on(
        "annotations.analysed",
        by=SYSTEM,
        ref=version_ref(table.version),
        obj=table.version,
        payload={
            "table": str(table.pk),
            "number": table.number,
            "state": state,
            "error": error,
            **{name: figures[name] for name in said if name in figures},
        },
    )
    subjects.announce_change(version_ref(table.version), "annotations.analysed")
