"""What names a baseline, a suite version and an evaluation: digests over all that was registered."""

from collections.abc import Iterable
from typing import Any

from apps.core.canonical import digest_of, moment_text
from apps.evaluations.models import Baseline, EvaluationRun, SuiteVersion


def baseline_digest(baseline: Baseline) -> str:
    return digest_of(
        {
            "use_case": str(baseline.use_case_id),
            "kind": baseline.kind,
            "model": baseline.model_name,
            "prompts": baseline.prompts,
            "configuration": baseline.configuration,
        }
    )


def suite_digest(version: SuiteVersion, content: dict[str, Any]) -> str:
    """Return the digest of a suite's content; its number and its note don't change it."""
    return digest_of({"suite": str(version.suite_id), "content": content})


def evaluation_digest(run: EvaluationRun, subject_digest: str, files: Iterable[str]) -> str:
    """Return the digest of a run: subject, suite version, figures and files by their digests, tool, times, who ran.

    Its number, its note and who registered it are not content.
    """
    return digest_of(
        {
            "suite_version": str(run.suite_version_id),
            "suite_digest": run.suite_version.digest,
            "model_version": str(run.model_version_id or ""),
            "baseline": str(run.baseline_id or ""),
            "subject_digest": subject_digest,
            "tool": [run.tool, run.tool_version],
            "values": run.values,
            "unmatched": run.unmatched,
            "parameters": run.parameters,
            "files": sorted(files),
            "started": moment_text(run.started_at),
            "finished": moment_text(run.finished_at),
            "seed": str(run.seed) if run.seed is not None else "",
            "evaluated_by": str(run.evaluated_by_id),
        }
    )
