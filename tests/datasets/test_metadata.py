"""Metadata files: what is recognised, what is refused, and what taking over does."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core.errors import NotPermitted
from apps.datasets import actions
from apps.datasets.errors import DescriptionDecided, DescriptionUnreadable, NothingToTakeOver
from apps.datasets.lineage.metadata import LARGEST, recognise
from apps.datasets.models import Description, LineageEdge, LineageNode, Source
from apps.datasets.refs import version_ref
from apps.evidence import facts
from tests.api.client import Caller
from tests.datasets.scenery import CARD, text_file
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
BANKING: dict[str, Any] = {
    "@context": {"@vocab": "http://schema.org/", "sc": "http://schema.org/", "cr": "http://mlcommons.org/croissant/"},
    "@type": "sc:Dataset",
    "dct:conformsTo": "http://mlcommons.org/croissant/1.1",
    "name": "Banking77",
    "description": "Questions to a bank, with intents.",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "url": "https://example.org/banking77",
    "version": "1.1.0",
    "datePublished": "2020-03-01",
    "inLanguage": ["en"],
    "keywords": ["banking", {"@type": "sc:DefinedTerm", "name": "intents"}],
    "creator": [{"@type": "sc:Organization", "name": "PolyAI"}, {"@type": "sc:Person", "name": "Iñigo C."}],
    "prov:wasDerivedFrom": {"@id": "urn:dataset:chat-logs"},
    "distribution": [
        {
            "@type": "cr:FileObject",
            "@id": "train.csv",
            "contentUrl": "https://example.org/train.csv",
            "contentSize": "100 B",
            "encodingFormat": "text/csv",
            "sha256": "a" * 64,
        },
        {"@type": "cr:FileSet", "@id": "images", "includes": "*.jpg"},
        {"@type": "cr:FileObject", "@id": "odd", "contentUrl": "x", "sha256": "not one"},
    ],
}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def read(scene: Scene, data: Any, **values: Any) -> Description:
    text = data if isinstance(data, str) else json.dumps(data)
    return actions.read_description(scene.dataset, text_file(text, "metadata"), by=scene.engineer, **values)


def test_croissant_is_recognised() -> None:
    format_, found = recognise(json.dumps(BANKING).encode())
    assert format_ == "croissant"
    assert found["name"] == "Banking77"
    assert found["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["creators"] == ["PolyAI", "Iñigo C."]
    assert found["languages"] == ["en"]
    assert found["keywords"] == ["banking", "intents"]
    assert found["sources"] == ["urn:dataset:chat-logs"]
    assert found["size"] == "100 B"
    assert [row["name"] for row in found["files"]] == ["train.csv", "odd"]
    assert found["files"][0]["sha256"] == "a" * 64
    assert found["files"][1]["sha256"] == ""
    assert any("sha256" in note for note in found["notes"])


def test_a_hugging_face_card_is_recognised() -> None:
    format_, found = recognise(CARD.replace("{suffix}", "").encode())
    assert format_ == "hugging_face"
    assert found["name"] == "Help desk questions"
    assert found["licence"] == "cc-by-4.0"
    assert found["languages"] == ["en", "es"]
    assert found["size"] == "10K<n<100K"
    assert found["tasks"] == ["text-classification"]
    assert found["sources"] == ["extended|clinc150"]
    assert found["description"] == "Questions that customers asked a help desk."


def test_a_card_names_itself_and_counts_its_rows() -> None:
    card = """---
license: other
license_name: house-terms
language: en
dataset_info:
- config_name: a
  splits:
  - {name: train, num_examples: 10}
  - {name: test, num_examples: 5}
---
# Dataset Card for Tickets

- a list
- of things

<!-- a comment -->

What follows is prose
over two lines.
"""
    _format, found = recognise(card.encode())
    assert (found["name"], found["licence"]) == ("Tickets", "house-terms")
    assert (found["size"], found["description"]) == ("15 rows", "What follows is prose over two lines.")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"# Only a readme", "between two lines"),
        (b"---\n[1, 2\n---\n", "can't be read"),
        (b"---\n- a\n---\n", "no mapping"),
        (b"{", "not JSON"),
        (b'{"@type": "Person"}', "does not describe a dataset"),
        (b'{"a": ' * 3000 + b"1" + b"}" * 3000, "deep"),
        (b"\xff\xfe", "not UTF-8"),
        (b"---\nname: a\x00\n---\n", "NUL"),
        (b" " * (LARGEST + 1), "at most"),
        (b"---\na: !!python/object/apply:os.system [ls]\n---\n", "can't be read"),
    ],
)
def test_what_can_not_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(DescriptionUnreadable, match=why):
        recognise(data)


def test_odd_values_are_left_out() -> None:
    odd: list[Any] = [None, 7, True, [], {}, [None, {"x": 1}], [["a"]]]
    for value in odd:
        for key in ("name", "license", "creator", "inLanguage", "distribution", "keywords", "url", "isBasedOn"):
            recognise(json.dumps({**BANKING, key: value}).encode())
    for value in ("~", "7", "[1, {a: b}]", "{a: 1}", "2026-01-01"):
        for key in ("license", "language", "pretty_name", "dataset_info", "size_categories", "source_datasets"):
            recognise(f"---\n{key}: {value}\n---\n".encode())


def test_nothing_changes_before_it_is_taken_over(scene: Scene) -> None:
    before = scene.dataset.description
    found = read(scene, BANKING)
    scene.dataset.refresh_from_db()
    assert (found.state, scene.dataset.description, Source.objects.count()) == ("read", before, 1)
    assert read(scene, BANKING).pk == found.pk


def test_taking_over_sets_the_description_and_declares_the_source(scene: Scene) -> None:
    found = actions.take_over_description(read(scene, BANKING), ["description", "source"], by=scene.engineer)
    scene.dataset.refresh_from_db()
    assert scene.dataset.description == "Questions to a bank, with intents."
    source = scene.dataset.sources.get(name="Banking77")
    assert (source.licence, source.owner_name, source.eligibility) == (
        "https://creativecommons.org/licenses/by/4.0/",
        "PolyAI, Iñigo C.",
        "undecided",
    )
    assert (found.source, found.state, found.parts) == (source, "taken", ["description", "source"])
    with pytest.raises(DescriptionDecided):
        actions.take_over_description(found, ["description"], by=scene.engineer)
    with pytest.raises(DescriptionDecided):
        actions.discard_description(found, by=scene.engineer)


def test_taking_lineage_over_joins_the_splits_whose_digest_is_stated(scene: Scene) -> None:
    train = scene.version.files.get(split="train").digest.removeprefix("sha256:")
    data = json.loads(json.dumps(BANKING))
    data["distribution"][0]["sha256"] = train
    found = read(scene, data, version=scene.version)
    actions.take_over_description(found, ["lineage"], by=scene.engineer)
    edges = LineageEdge.objects.filter(output_id=scene.version.pk)
    assert {(row.split, row.how) for row in edges} == {("train", "croissant")}
    assert LineageNode.objects.get().name == "urn:dataset:chat-logs"
    known = facts.read(version_ref(scene.version), scene.version, ["dataset.lineage"])["dataset.lineage"]
    assert known.figures["untraced_splits"] == 1


def test_without_a_digest_it_went_into_the_whole_version(scene: Scene) -> None:
    found = read(scene, CARD.replace("{suffix}", ""), version=scene.version)
    actions.take_over_description(found, ["source", "lineage"], by=scene.engineer)
    edges = LineageEdge.objects.filter(output_id=scene.version.pk)
    assert {(row.split, row.how) for row in edges} == {("", "hugging_face")}
    known = facts.read(version_ref(scene.version), scene.version, ["dataset.lineage"])["dataset.lineage"]
    assert known.figures["traced"] is True


def test_only_what_was_recognised_is_taken_over(scene: Scene) -> None:
    found = read(scene, "---\npretty_name: N\n---\n")
    for parts in ([], ["lineage"], ["description"], ["source", "nonsense"]):
        with pytest.raises(NothingToTakeOver):
            actions.take_over_description(found, parts, by=scene.engineer)


def test_who_may_not_edit_the_dataset_reads_nothing_in(scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        actions.read_description(scene.dataset, text_file("---\na: b\n---\n"), by=scene.people["sponsor"])


def test_on_the_pages(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    url = reverse("datasets:metadata_read", args=[scene.dataset.pk])
    refused = client.post(url, {"file": text_file("# no card")})
    assert refused.status_code == 422
    assert "between two lines" in refused.content.decode()
    file = SimpleUploadedFile("croissant.json", json.dumps(BANKING).encode())
    sent = client.post(url, {"file": file, "version": str(scene.version.pk)})
    assert sent.status_code == 302
    body = client.get(sent.url).content.decode()
    for text in ("Banking77", "PolyAI", "train.csv", "Take over", "intents"):
        assert text in body
    taken = client.post(sent.url, {"parts": ["description", "source", "lineage"]})
    assert taken.url == reverse("datasets:version_lineage", args=[scene.version.pk])
    assert "Take over" not in client.get(sent.url).content.decode()
    again = client.post(url, {"file": text_file(CARD.replace("{suffix}", ""))})
    gone = client.post(again.url + "discard/")
    assert gone.status_code == 302
    assert Description.objects.get(format="hugging_face").state == "discarded"


def test_by_the_api(scene: Scene) -> None:
    caller = Caller(scene.engineer)
    status, found = caller.multipart(
        "dataset-descriptions/",
        {"dataset": str(scene.dataset.pk), "file": SimpleUploadedFile("c.json", json.dumps(BANKING).encode())},
    )
    assert (status, found["recognised"]["name"], found["possible_parts"]) == (
        201,
        "Banking77",
        ["description", "source"],
    )
    status, taken = caller.post(f"dataset-descriptions/{found['id']}/acceptances/", {"parts": ["source"]})
    assert (status, taken["state"]) == (201, "taken")
    body = {"dataset": str(scene.dataset.pk), "content": CARD, "file_name": "README.md"}
    status, card = caller.post("dataset-descriptions/", body)
    assert (status, card["format"]) == (201, "hugging_face")
    assert caller.post(f"dataset-descriptions/{card['id']}/refusals/")[1]["state"] == "discarded"
    assert caller.post("dataset-descriptions/", {"dataset": str(scene.dataset.pk)})[0] == 422
