"""The datasheet as Croissant JSON-LD.

Source: the Croissant format specification 1.1 (2026), docs/croissant-spec-1.1.md of mlcommons/croissant: required
properties, ``FileObject``, ``RecordSet``, splits, provenance by PROV-O, use conditions by ``usageInfo``; and the
Croissant RAI vocabulary 1.0 for limitations, collection and preprocessing.
"""

import json
import re
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse

from apps.datasets.datasheet.content import Datasheet, eligibility, source_owner
from apps.datasets.lineage.registry import Link
from apps.datasets.models import SplitFile, SplitName

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"
MEDIA_TYPE = f'application/ld+json; profile="{CONFORMS_TO}"'
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "http://schema.org/",
    "sc": "http://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "readLines": "cr:readLines",
    "sdVersion": "cr:sdVersion",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "unArchive": "cr:unArchive",
    "value": "cr:value",
}
FORMATS = {
    "csv": "text/csv",
    "jsonl": "application/jsonlines",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
SPLITS = {
    SplitName.TRAIN: "cr:TrainingSplit",
    SplitName.VALIDATION: "cr:ValidationSplit",
    SplitName.TEST: "cr:TestSplit",
}
_CREATIVE = re.compile(r"^cc[ -](by(?:-nc)?(?:-sa|-nd)?)[ -]([1-4]\.0)$", re.IGNORECASE)
_SPDX = frozenset({"MIT", "APACHE-2.0", "CC0-1.0", "ODBL-1.0", "ODC-BY-1.0", "BSD-3-CLAUSE", "CDLA-PERMISSIVE-2.0"})


def licence_of(text: str) -> Any:
    """Return a licence as Croissant wants it: the address of a known one, else a work of that name."""
    if re.match(r"^https?://\S+$", text):
        return text
    found = _CREATIVE.match(text.strip())
    if found:
        return f"https://creativecommons.org/licenses/{found.group(1).lower()}/{found.group(2)}/"
    if text.upper() in _SPDX:
        return f"https://spdx.org/licenses/{text}"
    return {"@type": "sc:CreativeWork", "name": text}


def file_id(file: SplitFile) -> str:
    """Return the identifier of a file, unique in its version and legible: split, place, name."""
    return quote(f"{file.split}/{file.position}/{file.name}")


def document(sheet: Datasheet) -> dict[str, Any]:
    """Return the JSON-LD document of the version.

    A file's ``contentUrl`` is relative (``train/0/train.csv``): its bytes are given out by whoever may export them,
    and are found beside this document or not at all. What has no term in Croissant, schema.org, PROV or RAI stands in
    ``variableMeasured`` (figures of facts) and in ``abstract`` (the datasheet's own sections, word for word).
    """
    version = sheet.version
    said = sheet.described
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": f"urn:uuid:{version.pk}",
        "conformsTo": [CONFORMS_TO, RAI],
        "name": version.dataset.name,
        "description": sheet.description,
        "url": sheet.url,
        "identifier": version.digest,
        "version": f"{version.number}.0.0",
        "license": [licence_of(text) for text in sheet.licences],
        "creator": [{"@type": _kind_of(sheet, name), "name": name} for name in sheet.creators],
        "publisher": {"@type": "sc:Organization", "name": version.team.name},
        "dateCreated": version.created_at.isoformat(),
        "datePublished": version.created_at.date().isoformat(),
        "sdDatePublished": sheet.made_at.isoformat(),
        "contributor": [
            {
                "@type": "sc:Role",
                "roleName": row.responsibility,
                "contributor": {"@type": "sc:Person", "name": row.name},
            }
            for row in sheet.owners
        ],
        "isLiveDataset": False,
        "distribution": [_file(file) for file in sheet.files],
        "recordSet": [_splits(sheet), *(_records(sheet, file) for file in sheet.files)],
        "isBasedOn": [_source(row) for row in sheet.sources],
        "prov:wasDerivedFrom": [
            {"@type": "prov:Entity", "@id": f"urn:uuid:{row.ref.id}", "name": row.label, "additionalType": row.kind}
            for row in sheet.parents
        ],
        "prov:wasGeneratedBy": _activities(sheet),
        "usageInfo": [
            {"@type": "sc:CreativeWork", "name": row.name, "description": eligibility(row)} for row in sheet.sources
        ],
        "variableMeasured": [
            {
                "@type": "sc:PropertyValue",
                "name": f"{fact.name}.{figure}",
                "description": f"{definition.title}: {definition.figures.get(figure, figure)}",
                "sc:value": value,
            }
            for definition, fact in sheet.facts
            for figure, value in fact.figures.items()
        ],
        "rai:dataLimitations": sheet.problems(),
        "rai:dataCollection": [row.name for row in sheet.sources],
        "rai:dataCollectionTimeframe": [row.timeframe for row in sheet.sources if row.timeframe],
        "rai:dataPreprocessingProtocol": [
            f"{row.name}: {pair['what']}" + (f" ({pair['why']})" if pair["why"] else "")
            for row in sheet.sources
            for pair in row.excluded
        ],
        "subjectOf": [
            {"@type": "sc:DigitalDocument", "name": row.title, "identifier": row.digest, "additionalType": row.kind}
            for row in sheet.documents
        ],
        "abstract": _words(sheet),
        "inLanguage": list(said.get("languages", ())),
        "keywords": list(dict.fromkeys([*said.get("tasks", ()), *said.get("keywords", ())])),
    }
    return {key: value for key, value in found.items() if value not in ([], "", None)}


def answer(sheet: Datasheet) -> HttpResponse:
    """Return the document under Croissant's own media type."""
    data = json.dumps(document(sheet), ensure_ascii=False, indent=2, default=str)
    response = HttpResponse(data, content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="croissant-{sheet.version.digest[7:19]}.json"'
    return response


def _kind_of(sheet: Datasheet, name: str) -> str:
    return "sc:Organization" if name == sheet.version.team.name else "sc:Person"


def _file(file: SplitFile) -> dict[str, Any]:
    format_ = FORMATS.get(file.format, "application/octet-stream")
    return {
        "@type": "cr:FileObject",
        "@id": file_id(file),
        "name": file.name,
        "contentUrl": file_id(file),
        "contentSize": f"{file.size} B",
        "encodingFormat": [_packing(file), format_] if file.is_packed else format_,
        "sha256": file.digest.removeprefix("sha256:"),
        "description": f"{file.split}: {file.rows} rows",
    }


def _packing(file: SplitFile) -> str:
    return "application/zstd" if file.name.casefold().endswith(".zst") else "application/gzip"


def _splits(sheet: Datasheet) -> dict[str, Any]:
    names = list(dict.fromkeys(file.split for file in sheet.files))
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "splits/url", "name": "url", "dataType": "sc:URL"},
        ],
        "data": [{"splits/name": name, "splits/url": SPLITS[SplitName(name)]} for name in names],
    }


def _records(sheet: Datasheet, file: SplitFile) -> dict[str, Any]:
    version, name = sheet.version, f"records/{file.split}/{file.position}"
    fields = [
        {
            "@type": "cr:Field",
            "@id": quote(f"{name}/{column}"),
            "name": column,
            "dataType": ["sc:Text", "cr:Label"] if column == version.label_column else "sc:Text",
            "source": {"fileObject": {"@id": file_id(file)}, "extract": {"column": column}},
        }
        for column in sheet.columns
    ]
    split = {
        "@type": "cr:Field",
        "@id": f"{name}#split",
        "name": "split",
        "dataType": "sc:Text",
        "value": file.split,
        "references": {"@id": "splits/name"},
    }
    return {"@type": "cr:RecordSet", "@id": name, "name": f"{file.split} ({file.name})", "field": [*fields, split]}


def _source(row: Any) -> dict[str, Any]:
    days = row.timeframe
    found = {
        "@type": "sc:CreativeWork",
        "@id": f"urn:uuid:{row.pk}",
        "name": row.name,
        "additionalType": str(row.get_kind_display()),
        "description": row.exclusions,
        "license": licence_of(row.licence) if row.licence else "",
        "creditText": source_owner(row),
        "temporalCoverage": f"../{days}" if days and "/" not in days else days,
        "sameAs" if re.match(r"^https?://", row.location) else "locationCreated": row.location,
    }
    return {key: value for key, value in found.items() if value not in ("", None)}


def _activities(sheet: Datasheet) -> list[dict[str, Any]]:
    """Return one activity for each job that led here, with what it used."""
    jobs: dict[str, list[Link]] = {}
    for row in sheet.upstream.passages:
        if row.link.job:
            jobs.setdefault(row.link.job, []).append(row.link)
    found = []
    for job, links in jobs.items():
        ended = max((link.at for link in links if link.at), default=None)
        made, used = {link.output for link in links}, dict.fromkeys(link.input for link in links)
        activity: dict[str, Any] = {
            "@type": "prov:Activity",
            "prov:label": job,
            "prov:used": [{"@id": f"urn:uuid:{ref.id}"} for ref in used if ref not in made],
        }
        if ended:
            activity["prov:endedAtTime"] = ended.isoformat()
        found.append(activity)
    return found


def _words(sheet: Datasheet) -> str:
    """Return the datasheet's sections as plain text, as page and PDF show them."""
    lines = []
    for section in sheet.sections():
        lines.append(f"{section.title}:")
        lines += section.sentences
        lines += [f"{name}: {text}" for name, text in section.rows]
        lines += [
            "; ".join(f"{head}: {text}" for head, text in zip(section.headings, row, strict=True))
            for row in section.table
        ]
    return "\n".join(lines)
