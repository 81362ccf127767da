"""Policies for tests: written, proposed by one governance lead, published by another."""

from apps.gates import actions as gates
from apps.gates.models import PolicyVersion
from apps.people.models import User
from tests.people.factories import member
from tests.scenery import DOCUMENTS, Scene

SIGNED = """
sign_offs:
  - responsibility: business_owner
  - responsibility: compliance_reviewer
"""

FIGURES = {
    "dataset.files": ("files", "bytes", "missing_files"),
    "dataset.splits": ("split_count",),
    "dataset.sources": ("sources", "authoritative_percent", "eligible_sources", "ineligible_sources"),
    "dataset.shape": ("rows", "columns"),
    "dataset.empty_fields": ("empty_inputs", "empty_labels"),
    "dataset.duplicates": ("exact_rows", "normalised_rows", "normalised_percent", "near_rows", "clusters"),
    "dataset.split_leakage": ("exact_rows", "normalised_rows", "near_rows"),
    "dataset.label_conflicts": ("conflicting_inputs", "conflicting_rows", "conflicting_percent"),
    "dataset.label_balance": ("labels", "smallest_rows", "largest_rows", "rare_labels"),
    "dataset.text_length": ("shortest", "median", "p95", "longest"),
    "dataset.languages": ("languages", "main_percent"),
    "dataset.format": ("violating_rows", "kinds"),
    "dataset.unsafe_content": ("kinds", "rows", "hidden_rows"),
    "dataset.sensitive_data": ("kinds", "values", "likely_values", "rows"),
    "dataset.lineage": ("source_count", "open_ends", "depth"),
    "dataset.retention": ("copies", "overdue", "deleted"),
    "dataset.sensitive_decisions": ("kinds_found", "undecided_kinds", "accepted_kinds"),
    "dataset.sample_audit": ("audited_rows", "defects", "defect_percent"),
}


def text(*requirements: str, kind: str = "build", subject: str = "dataset_version", more: str = "") -> str:
    """Return a policy with the requirements, each in one line of YAML without its braces."""
    rows = "".join(f"  - {{id: r{number}, title: Asked {number}, {row}}}\n" for number, row in enumerate(requirements))
    return f"kind: {kind}\ntitle: {kind} gate\nsubject: {subject}\n{more}\nrequirements:\n{rows}{SIGNED}"


def sixty() -> str:
    """Return a policy of sixty requirements: figures, documents, an owner and a waiting period."""
    rows = [f"fact: {fact}, figure: {figure}, at_least: 0" for fact, figures in FIGURES.items() for figure in figures]
    rows += [f"document: {kind}" for kind in DOCUMENTS] + ["owners: [data_steward]", "waiting_days: 1"]
    return text(*rows[-60:], kind="sixty")


def second_lead(scene: Scene) -> User:
    found = scene.people.get("second_lead")
    if found is None:
        found = scene.people["second_lead"] = member(scene.team, "governance_lead", name="Second Lead")
    return found


def publish(scene: Scene, source: str) -> PolicyVersion:
    return gates.publish_policy(gates.propose_policy(source, by=scene.lead), by=second_lead(scene))
