"""The model card of a version: what it is for, what it was made from, who answers for it, who approved what.

Its sections follow Mitchell et al., "Model Cards for Model Reporting" (2019), answered from records alone.
"""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.sheets import Section, Sheet
from apps.core.subjects import SubjectRef
from apps.core.templatetags.fourgate import thousands
from apps.datasets.refs import version_ref
from apps.evidence import facts as registry
from apps.evidence.facts import Fact
from apps.evidence.models import Document
from apps.gates.models import Gate, SignOff
from apps.owners import holders
from apps.owners.responsibilities import RESPONSIBILITIES, required_on, title
from apps.registry.facts.models import spdx
from apps.registry.models import ModelVersion, RunDataset, TrainingRun
from apps.registry.refs import model_ref, model_version_ref, run_ref

MOST_GATES = 50


def _rows(*rows: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in rows if text)


def _moment(value: dt.datetime) -> str:
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _about(version: ModelVersion) -> Section:
    model = version.model
    rows = _rows(
        (_("Model"), model.name),
        (_("Version"), version.number),
        (_("Team"), version.team.name),
        (_("Artefact"), version.artefact_digest),
        (_("Size"), _("%(n)s bytes") % {"n": thousands(version.size)}),
        (_("Place"), version.place),
        (_("Format"), version.format),
        (_("Quantisation"), version.quantisation),
        (_("Notes"), version.notes),
        (_("Registered by"), version.registered_by.name),
        (_("Registered on"), date_format(version.created_at, "j M Y")),
        (_("Digest of the version"), version.digest),
    )
    withdrawn = (_("Withdrawn: %(why)s") % {"why": version.withdrawal.reason},) if version.is_withdrawn else ()
    return Section("about", _("About"), rows, sentences=withdrawn)


def _use(version: ModelVersion) -> Section:
    use_case = version.model.use_case
    rows = _rows(
        (_("Use case"), use_case.name),
        (_("Purpose"), version.model.purpose),
        (_("Task"), use_case.task),
        (_("Measure of success"), use_case.success_measure),
        (_("Risk tier"), str(use_case.get_risk_tier_display())),
        (_("Why this tier"), use_case.risk_reason),
    )
    return Section("use", _("Intended use"), rows)


def _base(version: ModelVersion) -> Section:
    model = version.model
    rows = _rows(
        (_("Base model"), model.base_model),
        (_("Provider"), model.base_provider),
        (_("Version or revision"), model.base_revision),
        (_("Licence"), spdx(model.licence) or model.licence or _("Not stated")),
        (_("Taken from"), model.base_source),
        (_("Digest"), model.base_digest),
        (_("Provenance"), model.provenance),
    )
    return Section("base", _("Base model"), rows)


def _data(uses: Iterable[RunDataset], guidelines: Iterable[Any], facts: dict[str, Fact]) -> Section:
    table = tuple(
        (
            str(use.version),
            ", ".join(use.splits) or _("all of it"),
            str(thousands(use.version.rows)),
            use.digest,
        )
        for use in uses
    )
    rows = tuple(
        (_("Labelling guideline"), f"{row.guideline.dataset.name}: {row.guideline}, {row.digest}") for row in guidelines
    )
    return Section(
        "data",
        _("Data"),
        rows,
        headings=(_("Dataset version"), _("Splits"), _("Rows"), _("Digest")),
        table=table,
        sentences=(facts["run.start_gates"].sentence,),
    )


def _training(run: TrainingRun, facts: dict[str, Fact]) -> Section:
    cost = f"{run.cost_amount} {run.cost_currency}" if run.cost_amount is not None else ""
    rows = _rows(
        (_("Run"), str(run)),
        (_("Trained by"), run.trained_by.name),
        (_("Registered by"), run.registered_by.name),
        (_("Started"), _moment(run.started_at)),
        (_("Finished"), _moment(run.finished_at)),
        (_("Code"), run.code_repository),
        (_("Commit"), run.code_commit),
        (_("Base model loaded"), run.base_digest),
        (_("Hyperparameters"), _json(run.hyperparameters)),
        (_("Environment"), _json(run.environment)),
        (_("Random seed"), str(run.seed) if run.seed is not None else ""),
        (_("GPU hours"), str(run.gpu_hours) if run.gpu_hours is not None else ""),
        (_("Cost"), cost),
        (_("Digest of the run"), run.digest),
    )
    return Section("training", _("Training"), rows, sentences=(facts["run.lineage"].sentence,))


def _json(value: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {item if isinstance(item, str) else json.dumps(item)}" for name, item in value.items())


def _owners(version: ModelVersion) -> Section:
    held = holders.holders(model_ref(version.model))
    required = [row.key for kind in ("use_case", "model") for row in required_on(kind)]
    rows = tuple(
        (str(RESPONSIBILITIES[key].title), held[key].holder.name if key in held else _("Vacant"))
        for key in dict.fromkeys([*required, *(key for key in held if key in RESPONSIBILITIES)])
    )
    return Section("owners", _("Who answers for it"), rows)


def _gates(refs: Iterable[SubjectRef], user: Any) -> Section:
    ids = {ref.id for ref in refs}
    gates = list(
        Gate.objects.visible_to(user)
        .filter(subject_id__in=ids)
        .select_related("policy_version")
        .order_by("-id")[:MOST_GATES]
    )
    signed: dict[Any, list[SignOff]] = {}
    for row in SignOff.objects.filter(gate__in=gates).order_by("id"):
        signed.setdefault(row.gate_id, []).append(row)
    table = tuple(
        (
            str(gate),
            str(gate.get_state_display()),
            "; ".join(
                f"{row.by_name} ({title(row.responsibility)}): {row.get_verdict_display()}"
                for row in signed.get(gate.pk, ())
                if row.dossier_digest == gate.dossier_digest
            )
            or "–",
        )
        for gate in reversed(gates)
    )
    return Section(
        "gates",
        _("Gates"),
        headings=(_("Gate"), _("State"), _("Signed by")) if table else (),
        table=table,
        sentences=() if table else (_("No gate was opened yet."),),
    )


def _documents(refs: Iterable[SubjectRef]) -> Section:
    rows = Document.objects.on(*refs).standing().order_by("kind", "id")
    table = tuple((row.title, row.kind_title, row.digest) for row in rows)
    return Section(
        "documents",
        _("Documents"),
        headings=(_("Document"), _("Kind"), _("Digest")) if table else (),
        table=table,
        sentences=() if table else (_("None is attached."),),
    )


def read(version: ModelVersion, user: Any) -> Sheet:
    """Return the card as the user may see it; a constant number of queries for any number of rows of a kind."""
    run = TrainingRun.objects.select_related("model__use_case__team", "trained_by", "registered_by").get(
        pk=version.run_id
    )
    uses = list(run.datasets.select_related("version__dataset"))
    guidelines = list(run.guidelines.select_related("guideline__dataset"))
    on_run = registry.read(run_ref(run), run)
    on_version = registry.read(model_version_ref(version), version)
    on_model = registry.read(model_ref(version.model), version.model)
    own = (model_version_ref(version), run_ref(run))
    limitations = version.model.limitations
    stated = (*on_version.values(), *on_model.values(), on_run["run.guidelines"], on_run["run.recipe"])
    sections = (
        _about(version),
        _use(version),
        Section(
            "limitations",
            _("Limitations"),
            sentences=(limitations,) if limitations else (_("None is stated; that is no proof that there is none."),),
        ),
        _base(version),
        _data(uses, guidelines, on_run),
        _training(run, on_run),
        Section(
            "facts",
            _("What is computed"),
            tuple((str(_title(fact)), fact.sentence) for fact in stated),
        ),
        _owners(version),
        _gates([*own, *(version_ref(use.version) for use in uses)], user),
        _documents([*own, model_ref(version.model)]),
    )
    return Sheet(
        _("Model card of %(version)s") % {"version": version}, version.digest, version.team.name, now(), sections
    )


def _title(fact: Fact) -> Any:
    definition = registry.definition(fact.name)
    return definition.title if definition else fact.name
