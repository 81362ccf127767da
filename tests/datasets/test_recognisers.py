"""Recognisers of one's own are found by their paths, in every process, and stand in what they helped to find."""

import io
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import jobs
from apps.datasets import actions
from apps.datasets.checks import recognisers_can_be_loaded
from apps.datasets.inspection import Mapping, SplitFile, read_rows
from apps.datasets.inspection.compute import inspect
from apps.datasets.inspection.engines import workers
from apps.datasets.inspection.rewriting import rewrite
from apps.datasets.inspection.sensitive import Finding, find, load, mask
from apps.datasets.models import Inspection, InspectionResult
from tests.scenery import make_scene, make_version

NAMES = "tests.datasets.plugins.Names"
ROWS = "text,category\nZoë Ó Briain called about ann@example.com,pay\nWhere is my card?,Ann Miller\n"


def found(data: bytes, *recognisers: str) -> dict[str, Any]:
    file = SplitFile("train", "a.csv", "csv", False, partial(io.BytesIO, data))
    return inspect([file], Mapping("text", "category"), recognisers=recognisers)


def test_a_plug_in_finds_and_masks_what_no_pattern_does() -> None:
    text = "Zoë Ó Briain, zoe@example.com"
    assert find(text, (NAMES,))[0] == Finding("person_name", 0, 12, 0.9)
    assert mask(text, recognisers=(NAMES,)) == "[name], [e-mail]"
    assert mask(text) == "Zoë Ó Briain, [e-mail]"


def test_an_inspection_asks_the_plug_in_and_says_so() -> None:
    plain, asked = found(ROWS.encode()), found(ROWS.encode(), NAMES)
    assert "person_name" not in plain["sensitive"]["kinds"]
    assert "recognisers" not in plain["parameters"]
    names = asked["sensitive"]["kinds"]["person_name"]
    assert (names["values"], names["rows"], names["by_column"]) == (2, 2, {"text": 1, "category": 1})
    assert asked["parameters"]["recognisers"] == [f"{NAMES} 2"]


def test_the_children_of_an_inspection_ask_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "ALONE", 0)
    assert found(ROWS.encode(), NAMES) == found(ROWS.encode(), NAMES)
    assert found(ROWS.encode(), NAMES)["sensitive"]["kinds"]["person_name"]["values"] == 2


def test_what_a_plug_in_finds_is_masked_in_a_derived_file() -> None:
    target = io.BytesIO()
    done = rewrite(io.BytesIO(ROWS.encode()), "csv", False, target, {"person_name": "masked"}, recognisers=(NAMES,))
    assert (done.changed, done.masked["person_name"]) == (2, 2)
    target.seek(0)
    assert list(read_rows(target, "csv", False))[1][0] == "[name] called about ann@example.com"
    nested = io.BytesIO()
    line = b'{"text": {"who": "Zo\\u00eb \\u00d3 Briain"}}\n'
    rewrite(io.BytesIO(line), "jsonl", False, nested, {"person_name": "masked"}, recognisers=(NAMES,))
    assert nested.getvalue() == b'{"text": {"who": "[name]"}}\n'


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("tests.datasets.plugins.Missing", "AttributeError"),
        ("tests.datasets.nowhere.Names", "ModuleNotFoundError"),
        ("Names", "can't be loaded"),
        ("tests.datasets.plugins.Breaking", "no list of names"),
        ("tests.datasets.plugins.OfNoKind", "names the kind “shoe_size”"),
        ("builtins.dict", "needs kinds"),
    ],
)
def test_a_path_that_cannot_work_is_named_at_start(settings: Any, path: str, says: str) -> None:
    settings.SENSITIVE_RECOGNISERS = [NAMES, path]
    (error,) = recognisers_can_be_loaded(None)
    assert error.id == "datasets.E003"
    assert path in error.msg
    assert says in error.msg
    with pytest.raises(ValueError, match="recogniser"):
        load(path)


@pytest.mark.django_db
def test_another_recogniser_is_another_question(settings: Any) -> None:
    scene = make_scene(complete=False)
    version = make_version(scene, ROWS)
    settings.SENSITIVE_RECOGNISERS = [NAMES]
    actions.inspect_again(version, by=scene.engineer)
    jobs.run_waiting()
    inspection = Inspection.objects.select_related("result").get(version=version)
    assert "person_name" in inspection.findings["sensitive"]["kinds"]
    count = InspectionResult.objects.count()
    actions.inspect_again(version, by=scene.engineer)
    jobs.run_waiting()
    assert InspectionResult.objects.count() == count
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(reverse("datasets:version_sensitive", args=[version.pk])).content.decode()
    assert f"<code>{NAMES} 2</code>" in page
    assert "[name] called about [e-mail]" in page
    assert "Briain" not in page
