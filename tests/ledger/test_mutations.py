"""Whatever is changed in an export, the auditor's own script finds it, and it cries wolf over no unmodified one."""

import importlib.util
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings

from apps.ledger import keys, notes
from apps.ledger.models import Checkpoint
from tests.ledger import mutators
from tests.ledger.mutations import Files, Specimen, append, export, meaning
from tests.people.factories import make_user

pytestmark = pytest.mark.django_db
EACH = 9
MOST_ENTRIES = 70
KINDS = list(mutators.MUTATORS)
_path = settings.BASE_DIR / "apps" / "ledger" / "offline" / "verify.py"
_spec = importlib.util.spec_from_file_location("offline_verify", _path)
assert _spec is not None
assert _spec.loader is not None
offline: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(offline)
REFUSALS = (offline.Wrong, OSError, ValueError, KeyError)


def sign() -> str:
    """Let the notary sign what is in the ledger now; return its note."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    call_command("notary", "--once")
    return Checkpoint.objects.values_list("note", flat=True)[0]


def grown() -> Iterator[tuple[int, str]]:
    """Grow the ledger to 70 entries, signed at some sizes on the way; yield (size, the note before)."""
    rng, older = random.Random(7), ""
    size = Checkpoint.objects.values_list("size", flat=True).first() or 0
    while size < MOST_ENTRIES:
        note = sign()
        size = notes.read(note, pinned()).size
        yield size, older
        older = note
        append(min(rng.choice([1, 1, 1, 2, 3]), MOST_ENTRIES - size))


def pinned() -> notes.VerifierKey:
    found = keys.verifier()
    assert found is not None
    return found


class Folder:
    """Lays an export out as its auditor unpacks it, and changes it for one look."""

    def __init__(self, path: Path, files: Files) -> None:
        self.path, self.files = path, files
        shutil.rmtree(path, ignore_errors=True)
        (path / "checkpoints").mkdir(parents=True)
        self._write(files)

    def _write(self, files: Files) -> None:
        for name, data in files.items():
            (self.path / name).write_bytes(data)

    def check(self, key: notes.VerifierKey, changed: Files) -> str:
        self._write(changed)
        try:
            return str(offline.check(self.path, str(key)))
        finally:
            self._write({name: self.files[name] for name in changed})


@pytest.fixture(scope="module")
def specimens(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> list[Specimen]:
    """Return exports of one growing ledger: whole and selections, small and large; nothing stays in the database."""
    home = tmp_path_factory.mktemp("mutations")
    found: list[Specimen] = []
    with (
        django_db_blocker.unblock(),
        override_settings(NOTARY_FOLDER=home, NOTARY_KEY_FILE=str(home / "key.pem")),
        transaction.atomic(),
    ):
        auditor = make_user(organisation_role="auditor")
        sizes = set()
        for size, older in grown():
            sizes.add(size)
            if len(sizes) in (1, 2, 5) or size in (MOST_ENTRIES, next((n for n in sorted(sizes) if n > 30), 0)):
                found.append(Specimen(f"whole {size}", export(auditor), pinned(), older))
                for search in ("Thing 1", "Thing 3", "no such thing"):
                    found.append(Specimen(f"{search} of {size}", export(auditor, search), pinned(), older))
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_change_to_an_export_is_found(
    kind: str, specimens: list[Specimen], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(kind)
    made, missed = 0, []
    for specimen in specimens:
        folder, said = Folder(tmp_path / "export", specimen.files), meaning(specimen.files, specimen.key)
        for _number in range(EACH):
            changed = mutators.MUTATORS[kind](rng, specimen)
            if changed is None or meaning(specimen.files | changed, specimen.key) == said:
                continue
            made += 1
            try:
                folder.check(specimen.key, changed)
                missed.append(f"{specimen.name} accepted: {shown(specimen.files, changed)}")
            except REFUSALS:
                continue
            except Exception as error:
                missed.append(f"{specimen.name} broke off with {error!r}: {shown(specimen.files, changed)}")
    with capsys.disabled():
        sys.stdout.write(f"\n{kind}: {made - len(missed)} of {made} found")
    assert made, "a kind of change that never changes anything"
    assert not missed, "\n".join(missed)


def shown(files: Files, changed: Files) -> str:
    """Return where each changed file differs first, before and after."""
    found = []
    for name, data in changed.items():
        was = files[name]
        at = next((n for n, (one, other) in enumerate(zip(was, data, strict=False)) if one != other), len(data))
        found.append(f"{name} {was[max(0, at - 20) : at + 40]!r} became {data[max(0, at - 20) : at + 40]!r}")
    return "; ".join(found)


def test_a_thousand_changes_are_tried(specimens: list[Specimen]) -> None:
    tried = 0
    for kind, mutate in mutators.MUTATORS.items():
        rng = random.Random(kind)
        tried += sum(mutate(rng, specimen) is not None for specimen in specimens for _number in range(EACH))
    assert tried >= 1500, tried
    assert any(specimen.whole and specimen.size == MOST_ENTRIES for specimen in specimens)
    assert any(not specimen.whole and not specimen.lines for specimen in specimens)


def test_no_unmodified_export_is_doubted(tmp_path: Path) -> None:
    auditor = make_user(organisation_role="auditor")
    counts: dict[bool, set[int]] = {True: set(), False: set()}
    for size, _older in grown():
        for search in ("", "Thing", "Thing 1", "Thing 2", "no such thing"):
            files = export(auditor, search)
            specimen = Specimen(search, files, pinned(), "")
            counts[specimen.whole].add(len(specimen.lines))
            said = Folder(tmp_path / "export", files).check(specimen.key, {})
            assert said.startswith(f"As signed: {len(specimen.lines)} entries"), (size, search)
            assert meaning(files, specimen.key) is not None
    assert max(counts[True]) == MOST_ENTRIES
    assert min(counts[False]) == 0
    assert len(counts[True]) >= 30
    assert len(counts[False]) >= 30
