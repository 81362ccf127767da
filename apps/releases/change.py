"""What a release changes against the live one: generated from the records, kept as canonical JSON with its digest."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.canonical import canonical_json, moment_text, sha256_digest
from apps.datasets.models import VersionDifference
from apps.evaluations.models import Comparison
from apps.evaluations.reading import standings
from apps.registry.models import ModelVersion, RunDataset
from apps.releases.models import Release

VERSION = 1
TOTALS = ("added", "removed", "changed", "relabelled")


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a proposal says itself, besides what the registry knows of its version."""

    version: ModelVersion
    prompt_digest: str = ""
    configuration_digest: str = ""


def generate(new: Proposed, live: Release | None) -> tuple[str, str]:
    """Return the canonical JSON of what changes from ``live`` to ``new``, and its digest; at most nine queries."""
    old = Proposed(live.version, live.prompt_digest, live.configuration_digest) if live else None
    body = canonical_json(
        {
            "v": VERSION,
            "against": _named(live) if live else None,
            "data": _data(new.version, old.version if old else None),
            "model": _model(new.version, old.version if old else None),
            "evaluations": _evaluations(new.version, read(live).get("evaluations", []) if live else None),
            "prompts": _moved(old.prompt_digest if old else None, new.prompt_digest),
            "configuration": _moved(old.configuration_digest if old else None, new.configuration_digest),
        }
    )
    return body.decode(), sha256_digest(body)


def read(release: Release) -> dict[str, Any]:
    """Return the kept change as plain values."""
    found: dict[str, Any] = json.loads(release.change)
    return found


def counts(change: Mapping[str, Any]) -> dict[str, int]:
    """Return how much of each part changed."""
    model = change["model"]
    parts = {
        "data": len(change["data"]["added"]) + len(change["data"]["removed"]),
        "hyperparameters": len(model["hyperparameters"]),
        "suites": sum(row["changed"] for row in change.get("evaluations", [])),
        "model": sum(model[name]["changed"] for name in ("base", "code", "artefact")),
        "prompts": int(change["prompts"]["changed"]),
        "configuration": int(change["configuration"]["changed"]),
    }
    return {**parts, "all": sum(parts.values())}


def _named(live: Release) -> dict[str, Any]:
    return {
        "release": str(live.pk),
        "label": str(live),
        "digest": live.digest,
        "live_from": moment_text(live.live_from) if live.live_from else "",
    }


def _moved(old: Any, new: Any) -> dict[str, Any]:
    """Return a value then and now; against nothing, nothing has changed."""
    return {"from": old, "to": new, "changed": old is not None and old != new}


def _uses(version: ModelVersion) -> dict[str, RunDataset]:
    rows = version.run.datasets.select_related("version__dataset").order_by("digest")
    return {row.digest: row for row in rows}


def _use(row: RunDataset) -> dict[str, Any]:
    return {
        "dataset": str(row.version.dataset_id),
        "name": str(row.version),
        "version": str(row.version_id),
        "digest": row.digest,
        "splits": list(row.splits),
    }


def _data(new: ModelVersion, old: ModelVersion | None) -> dict[str, Any]:
    """Return the dataset versions that came, went and stayed, and how those of one dataset differ where known."""
    now, then = _uses(new), _uses(old) if old else {}
    added = [row for digest, row in now.items() if digest not in then]
    removed = [row for digest, row in then.items() if digest not in now]
    return {
        "added": [_use(row) for row in added],
        "removed": [_use(row) for row in removed],
        "kept": [_use(row) for digest, row in now.items() if digest in then],
        "differences": list(_differences(added, removed)),
    }


def _differences(added: list[RunDataset], removed: list[RunDataset]) -> Iterator[dict[str, Any]]:
    """Yield the newest computed difference of each pair of versions of one dataset; one query, none without pairs."""
    pairs = [(old, new) for new in added for old in removed if old.version.dataset_id == new.version.dataset_id]
    if not pairs:
        return
    rows = VersionDifference.objects.filter(
        state=VersionDifference.State.DONE,
        older_digest__in={old.digest for old, _new in pairs},
        newer_digest__in={new.digest for _old, new in pairs},
    ).order_by("id")
    known = {(row.older_digest, row.newer_digest): row for row in rows}
    for old, new in pairs:
        row = known.get((old.digest, new.digest))
        totals = row.result.get("totals", {}) if row else {}
        yield {
            "dataset": new.version.dataset.name,
            "older": old.digest,
            "newer": new.digest,
            "computed": row is not None,
            "changed_percent": row.changed_percent if row else None,
            "rows": {name: totals[name] for name in TOTALS if name in totals},
        }


def _evaluations(version: ModelVersion, before: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the suites that the version is judged by, with the run that counts, its thresholds, and the comparison
    with the run that it is held against; a suite is changed when the live release was judged by another content."""
    then = {row["suite"]: row["suite_digest"] for row in before or []}
    rows = standings(version)
    pairs = {row.run.pk: row.live.pk for row in rows if row.run is not None and row.live is not None}
    compared = Comparison.objects.filter(candidate__in=pairs).order_by("id")
    known = {row.candidate_id: row.digest for row in compared if str(pairs[row.candidate_id]) in row.others}
    return [
        {
            "suite": row.version.suite.name,
            "suite_version": row.version.number,
            "suite_digest": row.version.digest,
            "changed": before is not None and then.get(row.version.suite.name) != row.version.digest,
            "run": row.run.digest if row.run else None,
            "live_run": row.live.digest if row.live else None,
            "comparison": known.get(row.run.pk) if row.run else None,
            "thresholds": [
                {
                    "asked": {
                        name: value
                        for name, value in verdict.as_dict().items()
                        if name in ("metric", "segment", "rule", "limit")
                    },
                    "outcome": verdict.outcome,
                    "value": verdict.value,
                    "reference": verdict.reference,
                }
                for verdict in row.verdicts
            ],
        }
        for row in rows
    ]


def _model(new: ModelVersion, old: ModelVersion | None) -> dict[str, Any]:
    run, before = new.run, old.run if old else None
    recipe = dict(_flat(run.hyperparameters))
    was = dict(_flat(before.hyperparameters)) if before else recipe
    return {
        "version": _moved(old.digest if old else None, new.digest),
        "base": _moved(before.base_digest if before else None, run.base_digest),
        "code": _moved(
            f"{before.code_repository} {before.code_commit}".strip() if before else None,
            f"{run.code_repository} {run.code_commit}".strip(),
        ),
        "artefact": _moved(old.artefact_digest if old else None, new.artefact_digest),
        "hyperparameters": [
            {"name": name, "from": was.get(name), "to": recipe.get(name)}
            for name in sorted({*was, *recipe})
            if was.get(name) != recipe.get(name)
        ],
    }


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of a recipe under its dotted name."""
    for key, value in values.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, name)
        else:
            yield name, value
