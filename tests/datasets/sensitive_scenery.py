"""Versions in which the inspection found sensitive data."""

from typing import Any

from apps.core.canonical import digest_of
from apps.core.identifiers import new_id
from apps.datasets import actions
from apps.datasets.models import DatasetVersion, Inspection, InspectionResult, SensitiveDecision
from tests.scenery import Scene, make_version

TRAIN = (
    "text,category\n"
    "Write to ann@example.com or bob@example.org,pay\n"
    "Call me on +1 415-555-2671,card\n"
    "Where is my card?,card\n"
)
TEST = "text,category\nMail: carl@example.net,pay\n"


def count(rows: int, values: int, **by_split: int) -> dict[str, Any]:
    where = {"file": 0, "row": 2, "column": "text", "split": "train", "file_name": "train.csv"}
    places = [where | {"text": "To ann@example.com"}]
    counts = {"rows": rows, "values": values, "likely": values, "by_column": {"text": values}, "by_split": by_split}
    return counts | {"samples": places if values else []}


FOUND = {"email": count(2, 3, train=2, test=1), "phone": count(1, 1, train=1)}


def put_sensitive(version: DatasetVersion, **kinds: dict[str, Any]) -> None:
    """Write what the inspection of a version found; e-mail addresses and a telephone number when nothing is named."""
    put_findings(version, {"sensitive": {"kinds": kinds or FOUND}})


def put_findings(version: DatasetVersion, parts: dict[str, Any]) -> None:
    """Give the inspection of a version another result; parts that are None are left out of it."""
    found = Inspection.objects.select_related("result").get(version=version)
    left_out = {name for name, part in parts.items() if part is None}
    findings = {name: part for name, part in (found.findings | parts).items() if name not in left_out}
    found.result = InspectionResult.objects.create(
        key=digest_of([str(new_id())]), digest=digest_of(findings), findings=findings, engine="duckdb"
    )
    found.save(update_fields=["result"])
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
