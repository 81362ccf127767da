"""A model, a run and a version for a scene."""

import datetime as dt
import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core import clock, jobs
from apps.registry import actions
from apps.registry.models import Model, ModelVersion, TrainingRun
from apps.registry.refs import model_ref
from tests.people.factories import member
from tests.scenery import Scene, name_holder, publish_guideline

BASE = "sha256:" + "b" * 64
COMMIT = "c0ffee" + "0" * 34
BYTES = b"weights of a very small adapter"
MODEL = {
    "name": "Intent classifier",
    "purpose": "Names the intent of a customer's question.",
    "base_model": "Qwen2.5-0.5B-Instruct",
    "base_provider": "Qwen",
    "base_revision": "7ae557604adf67be50417f59c2c2f167def9a775",
    "licence": "Apache-2.0",
    "base_source": "https://huggingface.co/Qwen/Qwen2.5-0.5B-Instruct",
    "base_digest": BASE,
    "limitations": "English only.",
}


def digest_of_bytes(data: bytes = BYTES) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def make_model(scene: Scene, **values: Any) -> Model:
    """Create a model of the scene's use case; its owner is somebody who builds nothing."""
    values = MODEL | values
    model = actions.create_model(values.pop("use_case", scene.use_case), by=scene.engineer, **values)
    if "model_owner" not in scene.people:
        scene.people["model_owner"] = member(scene.team, "business_owner", name="Model Owner")
        name_holder(model_ref(model), "model_owner", scene.people["model_owner"], by=scene.lead)
    return model


def make_run(scene: Scene, model: Model, **values: Any) -> TrainingRun:
    """Register a run on the scene's version, with everything that its build gate asks of it."""
    ended = clock.now() - dt.timedelta(hours=1)
    values = {
        "by": scene.engineer,
        "trained_by": scene.engineer,
        "started_at": ended - dt.timedelta(hours=2),
        "finished_at": ended,
        "code_repository": "https://git.example.com/ml/intents",
        "code_commit": COMMIT,
        "base_digest": BASE,
        "hyperparameters": {"learning_rate": 0.0002, "epochs": 3, "lora": {"r": 16, "alpha": 32}},
        "environment": {"hardware": "1 × L4", "image_digest": "sha256:" + "e" * 64, "libraries": {"torch": "2.7.0"}},
        "seed": 42,
    } | values
    if "guidelines" not in values:
        values["guidelines"] = [scene.dataset.guidelines.published().first() or publish_guideline(scene)]
    datasets = values.pop("datasets", None)
    if datasets is None:
        datasets = [actions.DataUse(version=scene.version.pk)]
    return actions.register_run(model, datasets, **values)


def stored(name: str = "incoming/adapter.safetensors", data: bytes = BYTES) -> str:
    """Put an artefact into the storage and return its place."""
    if default_storage.exists(name):
        default_storage.delete(name)
    return "file:///" + default_storage.save(name, ContentFile(data))


def furnish(scene: Scene) -> ModelVersion:
    """Give the scene a model, a run on its version, and a version of the model whose bytes were read."""
    run = make_run(scene, make_model(scene))
    return make_model_version(scene, run, place=stored(), artefact_digest=digest_of_bytes())


def make_model_version(scene: Scene, run: TrainingRun, number: str = "1.0.0", **values: Any) -> ModelVersion:
    values = {
        "by": scene.engineer,
        "artefact_digest": digest_of_bytes(number.encode()),
        "size": len(BYTES),
        "place": "s3://models/intents/" + number,
        "format": "safetensors",
    } | values
    version = actions.register_model_version(run, number, **values)
    jobs.run_waiting()
    return version
