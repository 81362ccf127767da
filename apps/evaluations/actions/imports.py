"""Results of tools: read and shown first, then registered as an immutable run."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.canonical import moment_text
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.evaluations import importing
from apps.evaluations.actions.runs import register, require_subject
from apps.evaluations.content import Content
from apps.evaluations.errors import (
    EvaluationTimesImpossible,
    NothingMeasured,
    ResultTooLarge,
    ResultUnreadable,
    SuiteNotPublished,
)
from apps.evaluations.models import Baseline, EvaluationImport, EvaluationRun, RunFile, SuiteVersion
from apps.evaluations.storing import LARGEST_FILES, MOST_FILES, Kept, keep, score_line
from apps.people.models import User
from apps.registry.models import ModelVersion
from apps.registry.shapes import checked_object

KEPT_FOR = dt.timedelta(days=2)
IN_MEMORY = 4 * 1024 * 1024


@dataclass(slots=True)
class _Read:
    found: importing.Found
    matched: importing.Matched
    scores: Kept | None


def _read(version: SuiteVersion, files: Sequence[Kept], subject: str) -> _Read:
    """Read the files and match them; raise ``ResultUnreadable`` or ``NothingMeasured``."""
    content = Content.of(version.content)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as lines:
        try:
            found = importing.read([file.source() for file in files], subject)
            matched = importing.match(
                found,
                [metric.asked() for metric in content.metrics],
                lambda row: lines.write(score_line(row)),  # type: ignore[arg-type,return-value]
            )
        except importing.ImportProblem as problem:
            raise ResultUnreadable(
                str(problem),
                errors={"/files": [str(problem)]},
                extra={"file": problem.file, "where": problem.where},
            ) from problem
        if not matched.values:
            names = ", ".join(row["name"] for row in matched.unmatched[:10]) or _("nothing")
            raise NothingMeasured(
                _("None of the suite’s metrics is in these files. They hold: %(names)s.") % {"names": names[:500]},
                errors={"/files": [_("No metric of the suite.")]},
                extra={"unmatched": [row["name"] for row in matched.unmatched[:100]]},
            )
        scores = keep(lines, "scores.jsonl") if matched.scores else None  # type: ignore[arg-type]
    return _Read(found, matched, scores)


def start_import(version: SuiteVersion, files: Sequence[Any], *, by: User, subject: str = "") -> EvaluationImport:
    """Keep the tool's files, read them, and show what was recognised and matched; nothing is registered yet.

    Raise ``SuiteNotPublished``, ``ResultTooLarge``, ``ResultUnreadable`` or ``NothingMeasured``.
    """
    access.require(by, "evaluation.register", version.team.pk)
    if not version.is_published:
        raise SuiteNotPublished(_("Publish the version of the suite first."))
    if not 0 < len(files) <= MOST_FILES:
        raise ResultUnreadable(
            _("Choose 1 to %(n)d files.") % {"n": MOST_FILES}, errors={"/files": [_("Choose the tool’s files.")]}
        )
    if sum(file.size for file in files) > LARGEST_FILES:
        raise ResultTooLarge(
            _("The files of one run hold at most %(n)d MB together.") % {"n": LARGEST_FILES // 1024**2},
            errors={"/files": [_("Too large.")]},
        )
    kept = [keep(file, file.name or "") for file in files]
    read = _read(version, kept, subject)
    imported: EvaluationImport = EvaluationImport.objects.create(
        suite_version=version,
        requested_by=by,
        files=[file.as_dict() for file in kept],
        found={
            "subject": subject,
            "tool": read.found.tool,
            "tool_version": read.found.tool_version,
            "started_at": moment_text(read.found.started_at) if read.found.started_at else None,
            "finished_at": moment_text(read.found.finished_at) if read.found.finished_at else None,
            "seed": read.found.seed,
            "parameters": _plain(read.found.parameters),
            "values": read.matched.values,
            "unmatched": read.matched.unmatched,
            "unmeasured": [list(pair) for pair in read.matched.unmeasured],
            "skipped": list(read.found.skipped)[:100],
            "scores": read.matched.scores,
        },
    )
    return imported


def _plain(parameters: Any) -> dict[str, Any]:
    return checked_object({key: value for key, value in parameters.items() if value not in ("", None)}, "files")


def confirm_import(
    imported: EvaluationImport,
    *,
    by: User,
    model_version: ModelVersion | None = None,
    baseline: Baseline | None = None,
    evaluated_by: User | None = None,
    started_at: dt.datetime | None = None,
    finished_at: dt.datetime | None = None,
    seed: int | None = None,
    tool_version: str = "",
    note: str = "",
) -> EvaluationRun:
    """Register what was shown as a run of the subject: the files are read once more, so that nothing else is kept.

    What the files say of times, seed and version of the tool goes before what is given here. Raise ``NotFound`` when
    somebody confirmed it before, ``EvaluationTimesImpossible``, ``SubjectElsewhere``, ``SameEvaluation``, or what
    reading raises.
    """
    version = imported.suite_version
    access.require(by, "evaluation.register", version.team.pk)
    require_subject(version, model_version, baseline)
    files = [Kept(**file) for file in imported.files]
    read = _read(version, files, imported.found["subject"])
    start = read.found.started_at or started_at
    if start is None:
        raise EvaluationTimesImpossible(
            _("The files don’t say when the evaluation began. Say it."),
            errors={"/started_at": [_("The files don’t say it.")]},
        )
    with transaction.atomic():
        if not EvaluationImport.objects.select_for_update().filter(pk=imported.pk).delete()[0]:
            raise NotFound(_("This import was confirmed before, or is forgotten."))
        return register(
            version,
            by=by,
            model_version=model_version,
            baseline=baseline,
            evaluated_by=evaluated_by or by,
            tool=read.found.tool,
            tool_version=read.found.tool_version or tool_version.strip()[:60],
            values=read.matched.values,
            unmatched=read.matched.unmatched,
            parameters=_plain(read.found.parameters),
            files=[
                *((RunFile.Kind.RESULT, file, None) for file in files),
                *([(RunFile.Kind.SCORES, read.scores, read.matched.scores)] if read.scores else []),
            ],
            started_at=start,
            finished_at=read.found.finished_at or finished_at or start,
            seed=read.found.seed if read.found.seed is not None else seed,
            note=note,
        )


def forget_imports() -> int:
    """Forget imports that nobody confirmed within two days, with the files that no run kept."""
    stale = list(EvaluationImport.objects.filter(created_at__lt=now() - KEPT_FOR))
    for imported in stale:
        imported.delete()
        for file in imported.files:
            waiting = EvaluationImport.objects.filter(files__contains=[{"storage_name": file["storage_name"]}])
            if not RunFile.objects.filter(storage_name=file["storage_name"]).exists() and not waiting.exists():
                default_storage.delete(file["storage_name"])
    return len(stale)
