"""Policies for tests: written, proposed by one governance lead, published by another."""

from apps.gates import actions as gates
from apps.gates.models import PolicyVersion
from apps.people.models import User
from tests.people.factories import member
from tests.scenery import Scene

SIGNED = """
sign_offs:
  - responsibility: business_owner
  - responsibility: compliance_reviewer
"""


def text(*requirements: str, kind: str = "build", subject: str = "dataset_version", more: str = "") -> str:
    """Return a policy with the requirements, each in one line of YAML without its braces."""
    rows = "".join(f"  - {{id: r{number}, title: Asked {number}, {row}}}\n" for number, row in enumerate(requirements))
    return f"kind: {kind}\ntitle: {kind} gate\nsubject: {subject}\n{more}\nrequirements:\n{rows}{SIGNED}"


def second_lead(scene: Scene) -> User:
    found = scene.people.get("second_lead")
    if found is None:
        found = scene.people["second_lead"] = member(scene.team, "governance_lead", name="Second Lead")
    return found


def publish(scene: Scene, source: str) -> PolicyVersion:
    return gates.publish_policy(gates.propose_policy(source, by=scene.lead), by=second_lead(scene))
