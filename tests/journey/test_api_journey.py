"""The whole journey over the API, on Banking77: from the files to an export that is checked offline."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from apps.core import jobs
from config.demo import material
from tests.api.client import Caller
from tests.people.factories import PASSWORD, make_user
from tests.scenery import DOCUMENTS, make_scene

pytestmark = pytest.mark.django_db


def leaking_test_rows_removed() -> bytes:
    """Return Banking77's test file without the seven rows that also stand in train."""
    from apps.datasets.inspection import normalise

    train = {normalise(text) for text, _label in material._rows("train.csv")}
    rows = [row for row in material._rows("test.csv") if normalise(row[0]) not in train]
    assert len(rows) == 3080 - 7
    return material._csv(rows)


def register(caller: Caller, dataset: Any, test: bytes) -> dict[str, Any]:
    files = {"train": material.published("train.csv"), "test": test}
    data: dict[str, Any] = {"fewer_splits_reason": "The publisher made two"}
    for split, content in files.items():
        data[split] = io.BytesIO(content)
        data[split].name = f"{split}.csv"
    status, version = caller.multipart(f"datasets/{dataset.pk}/versions/", data)
    assert status == 201, version
    jobs.run_waiting()
    return version  # type: ignore[no-any-return]


def confirm_and_sign(caller: Caller, gate: str, responsibility: str) -> tuple[int, Any]:
    status, confirmation = caller.post("me/confirmations/", {"password": PASSWORD})
    assert status == 201, confirmation
    _status, dossier = caller.get(f"gates/{gate}/dossier/")
    return caller.post(
        f"gates/{gate}/sign-offs/",
        {
            "responsibility": responsibility,
            "verdict": "approve",
            "dossier_digest": dossier["digest"],
            "confirmation": confirmation["id"],
        },
    )


def test_the_start_gate_over_the_api(notary: Any, tmp_path: Path) -> None:
    scene = make_scene()
    engineer = Caller(scene.engineer)
    version = register(engineer, scene.dataset, material.published("test.csv"))
    _status, facts = engineer.get(f"dataset-versions/{version['id']}/facts/")
    leakage = next(fact for fact in facts if fact["name"] == "dataset.split_leakage")
    assert leakage["figures"] == {"exact_rows": 0, "normalised_rows": 7, "near_rows": 5}
    assert leakage["sentence"] == "7 test rows also stand in train. 5 rows nearly equal one in train."

    def attach(version_id: str) -> None:
        for kind in DOCUMENTS:
            status, document = engineer.post(
                "documents/",
                {
                    "subject_type": "dataset_version",
                    "subject_id": version_id,
                    "kind": kind,
                    "title": kind,
                    "link": f"https://wiki.example/{kind}",
                },
            )
            assert status == 201, document

    attach(version["id"])
    opened = {"policy_kind": "start", "subject_type": "dataset_version", "subject_id": version["id"]}
    status, blocked = engineer.post("gates/", opened)
    assert (status, blocked["state"], blocked["unmet"]) == (201, "open", 1)
    assert blocked["blocked_by"] == "7 test rows also stand in train. 5 rows nearly equal one in train."

    clean = register(engineer, scene.dataset, leaking_test_rows_removed())
    attach(clean["id"])
    status, gate = engineer.post("gates/", {**opened, "subject_id": clean["id"]})
    assert (status, gate["state"]) == (201, "in_review"), gate

    owner = Caller(scene.people["business_owner"], "read", "sign")
    _status, work = owner.get("me/work/")
    assert [row["subject_id"] for row in work if row["kind"] == "sign_off.business_owner"] == [gate["id"]]
    status, refused = owner.post(
        f"gates/{gate['id']}/sign-offs/",
        {"responsibility": "business_owner", "verdict": "approve", "dossier_digest": gate["dossier_digest"]},
    )
    assert (status, refused["code"]) == (403, "confirmation_required")
    assert confirm_and_sign(owner, gate["id"], "business_owner")[0] == 201
    reviewer = Caller(scene.people["compliance_reviewer"], "read", "sign")
    assert confirm_and_sign(reviewer, gate["id"], "compliance_reviewer")[0] == 201
    assert engineer.get(f"gates/{gate['id']}/")[1]["state"] == "approved"

    notary()
    auditor = Caller(make_user(organisation_role="auditor"), "read", "write")
    _status, trail = auditor.get(f"ledger/entries/?subject_id={gate['id']}&action=gate.approved")
    seq = trail["results"][0]["seq"]
    status, proof = auditor.get(f"ledger/entries/{seq}/proof/")
    assert status == 200
    assert proof["tree_size"] >= seq
    status, export = auditor.post("ledger/exports/", {})
    assert status == 202, export
    jobs.run_waiting()
    status, archive = auditor.get(f"ledger/exports/{export['id']}/download/")
    assert status == 200
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path)
    from apps.ledger import keys

    command = [sys.executable, str(tmp_path / "verify.py"), "--key", str(keys.verifier())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
