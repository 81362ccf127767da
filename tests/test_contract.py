"""Promises about the code as a whole."""

import hashlib
import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.core.errors import REFUSALS
from apps.gates.models import GateState
from apps.ledger import sentences

ROOT = Path(settings.BASE_DIR)
APPS = (
    "ledger", "people", "owners", "agenda", "evidence", "gates", "usecases", "datasets", "registry", "evaluations",
    "releases", "assessments", "operations",
)  # fmt: skip
INTERNAL = {
    "ledger.record": "the ledger's way in, called by every action",
    "ledger.record_on": "the same, for registered subjects",
    "ledger.record_each": "the same, for many of one act",
    "ledger.may_anywhere": "a question, not an act",
    "owners.vacate_all": "follows a deactivation",
    "people.connect_identity": "follows a sign-in at the identity provider",
    "people.disconnect_identity": "reached on allauth's page of connected accounts",
    "people.end_session": "reached as sessions/{id} and on the settings page",
    "agenda.forget_deliveries": "follows the clock",
    "evidence.plain_name": "a format",
    "gates.refresh": "follows every change",
    "gates.refresh_all": "follows the clock",
    "gates.refresh_expired": "follows the clock",
    "gates.refresh_watching": "follows every change",
    "gates.import_default_policies": "follows a migration",
    "usecases.ref_of": "a name",
    "assessments.refresh": "follows every change",
    "assessments.refresh_all": "follows the clock",
    "assessments.refresh_lapsed": "follows the clock",
    "assessments.refresh_on_change": "follows every change",
    "assessments.import_default_frameworks": "follows a migration",
    "evaluations.forget_imports": "follows the clock",
    "datasets.set_sources": "part of edit_dataset",
    "datasets.forget_uploads": "follows the clock",
    "datasets.note_samples_seen": "follows a look at samples",
    "datasets.export_of": "a question, not an act",
    "datasets.link_token": "a name",
    "datasets.open_link": "a question, not an act",
    "operations.ensure_reviews": "follows the clock",
    "operations.record_missed": "follows the clock",
    "operations.import_default_review_templates": "follows a migration",
}
BY_ANOTHER_NAME = {
    "datasets.start_upload": "the page's script calls the endpoint",
    "datasets.append_upload": "the page's script calls the endpoint",
    "people.deactivate": "the page picks it by its verb",
    "people.reactivate": "the page picks it by its verb",
}


def actions() -> list[str]:
    found = []
    for app in APPS:
        module = importlib.import_module(f"apps.{app}.actions")
        for name, value in vars(module).items():
            own = getattr(value, "__module__", "").startswith(f"apps.{app}.actions")
            if inspect.isfunction(value) and own and not name.startswith("_"):
                found.append(f"{app}.{name}")
    return found


def _sources(*patterns: str) -> str:
    return "\n".join(path.read_text() for pattern in patterns for path in ROOT.glob(pattern))


def test_every_act_is_reached_by_a_page_and_by_an_endpoint() -> None:
    pages = _sources("apps/*/views.py", "apps/*/views/*.py", "apps/*/*_views.py")
    api = _sources("apps/*/api.py", "apps/*/api/*.py")
    missing = []
    for name in actions():
        if name in INTERNAL:
            continue
        act = name.split(".")[1]
        if not re.search(rf"\bactions\.{act}\b", api):
            missing.append(f"{name}: no endpoint")
        if not re.search(rf"\bactions\.{act}\b", pages) and name not in BY_ANOTHER_NAME:
            missing.append(f"{name}: no page")
    assert not missing


def test_every_act_reads_as_a_sentence_in_the_trail() -> None:
    recorded = set(re.findall(r"""record(?:_on|_on_user)?\(\s*"([a-z_]+\.[a-z_]+)\"""", _sources("apps/**/*.py")))
    recorded |= {f"gate.{state}" for state in GateState.values}
    assert len(recorded) > 40
    assert recorded - set(sentences.names()) == set()


def test_every_refusal_has_a_test() -> None:
    tests = _sources("tests/**/*.py")
    known = {code: refusal for code, refusal in REFUSALS.items() if refusal.__module__.startswith("apps.")}
    untested = [code for code, refusal in known.items() if refusal.__name__ not in tests and f'"{code}"' not in tests]
    assert not untested


def test_what_is_vendored_is_what_the_manifest_says() -> None:
    folder = ROOT / "static" / "vendor"
    for entry in json.loads((folder / "MANIFEST.json").read_text()):
        assert (folder / entry["licence_file"]).exists(), entry["name"]
        for name, digest in entry["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


PAGES = [path for path in sorted(ROOT.glob("templates/**/*.html")) if path.parent.name != "mail"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_template_has_inline_style_script_or_handler(path: Any) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)


def test_no_file_outgrows_four_hundred_lines() -> None:
    long = [
        str(path)
        for folder in ("apps", "config")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and len(path.read_text().splitlines()) > 400
    ]
    assert not long


def test_no_requirement_names_a_host() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text()
