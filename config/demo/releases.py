"""The support team's releases: one live in staging, other prompts tried and rolled back, a quantised one proposed."""

import datetime as dt
import hashlib
from typing import Any

from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.gates.models import Gate
from apps.registry.models import ModelVersion
from apps.registry.refs import model_version_ref, run_ref
from apps.releases import actions
from apps.releases.models import Environment, Release
from apps.releases.refs import release_ref

PROMPTS = "sha256:" + hashlib.sha256(b"Name the intent of the question. Answer with the label alone.").hexdigest()
KINDER = "sha256:" + hashlib.sha256(b"You are a friendly assistant. Name the intent of the question.").hexdigest()


def tell(story: Any) -> None:
    first = ModelVersion.objects.get(model__name="Intent classifier", number="0.1.0")
    quantised = ModelVersion.objects.get(model__name="Intent classifier", number="0.1.0-q4")
    _build(story, first)
    _prove(story, first)
    staging = _environment(story, "Staging", "staging", "The desk’s test queue: colleagues ask, no customer sees it.")
    _environment(story, "Production", "production", "Chat and phone: every question of a customer.")
    release = _propose(story, first, staging, "The first one that colleagues may try.")
    _go_live(
        story,
        release,
        ("Answers with a label, and nothing else.", "Good enough for colleagues to try."),
        ("It can’t repeat what it was tuned on.", "Start and proof gates are approved; nothing was live before."),
    )
    _try_other_prompts(story, first, staging)
    _ask(story, release_ref(_propose(story, quantised, staging, "A third of the memory; the same labels.")), "release")


def _go_live(story: Any, release: Release, owners: tuple[str, str], reviewers: tuple[str, str]) -> None:
    """Have the release gate signed by the model and business owner, compliance and governance, and bring it live."""
    gate = _ask(story, release_ref(release), "release")
    signers = zip(
        ("ravi", "bruno", "kofi", "ines"),
        ("model_owner", "business_owner", "compliance_reviewer", "governance_owner"),
        (*owners, *reviewers),
        strict=True,
    )
    for person, responsibility, comment in signers:
        story.sign(gate, person, responsibility, comment=comment)
    with story.later(minutes=10):
        actions.go_live(release, by=story.who("teodora"))


def _try_other_prompts(story: Any, version: ModelVersion, staging: Environment) -> None:
    """Bring the same version live with a friendlier prompt, and go back the next day."""
    release = _propose(story, version, staging, "The same model; a friendlier prompt.", KINDER)
    with story.later(minutes=30):
        actions.record_rehearsal(
            release,
            by=story.who("teodora"),
            rehearsed_by=story.who("ravi"),
            rehearsed_at=now() - dt.timedelta(minutes=5),
            duration_seconds=48,
            outcome="passed",
            link="https://wiki.demo.example/intents/rehearsal",
        )
    _go_live(
        story,
        release,
        ("The labels are the same on the hundred questions that I tried.", "Sounds more like us."),
        ("Nothing new can come out.", "The way back was rehearsed: 48 seconds."),
    )
    with story.later(hours=20):
        rollback = actions.roll_back(
            release,
            by=story.who("teodora"),
            reason="It answers in sentences, one in five times, and the queue then finds no label.",
        )
    with story.later(hours=3):
        actions.review_rollback(
            rollback,
            by=story.who("ines"),
            verdict="justified",
            comment="Right to go back. A format check joins the suite before the prompt changes again.",
        )


def _build(story: Any, version: ModelVersion) -> None:
    gate = Gate.objects.live().on(run_ref(version.run)).get(kind="build")
    for person, responsibility, comment in (
        ("ravi", "model_owner", "The recipe is the one that we agreed on, and I could run it again."),
        ("bruno", "business_owner", "These are the five intents that the desk asked for."),
        ("kofi", "compliance_reviewer", "The data was inspected, and nothing personal is left in it."),
    ):
        story.sign(gate, person, responsibility, comment=comment)


def _prove(story: Any, version: ModelVersion) -> None:
    _document(story, model_version_ref(version), "red_team_report", "What the red team tried", "red-team")
    gate = _ask(story, model_version_ref(version), "proof")
    for person, responsibility, comment in (
        ("ravi", "model_owner", "I read every wrong answer of the run: all are near misses."),
        ("bruno", "business_owner", "It meets what I signed before the run, a stolen card above all."),
        ("kofi", "compliance_reviewer", "It turns away what it was not tuned for."),
    ):
        story.sign(gate, person, responsibility, comment=comment)


def _document(story: Any, ref: SubjectRef, kind: str, title: str, page: str) -> None:
    with story.later(hours=1):
        evidence.add_document(ref, kind, title, by=story.who("sanne"), link=f"https://wiki.demo.example/intents/{page}")


def _ask(story: Any, ref: SubjectRef, kind: str) -> Gate:
    with story.later(minutes=20):
        return gates.open_gate(kind, ref, by=story.who("teodora"))


def _environment(story: Any, name: str, kind: str, description: str) -> Environment:
    with story.later(minutes=5):
        return actions.create_environment(
            story.teams["service"], by=story.who("teodora"), name=name, kind=kind, description=description
        )


def _propose(
    story: Any, version: ModelVersion, environment: Environment, notes: str, prompts: str = PROMPTS
) -> Release:
    with story.later(hours=1):
        release = actions.propose_release(
            version, environment, by=story.who("teodora"), prompt_digest=prompts, notes=notes
        )
    _document(story, release_ref(release), "sensitive_data_statement", "What the release may repeat", "may-repeat")
    return release
