"""Where the demo's data comes from: its sources, the runs that report themselves, the metadata that came with it."""

import datetime as dt
import json
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.models import Dataset, DatasetVersion, LineageNode, Source
from apps.datasets.refs import node_ref, source_ref, version_ref

BANKING: dict[str, Any] = {
    "name": "Banking77, as published",
    "kind": "published",
    "location": "PolyAI, 2020",
    "owner_name": "PolyAI",
    "licence": "CC BY 4.0",
    "is_authoritative": True,
    "cut_off": dt.date(2020, 3, 1),
    "eligibility": "eligible",
    "eligibility_reason": "Published for training; attribution is kept in every release note.",
    "exclusions": "None by us; the publisher removed names and account numbers.",
    "excluded": [{"what": "Names and account numbers", "why": "Removed by the publisher before release"}],
}
INBOX: dict[str, Any] = {
    "name": "Dispute inbox",
    "kind": "application",
    "location": "Case system, queue DISPUTES",
    "owner_name": "Case system team",
    "licence": "Own data",
    "is_authoritative": True,
    "covers_from": dt.date(2024, 10, 1),
    "cut_off": dt.date(2026, 9, 30),
    "eligibility": "restricted",
    "eligibility_reason": "For triage only, and only messages of customers who did not object.",
    "exclusions": "Cases under legal hold.",
    "excluded": [
        {"what": "Cases under legal hold", "why": "They may not leave the case system"},
        {"what": "Messages of customers who objected", "why": "No legal ground"},
    ],
}
INVOICES: dict[str, Any] = {
    "name": "Invoice archive",
    "kind": "documents",
    "location": "Archive, folder INV",
    "owner_name": "Accounting",
    "licence": "Suppliers' documents",
    "eligibility": "ineligible",
    "eligibility_reason": "Suppliers' texts; their contracts forbid training.",
    "excluded": [{"what": "Everything", "why": "No contract allows training"}],
}
HELP_DESK: dict[str, Any] = {
    "name": "Help desk export",
    "kind": "warehouse",
    "location": "warehouse://workplace/help.tickets",
    "owner_name": "Lucía Paredes",
    "licence": "Own data",
    "is_authoritative": True,
    "covers_from": dt.date(2024, 10, 16),
    "cut_off": dt.date(2026, 10, 15),
}
CROISSANT: dict[str, Any] = {
    "@context": {"@vocab": "http://schema.org/", "sc": "http://schema.org/", "cr": "http://mlcommons.org/croissant/"},
    "@type": "sc:Dataset",
    "dct:conformsTo": "http://mlcommons.org/croissant/1.1",
    "name": BANKING["name"],
    "description": "13,083 questions that customers asked a bank, each labelled with one of 77 intents.",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "url": "https://github.com/PolyAI-LDN/task-specific-datasets",
    "creator": [{"@type": "sc:Organization", "name": "PolyAI"}],
    "datePublished": "2020-03-01",
    "inLanguage": "en",
    "keywords": ["banking", "intent classification"],
}
CARD = """---
pretty_name: Banking77
license: cc-by-4.0
language: [en]
size_categories: [10K<n<100K]
task_categories: [text-classification]
task_ids: [intent-classification, multi-class-classification]
source_datasets: [original]
---
# Dataset Card for Banking77

Fine-grained intents of online banking queries, in a single domain.
"""
NIGHTS = 24


def here(type_: str, key: uuid.UUID) -> dict[str, str]:
    """Return a thing as a run event names it in our own namespace."""
    return {"namespace": "fourgate", "name": f"{type_}:{key}"}


def tell(story: Any) -> None:
    """Record where every version comes from: by hand, by runs, by the metadata that came along."""
    versions = {row.dataset.name: row for row in DatasetVersion.objects.select_related("dataset").order_by("number")}
    sources = {row.name: row for row in Source.objects.all()}
    _banking(story, versions, sources)
    _disputes(story, versions, sources)
    _help_desk(story, versions["Identity questions"])


def _node(story: Any, team: str, by: str, kind: str, name: str, **values: Any) -> LineageNode:
    with story.later(minutes=9):
        return datasets.record_node(story.teams[team], kind, name, by=story.who(by), **values)


def _join(story: Any, by: str, start: SubjectRef, end: SubjectRef, **values: Any) -> None:
    with story.later(minutes=4):
        datasets.record_edge(start, end, by=story.who(by), happened_at=story.moment, **values)


def _run(
    story: Any, team: str, by: str, job: str, inputs: list[Any], outputs: list[Any], end: str = "COMPLETE"
) -> None:
    """Let a run report its start, and then how it ended."""
    run = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{story.teams[team].pk}/{job}"))
    for event_type in ("START", end):
        with story.later(minutes=6):
            event = {
                "eventType": event_type,
                "eventTime": story.moment.isoformat(),
                "producer": "https://github.com/OpenLineage/OpenLineage/tree/1.30.0/client/python",
                "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
                "run": {"runId": run, "facets": {"processing_engine": {"name": "spark", "version": "4.1"}}},
                "job": {
                    "namespace": "airflow",
                    "name": job,
                    "facets": {"sourceCodeLocation": {"url": f"https://git.demo.example/pipelines/{job}.py"}},
                },
                "inputs": inputs if event_type == "START" else [],
                "outputs": outputs if event_type == end else [],
            }
            datasets.report_run(story.teams[team], event, by=story.who(by))


def _read(story: Any, dataset: Dataset, version: DatasetVersion, name: str, data: bytes) -> Any:
    with story.later(minutes=20):
        return datasets.read_description(
            dataset, SimpleUploadedFile(name, data), by=story.who("teodora"), version=version
        )


def _banking(story: Any, versions: dict[str, DatasetVersion], sources: dict[str, Source]) -> None:
    whole, cards = versions["Customer questions (Banking77)"], versions["Card questions"]
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file.name,
            "contentUrl": f"banking_data/{file.name}",
            "contentSize": f"{file.size} B",
            "encodingFormat": "text/csv",
            "sha256": file.digest.removeprefix("sha256:"),
        }
        for file in whole.files.all()
    ]
    data = json.dumps({**CROISSANT, "distribution": files}).encode()
    description = _read(story, whole.dataset, whole, "banking77-croissant.json", data)
    with story.later(minutes=5):
        datasets.take_over_description(description, ["lineage"], by=story.who("teodora"))
    _read(story, whole.dataset, whole, "README.md", CARD.encode())
    extract = _node(
        story,
        "service",
        "teodora",
        "extract",
        "banking_data.zip",
        namespace="s3://service-raw",
        description="As fetched",
    )
    _join(story, "teodora", source_ref(sources[BANKING["name"]]), node_ref(extract), job="fetch_banking77.sh")
    _run(
        story,
        "service",
        "teodora",
        "support.select_cards",
        [here("lineage_node", extract.pk)],
        [here("dataset_version", cards.pk), {"namespace": "s3://service-clean", "name": "cards/rejected.csv"}],
    )


def _disputes(story: Any, versions: dict[str, DatasetVersion], sources: dict[str, Source]) -> None:
    export = _node(
        story,
        "claims",
        "oskar",
        "extract",
        "Case export, October",
        namespace="s3://claims-raw",
        description="2,114 cases",
    )
    _join(story, "oskar", source_ref(sources[INBOX["name"]]), node_ref(export), job="case system, monthly export")
    masked = {"namespace": "s3://claims-clean", "name": "disputes/masked.parquet"}
    ours = [here("lineage_node", export.pk)]
    _run(story, "claims", "oskar", "claims.mask_export", ours, [masked])
    _run(
        story,
        "claims",
        "oskar",
        "claims.split_disputes",
        [masked],
        [here("dataset_version", versions["Disputed payments"].pk)],
    )
    with story.later(hours=1):
        invoices = datasets.create_source(story.teams["claims"], by=story.who("oskar"), **INVOICES)
    quoted = _node(story, "claims", "oskar", "extract", "Invoices quoted in mails", namespace="s3://claims-raw")
    _join(story, "oskar", source_ref(invoices), node_ref(quoted), job="mail gateway")
    refunds = here("dataset_version", versions["Refund requests"].pk)
    _run(
        story, "claims", "oskar", "claims.join_refunds_first_try", [*ours, here("lineage_node", quoted.pk)], [], "FAIL"
    )
    _run(story, "claims", "oskar", "claims.join_refunds", [*ours, here("lineage_node", quoted.pk)], [refunds])


def _help_desk(story: Any, newest: DatasetVersion) -> None:
    first = newest.dataset.versions.get(number=1)
    nights = [
        {"namespace": "s3://workplace-raw", "name": f"tickets/2026-10-{night:02}.jsonl"}
        for night in range(1, NIGHTS + 1)
    ]
    tickets = [{"namespace": "warehouse://workplace", "name": "help.tickets"}]
    _run(story, "workplace", "hana", "desk.nightly_export", tickets, nights)
    _run(story, "workplace", "hana", "desk.pick_intents", nights, [here("dataset_version", first.pk)])
    _join(story, "hana", version_ref(first), version_ref(newest), job="add two intents by hand")
