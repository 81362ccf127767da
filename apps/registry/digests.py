"""What names a run and a version: digests over all that was registered."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from apps.core.canonical import digest_of, moment_text
from apps.registry.models import ModelVersion, TrainingRun


def run_digest(run: TrainingRun, datasets: Iterable[tuple[str, Sequence[str]]], guidelines: Iterable[str]) -> str:
    """Return the digest of a run with its data (digest and splits of each) and the digests of its guidelines.

    Its number, its note and who registered it are not content: the same run registered again has the same digest.
    """
    return digest_of(
        {
            "model": str(run.model_id),
            "datasets": sorted([digest, *splits] for digest, splits in datasets),
            "guidelines": sorted(guidelines),
            "code": [run.code_repository, run.code_commit],
            "base": run.base_digest,
            "hyperparameters": run.hyperparameters,
            "environment": run.environment,
            "started": moment_text(run.started_at),
            "finished": moment_text(run.finished_at),
            "cost": [_amount(run.cost_amount), run.cost_currency],
            "gpu_hours": _amount(run.gpu_hours),
            "seed": str(run.seed) if run.seed is not None else "",
            "trained_by": str(run.trained_by_id),
            "openlineage": str(run.openlineage_run_id or ""),
        }
    )


def _amount(value: Decimal | None) -> str:
    return f"{value:.2f}" if value is not None else ""


def version_digest(version: ModelVersion) -> str:
    """Return the digest of a model version: model, artefact, the run and the run's own digest."""
    return digest_of(
        {
            "model": str(version.model_id),
            "artefact": version.artefact_digest,
            "run": str(version.run_id),
            "run_digest": version.run.digest,
        }
    )
