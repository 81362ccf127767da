"""What is known of a training run: the start gates of its data, its lineage, its guidelines, its recipe."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.gates.models import Gate, GateState
from apps.registry.digests import run_digest
from apps.registry.models import RunDataset, RunGuideline, TrainingRun

DEFINITIONS = (
    FactDefinition(
        "run.start_gates",
        lazy("Start gates of the data"),
        lazy("How many of the dataset versions have an approved start gate now; a lapsed one does not count."),
        {
            "versions": lazy("Dataset versions used"),
            "approved": lazy("With an approved start gate"),
            "approved_percent": lazy("With an approved start gate, per cent"),
        },
    ),
    FactDefinition(
        "run.lineage",
        lazy("Lineage of the run"),
        lazy("Whether data, code and base model are named so exactly that the run could be retraced."),
        {
            "complete": lazy("data, code and base model are all as registered"),
            "versions": lazy("Dataset versions used"),
            "digests_match": lazy("Dataset versions whose digest is the registered one"),
            "commit_given": lazy("code repository and commit are given"),
            "base_matches": lazy("the base model’s digest is the model’s"),
            "intact": lazy("the run still has its own digest"),
        },
    ),
    FactDefinition(
        "run.guidelines",
        lazy("Labelling guidelines of the run"),
        lazy("Whether the guideline in force is named for every dataset that the run used."),
        {
            "guidelines": lazy("Guidelines named"),
            "datasets": lazy("Datasets used"),
            "datasets_without": lazy("Datasets without a named guideline"),
        },
    ),
    FactDefinition(
        "run.recipe",
        lazy("Recipe of the run"),
        lazy("What is recorded to repeat the run: hyperparameters, environment, seed."),
        {
            "hyperparameters": lazy("Hyperparameters"),
            "environment": lazy("Statements on the environment"),
            "seed_given": lazy("a random seed is given"),
            "image_given": lazy("the image’s digest is given"),
            "complete": lazy("all four are recorded"),
        },
    ),
)


def _names(versions: Sequence[RunDataset]) -> str:
    return ", ".join(str(use) for use in versions[:5]) + ("…" if len(versions) > 5 else "")


def _start_gates(run: TrainingRun, uses: Sequence[RunDataset]) -> Fact:
    gates = {
        gate.subject_id: gate
        for gate in Gate.objects.filter(
            kind="start",
            subject_type="dataset_version",
            subject_id__in=[use.version_id for use in uses],
            state=GateState.APPROVED,
        )
    }
    lacking = [use for use in uses if use.version_id not in gates]
    approved = len(uses) - len(lacking)
    if lacking:
        sentence = _("No approved start gate now: %(names)s.") % {"names": _names(lacking)}
    else:
        sentence = ngettext(
            "Its dataset version has an approved start gate.",
            "All %(n)d dataset versions have an approved start gate.",
            len(uses),
        ) % {"n": len(uses)}
    figures = {
        "versions": len(uses),
        "approved": approved,
        "approved_percent": round(100 * approved / len(uses), 2) if uses else 0.0,
    }
    origin = digest_of(
        sorted(
            [use.digest, str(gates[use.version_id].pk) if use.version_id in gates else "",
             gates[use.version_id].dossier_digest if use.version_id in gates else ""]
            for use in uses
        )
    )  # fmt: skip
    return Fact("run.start_gates", "known", sentence, figures, {"run": run.digest, "start_gates": origin})


def _lineage(run: TrainingRun, uses: Sequence[RunDataset], guidelines: Sequence[RunGuideline]) -> Fact:
    other = [use for use in uses if use.digest != use.version.digest]
    commit = bool(run.code_repository and run.code_commit)
    base = run.model.base_digest
    base_matches = bool(base) and run.base_digest == base
    intact = run.digest == run_digest(
        run, [(use.digest, use.splits) for use in uses], [row.digest for row in guidelines]
    )
    problems = []
    if other or not uses:
        problems.append(_("other content than registered: %(names)s") % {"names": _names(other)})
    if not commit:
        problems.append(_("code repository or commit is not given"))
    if not run.base_digest:
        problems.append(_("the run does not say which base model it loaded"))
    elif not base:
        problems.append(_("the model’s own record has no digest of the base"))
    elif not base_matches:
        problems.append(_("it loaded another base model than the model’s"))
    if not intact:
        problems.append(_("the run is not what was registered"))
    sentence = (
        _("Not complete: %(problems)s.") % {"problems": "; ".join(problems)}
        if problems
        else _("Complete: data, commit and base model are as registered.")
    )
    figures = {
        "complete": not problems,
        "versions": len(uses),
        "digests_match": len(uses) - len(other),
        "commit_given": commit,
        "base_matches": base_matches,
        "intact": intact,
    }
    data = digest_of(sorted(use.version.digest for use in uses))
    return Fact("run.lineage", "known", sentence, figures, {"run": run.digest, "data": data, "base": digest_of(base)})


def is_retraceable(run: TrainingRun) -> bool:
    """Tell whether data, code and base model are as registered; no query where all that was read along."""
    return bool(_lineage(run, list(run.datasets.all()), list(run.guidelines.all())).figures["complete"])


def _guidelines(run: TrainingRun, uses: Sequence[RunDataset], guidelines: Sequence[RunGuideline]) -> Fact:
    datasets = {use.version.dataset_id: use.version.dataset.name for use in uses}
    covered = {row.guideline.dataset_id for row in guidelines}
    lacking = sorted(name for pk, name in datasets.items() if pk not in covered)
    sentence = (
        _("No guideline is named for: %(names)s.") % {"names": ", ".join(lacking)[:300]}
        if lacking
        else _("Labelled by: %(names)s.") % {"names": ", ".join(str(row) for row in guidelines)}
    )
    figures = {"guidelines": len(guidelines), "datasets": len(datasets), "datasets_without": len(lacking)}
    return Fact("run.guidelines", "known", sentence, figures, {"run": run.digest})


def _recipe(run: TrainingRun) -> Fact:
    figures = {
        "hyperparameters": len(run.hyperparameters),
        "environment": len(run.environment),
        "seed_given": run.seed is not None,
        "image_given": bool(run.environment.get("image_digest")),
    }
    lacking = [
        text
        for name, text in (
            ("hyperparameters", _("hyperparameters")),
            ("environment", _("environment")),
            ("seed_given", _("seed")),
            ("image_given", _("digest of the image")),
        )
        if not figures[name]
    ]
    sentence = (
        _("Not recorded: %(names)s.") % {"names": ", ".join(lacking)}
        if lacking
        else _("Hyperparameters, environment, image and seed are recorded.")
    )
    return Fact("run.recipe", "known", sentence, {**figures, "complete": not lacking}, {"run": run.digest})


def read(run: TrainingRun) -> list[Fact]:
    """Return the facts of the run; three queries, however much data it used."""
    uses = list(run.datasets.select_related("version__dataset"))
    guidelines = list(run.guidelines.select_related("guideline__dataset"))
    return [
        _start_gates(run, uses),
        _lineage(run, uses, guidelines),
        _guidelines(run, uses, guidelines),
        _recipe(run),
    ]


PROVIDER = FactProvider("training_run", DEFINITIONS, read)
