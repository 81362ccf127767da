"""Whoever changes the past is found, by the app and by the auditor's own script."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.core.actor import SYSTEM
from apps.core.identifiers import new_id
from apps.ledger import exporting, keys, notes, proofs, tree, verification
from apps.ledger.actions import record
from apps.ledger.models import Checkpoint, Entry, Export
from apps.ledger.notary import Notary, Rewritten
from tests.people.factories import make_user
from tests.tables import set_triggers


def write(count: int = 12) -> None:
    for number in range(count):
        record(
            "test.happened", by=SYSTEM, subject=("test", new_id(), f"Thing {number}"), team=None, payload={"n": number}
        )


@pytest.fixture
def ledger(db: None, notary: Callable[[], None]) -> None:
    write(7)
    notary()
    write(5)
    notary()


def past(sql: str) -> None:
    """Run SQL as the cluster's owner with the guards switched off: the all-powerful administrator."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        set_triggers(False)
        cursor.execute(sql)
        set_triggers(True)


def size() -> int:
    return int(Entry.objects.order_by("-seq").values_list("seq", flat=True)[0] or 0)


def test_a_good_ledger_verifies_up_to_its_newest_checkpoint(ledger: None) -> None:
    found = verification.verify()
    assert found.entries == found.signed == size()
    assert found.checkpoints == 2


TAMPERINGS = {
    "a byte": ("UPDATE ledger_entry SET body = replace(body, 'Thing 3', 'Thing 9') WHERE seq = {n}", "Entry {n} "),
    "a deleted row": ("DELETE FROM ledger_entry WHERE seq = {n}", "Entry {n} is missing"),
    "two swapped rows": (
        "UPDATE ledger_entry SET seq = -1 WHERE seq = {n}; UPDATE ledger_entry SET seq = {n} WHERE seq = {n} + 1;"
        " UPDATE ledger_entry SET seq = {n} + 1 WHERE seq = -1",
        "between",
    ),
    "a byte and its leaf": (
        "UPDATE ledger_entry SET body = replace(body, 'Thing 3', 'Thing 9') WHERE seq = {n}; UPDATE ledger_entry"
        " SET leaf = sha256('\\x00'::bytea || convert_to(body, 'UTF8')) WHERE seq = {n}",
        "between",
    ),
    "a cut-off tail": ("DELETE FROM ledger_entry WHERE seq > {n}", "is missing"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_named(ledger: None, name: str) -> None:
    sql, said = TAMPERINGS[name]
    target = Entry.objects.filter(subject_label="Thing 3").order_by("seq").first()
    assert target is not None
    past(sql.format(n=target.seq))
    with pytest.raises(verification.LedgerBroken, match=said.format(n=target.seq)):
        verification.verify()
    with pytest.raises(Rewritten):
        Notary(keys.load_or_make()).check_all()


def test_a_checkpoint_of_another_key_is_refused(ledger: None, settings: Any) -> None:
    newest = Checkpoint.objects.first()
    assert newest is not None
    other = notes.sign(notes.Statement(settings.ORIGIN, newest.size, bytes(newest.root)), Ed25519PrivateKey.generate())
    past(f"UPDATE ledger_checkpoint SET note = '{other}' WHERE size = {newest.size}")
    with pytest.raises(verification.LedgerBroken, match="not signed by the notary"):
        verification.verify()


def test_an_inserted_entry_is_found_by_a_checkpoint_kept_elsewhere(ledger: None, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    newest = Checkpoint.objects.first()
    assert newest is not None
    kept.write_text(newest.note)
    call_command("verify_ledger", checkpoint=kept)
    past(f"DELETE FROM ledger_entry WHERE seq = {newest.size}; DELETE FROM ledger_checkpoint")
    with pytest.raises(CommandError, match=f"Entry {newest.size} is missing"):
        call_command("verify_ledger", checkpoint=kept)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET body = body || ' '",
        "UPDATE ledger_entry SET seq = seq + 100",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "INSERT INTO ledger_entry (id, body) SELECT id, body FROM ledger_entry LIMIT 1"
        " ON CONFLICT (id) DO UPDATE SET body = '{}'",
        "MERGE INTO ledger_entry e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
        "SET LOCAL session_replication_role = replica; DELETE FROM ledger_entry",
        "UPDATE ledger_checkpoint SET size = size + 1",
        "DELETE FROM ledger_node",
        "TRUNCATE ledger_checkpoint",
    ],
)
def test_attack_34_raw_sql_cannot_alter_the_ledger(ledger: None, sql: str) -> None:
    before = list(Entry.objects.order_by("seq").values_list("seq", "body"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert list(Entry.objects.order_by("seq").values_list("seq", "body")) == before


def test_proofs_from_the_stored_nodes_hold(ledger: None) -> None:
    newest = Checkpoint.objects.first()
    assert newest is not None
    for entry in Entry.objects.order_by("seq"):
        assert entry.seq is not None
        proof = proofs.inclusion(entry.seq, newest.size)
        assert tree.verify_inclusion(bytes(entry.leaf), entry.seq - 1, newest.size, proof, bytes(newest.root))
    older = Checkpoint.objects.order_by("size").first()
    assert older is not None
    between = proofs.consistency(older.size, newest.size)
    assert tree.verify_consistency(older.size, newest.size, between, bytes(older.root), bytes(newest.root))


def exported(tmp_path: Path, filters: dict[str, str]) -> Path:
    auditor = make_user(organisation_role="auditor")
    export = Export.objects.create(requested_by=auditor.pk, requested_by_name=auditor.name, filters=filters)
    buffer = io.BytesIO()
    exporting.write_zip(buffer, export, auditor, lambda done, total=None, message="": None)
    folder = tmp_path / "export"
    zipfile.ZipFile(buffer).extractall(folder)
    return folder


def checked(folder: Path, key: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(folder / "verify.py"), "--key", key or str(keys.verifier())],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("filters", [{}, {"search": "Thing 3"}])
def test_an_export_is_checked_offline(ledger: None, tmp_path: Path, filters: dict[str, str]) -> None:
    code, said = checked(exported(tmp_path, filters))
    assert code == 0, said
    assert "As signed" in said


def _lines(folder: Path) -> list[str]:
    return (folder / "entries.ndjson").read_text(encoding="utf-8").splitlines()


def _byte(lines: list[str]) -> list[str]:
    return [line.replace("Thing 3", "Thing 9") for line in lines]


def _resealed(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        entry = json.loads(line)
        entry["body"] = entry["body"].replace("Thing 3", "Thing 9")
        entry["leaf"] = tree.leaf_hash(entry["body"].encode()).hex()
        found.append(json.dumps(entry))
    return found


MUTATIONS: dict[str, Callable[[list[str]], list[str]]] = {
    "a byte": _byte,
    "a byte and its leaf": _resealed,
    "a deleted line": lambda lines: lines[:3] + lines[4:],
    "two swapped lines": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "a doubled line": lambda lines: [*lines[:4], *lines[3:]],
    "a cut-off tail": lambda lines: lines[:-2],
    "a broken line": lambda lines: [*lines[:3], lines[3][:-5], *lines[4:]],
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_export_is_found_offline_and_named(ledger: None, tmp_path: Path, name: str) -> None:
    folder = exported(tmp_path, {})
    (folder / "entries.ndjson").write_text("\n".join(MUTATIONS[name](_lines(folder))) + "\n", encoding="utf-8")
    code, said = checked(folder)
    assert code == 1
    assert "entry" in said.lower()


def test_an_export_signed_with_another_key_is_found_offline(ledger: None, tmp_path: Path, settings: Any) -> None:
    folder = exported(tmp_path, {})
    newest = Checkpoint.objects.first()
    assert newest is not None
    statement = notes.Statement(settings.ORIGIN, newest.size, bytes(newest.root))
    (folder / "checkpoint.txt").write_text(notes.sign(statement, Ed25519PrivateKey.generate()))
    code, said = checked(folder)
    assert code == 1
    assert "pinned key" in said


def test_an_export_of_another_origin_is_found_offline(ledger: None, tmp_path: Path) -> None:
    folder = exported(tmp_path, {})
    other = notes.VerifierKey.of("elsewhere/ledger", Ed25519PrivateKey.generate())
    assert checked(folder, str(other))[0] == 1
