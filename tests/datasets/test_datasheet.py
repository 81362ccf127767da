"""The datasheet: one content on the page, in the PDF and in Croissant, and nothing typed is read as markup."""

import html
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.sheets import pdf
from apps.datasets import actions
from apps.datasets.datasheet import content, croissant
from apps.datasets.datasheet.content import Datasheet
from apps.datasets.lineage.metadata import recognise
from tests.api.client import Caller
from tests.datasets.scenery import make_lineage
from tests.scenery import LEAKING, Scene, make_scene

pytestmark = pytest.mark.django_db
REQUIRED = ("@context", "@type", "conformsTo", "description", "license", "name", "url", "creator", "datePublished")
NASTY = 'Rates #panic("x") $x$ <b>bold</b> \\ @ref *star* _under_ `code` // 日本 🙂 \u202e\x07'


@pytest.fixture
def scene() -> Scene:
    return make_scene(test=LEAKING)


def described(scene: Scene) -> Scene:
    lineage = make_lineage(scene)
    actions.take_over_description(lineage.description, ["description", "source"], by=scene.engineer)
    source = lineage.source
    actions.edit_source(
        source.pk,
        by=scene.engineer,
        revision=None,
        licence="CC BY 4.0",
        owner=scene.lead,
        covers_from="2019-03-01",
        cut_off="2026-02-28",
        eligibility="restricted",
        eligibility_reason="For routing only",
        excluded=[{"what": "Minors", "why": "No consent"}],
    )
    return scene


def sheet_of(scene: Scene) -> Datasheet:
    version = type(scene.version).objects.get(pk=scene.version.pk)
    return content.read(version, scene.lead)


def texts(sheet: Datasheet) -> set[str]:
    found: set[str] = set()
    for section in sheet.sections():
        found |= {section.title, *section.sentences, *section.headings}
        found |= {text for row in (*section.rows, *section.table) for text in row}
    return found


def test_page_pdf_and_croissant_say_the_same(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    described(scene)
    sheet = sheet_of(scene)
    client = Client()
    client.force_login(scene.lead)
    page = client.get(reverse("datasets:version_datasheet", args=[scene.version.pk])).content.decode()
    shown = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))
    document = json.dumps(croissant.document(sheet), ensure_ascii=False, default=str)
    typeset: list[Any] = []
    monkeypatch.setattr(pdf, "_typeset", lambda data, _sheet: typeset.append(data) or b"%PDF")
    pdf.render(sheet.sheet())
    printed = json.dumps(typeset[0], ensure_ascii=False)
    for text in texts(sheet):
        assert " ".join(text.split()) in shown, text
        assert json.dumps(text, ensure_ascii=False)[1:-1] in document, text
        assert json.dumps(text, ensure_ascii=False)[1:-1] in printed, text


def test_it_tells_of_owners_sources_splits_lineage_and_problems(scene: Scene) -> None:
    described(scene)
    found = texts(sheet_of(scene))
    for text in (
        "Restricted, with terms: For routing only",
        "Minors",
        "No consent",
        "1 Mar 2019 – 28 Feb 2026",
        "CC BY 4.0, cc-by-4.0",
        "en, es",
        "text-classification",
        "Data Steward",
        scene.version.digest,
        scene.version.files.get(split="train").digest,
        "Export of March",
    ):
        assert any(text in row for row in found), text
    problems = sheet_of(scene).problems()
    assert any("also stands in train" in row for row in problems)


def test_nobody_who_answers_is_a_known_problem() -> None:
    scene = make_scene(complete=False)
    problems = sheet_of(scene).problems()
    assert any("Nobody answers for" in row for row in problems)


def test_the_pdf_is_tagged_and_fit_for_an_archive(scene: Scene) -> None:
    data = pdf.render(sheet_of(described(scene)).sheet())
    assert data.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part" in data
    assert b"pdfaid:part" in data
    assert b"/StructTreeRoot" in data or b"StructTreeRoot" in data


def test_what_people_typed_is_never_read_as_markup(scene: Scene) -> None:
    actions.edit_dataset(scene.dataset.pk, by=scene.engineer, revision=None, description=NASTY.replace("\x07", ""))
    source = scene.dataset.sources.get()
    actions.edit_source(source.pk, by=scene.engineer, revision=None, name='#read("/etc/passwd")', exclusions=NASTY[:-1])
    sheet = sheet_of(scene)
    assert pdf.render(sheet.sheet()).startswith(b"%PDF")
    client = Client()
    client.force_login(scene.lead)
    page = client.get(reverse("datasets:version_datasheet", args=[scene.version.pk])).content.decode()
    assert "<b>bold</b>" not in page
    assert json.loads(json.dumps(croissant.document(sheet), default=str))["description"] == sheet.description


def test_croissant_has_what_the_specification_asks_for(scene: Scene) -> None:
    found = json.loads(json.dumps(croissant.document(sheet_of(described(scene))), default=str))
    assert not [name for name in REQUIRED if not found.get(name)]
    assert found["@type"] == "sc:Dataset"
    assert "http://mlcommons.org/croissant/1.1" in found["conformsTo"]
    assert found["@context"]["@vocab"] == "http://schema.org/"
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"])
    assert "https://creativecommons.org/licenses/by/4.0/" in found["license"]
    covered = {row["name"]: row.get("temporalCoverage") for row in found["isBasedOn"]}
    assert "2019-03-01/2026-02-28" in covered.values()
    assert "2019-03-01/2026-02-28" in found["rai:dataCollectionTimeframe"]
    files = {row["@id"]: row for row in found["distribution"]}
    for file in scene.version.files.all():
        row = files[croissant.file_id(file)]
        assert row["@type"] == "cr:FileObject"
        assert row["sha256"] == file.digest.removeprefix("sha256:")
        assert row["contentSize"] == f"{file.size} B"
        assert row["encodingFormat"] == "text/csv"
        assert row["contentUrl"]
    identifiers: list[str] = list(files)
    references = []
    for records in found["recordSet"]:
        assert records["@type"] == "cr:RecordSet"
        identifiers += [records["@id"], *(field["@id"] for field in records["field"])]
        for field in records["field"]:
            assert field["@type"] == "cr:Field"
            assert field["dataType"]
            references += [
                row["@id"] for row in (field.get("references"), field.get("source", {}).get("fileObject")) if row
            ]
        if records.get("key"):
            references.append(records["key"]["@id"])
    assert len(identifiers) == len(set(identifiers))
    assert set(references) <= set(identifiers)
    splits = found["recordSet"][0]
    assert splits["dataType"] == "cr:Split"
    assert splits["data"] == [
        {"splits/name": "train", "splits/url": "cr:TrainingSplit"},
        {"splits/name": "test", "splits/url": "cr:TestSplit"},
    ]
    labels = [field for field in found["recordSet"][1]["field"] if field["name"] == "category"]
    assert labels[0]["dataType"] == ["sc:Text", "cr:Label"]
    assert labels[0]["source"]["extract"] == {"column": "category"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("cc-by-sa-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("https://example.org/terms", "https://example.org/terms"),
        ("MIT", "https://spdx.org/licenses/MIT"),
        ("Own data", {"@type": "sc:CreativeWork", "name": "Own data"}),
    ],
)
def test_a_licence_is_an_address_where_one_is_known(text: str, expected: Any) -> None:
    assert croissant.licence_of(text) == expected


def test_by_the_api(scene: Scene) -> None:
    caller = Caller(scene.engineer, "read")
    path = f"dataset-versions/{scene.version.pk}"
    status, sheet = caller.get(f"{path}/datasheet/")
    assert (status, sheet["sections"][0]["key"]) == (200, "about")
    status, found = caller.get(f"{path}/croissant/", Accept="application/ld+json")
    assert (status, found["name"]) == (200, "Questions")
    assert caller.last.headers["Content-Type"].startswith("application/ld+json")
    status, data = caller.get(f"{path}/datasheet/pdf/", Accept="application/pdf")
    assert status == 200
    assert data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("part", "accepted"), [("datasheet/pdf", "application/pdf"), ("croissant", "application/ld+json")]
)
def test_who_asks_for_a_file_of_what_is_not_there_gets_a_problem(scene: Scene, part: str, accepted: str) -> None:
    caller = Caller(scene.engineer, "read")
    status, problem = caller.get(f"dataset-versions/{scene.dataset.pk}/{part}/", Accept=accepted)
    assert (status, problem["code"]) == (404, "not_found")
    assert caller.last.headers["Content-Type"] == "application/problem+json"


def test_what_is_read_back_is_what_was_written(scene: Scene) -> None:

    data = json.dumps(croissant.document(sheet_of(described(scene))), default=str).encode()
    format_, found = recognise(data)
    assert (format_, found["name"]) == ("croissant", "Questions")
    assert {row["sha256"] for row in found["files"]} == {
        file.digest.removeprefix("sha256:") for file in scene.version.files.all()
    }
    assert "Help desk" in found["sources"]


def test_it_costs_the_same_for_one_source_and_for_many(scene: Scene) -> None:
    sheet_of(scene)
    with CaptureQueriesContext(connection) as few:
        sheet_of(scene)
    sources = [
        actions.create_source(scene.team, by=scene.engineer, name=f"Source {number}", kind="other", owner=scene.lead)
        for number in range(12)
    ]
    actions.set_sources(scene.dataset, [*scene.dataset.sources.all(), *sources], by=scene.engineer)
    with CaptureQueriesContext(connection) as many:
        sheet_of(scene)
    assert len(few) == len(many)
