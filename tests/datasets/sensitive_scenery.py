"""Versions in which the inspection found sensitive data."""

from typing import Any

from apps.datasets import actions
from apps.datasets.models import DatasetVersion, Inspection, SensitiveDecision
from tests.scenery import Scene, make_version

TRAIN = (
    "text,category\n"
    "Write to ann@example.com or bob@example.org,pay\n"
    "Call me on +1 415-555-2671,card\n"
    "Where is my card?,card\n"
)
TEST = "text,category\nMail: carl@example.net,pay\n"


def count(rows: int, values: int, **by_split: int) -> dict[str, Any]:
    return {"rows": rows, "values": values, "likely": values, "by_column": {"text": values}, "by_split": by_split}


FOUND = {"email": count(2, 3, train=2, test=1), "phone": count(1, 1, train=1)}


def put_sensitive(version: DatasetVersion, **kinds: dict[str, Any]) -> None:
    """Write what the inspection of a version found; e-mail addresses and a telephone number when nothing is named."""
    found = Inspection.objects.get(version=version)
    samples = [
        {"kind": key, "split": "train", "row": 2, "column": "text", "text": f"Write to [{key}]"}
        for key in kinds or FOUND
    ]
    found.findings = found.findings | {"sensitive": {"kinds": kinds or FOUND, "samples": samples}}
    found.save(update_fields=["findings"])
    if "inspection" in version._state.fields_cache:
        version.inspection = found


def make_sensitive_version(scene: Scene) -> DatasetVersion:
    version = make_version(scene, TRAIN, TEST)
    put_sensitive(version)
    return version


def decide(scene: Scene, kind: str, decision: str, reason: str = "", **values: Any) -> SensitiveDecision:
    by = values.pop("by", None) or scene.people["compliance_reviewer"]
    version = values.pop("version", None) or scene.version
    return actions.decide_sensitive(version, kind, decision, by=by, reason=reason)
