"""The facts of all files of a version together."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from ibis import _

from apps.datasets.inspection import figures, near
from apps.datasets.inspection.columns import Profile
from apps.datasets.inspection.engines import Engine, open_engine
from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.mapping import Mapping
from apps.datasets.inspection.policy import Policy
from apps.datasets.inspection.reading import FileProblem
from apps.datasets.inspection.records import records
from apps.datasets.inspection.scan import LONGEST_LABEL, MODULUS, SAMPLES, Context, place_of
from apps.datasets.inspection.sensitive import named
from apps.datasets.inspection.shingles import common, shingle
from apps.datasets.inspection.text import normalise_all

USUAL = Policy()
LONGEST_SAMPLE = 500
MOST_COMMON = 20_000
FORMAT = 3
"""The number of the findings' form: what reads them can tell an older inspection from this one."""


def inspect(
    files: Sequence[SplitFile],
    mapping: Mapping,
    *,
    policy: Policy = USUAL,
    progress: Progress = lambda rows, stage="reading": None,
    memory_limit: str = "256MB",
    scratch: Path | None = None,
    engine: str = "duckdb",
    recognisers: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the figures and samples of all files together, as plain JSON values.

    Memory is bounded by ``memory_limit``, a batch for each core and the workers; the rest spills to ``scratch``, which
    needs about the size of the unpacked files. ``recognisers`` are the dotted paths of plug-ins that look for sensitive
    data too. Raise ``FileProblem`` when a file can't be read or lacks the mapped
    columns, and whatever ``progress`` raises.
    """
    with open_engine(engine, memory_limit=memory_limit, scratch=scratch) as opened:
        context = Context(mapping, policy, common_of(files, mapping, policy), recognisers)
        return _Inspection(opened, files, context).findings(progress)


def parameters(policy: Policy, recognisers: tuple[str, ...]) -> dict[str, Any]:
    """Return all that an inspection depends on besides the files and how they are read."""
    return policy.as_dict() | ({"recognisers": named(recognisers)} if recognisers else {})


def common_of(files: Sequence[SplitFile], mapping: Mapping, policy: Policy) -> tuple[int, ...]:
    """Return the n-grams that are common in the first batch of any file."""
    found = set[int]()
    for file in files:
        with contextlib.closing(file.batches(mapping)) as batches:
            first = next(batches, None)
        if first is not None:
            normal = normalise_all(records(first.rows, mapping).inputs, punctuation=not policy.ignore_punctuation)
            found |= set(common(shingle(normal, policy.near_words)).tolist())
    return tuple(sorted(found)[:MOST_COMMON])


class _Inspection:
    def __init__(self, engine: Engine, files: Sequence[SplitFile], context: Context) -> None:
        self.engine, self.files, self.context = engine, files, context
        self.mapping, self.policy = context.mapping, context.policy

    def findings(self, progress: Progress) -> dict[str, Any]:
        self.every = every = self.engine.scan(self.files, self.context, progress)
        rows = every.filter(_.note.isnull())
        notes = [orjson.loads(note) for (note,) in self.engine.fetch(every.filter(_.note.notnull()).select("note"))]
        if not notes:
            raise FileProblem(None, "The files hold no rows. Choose some with rows.")
        shape = _shape(notes)
        progress(shape["rows"], "comparing")
        total, labelled = shape["rows"], bool(self.mapping.label) or self.mapping.shape == "chat"
        close = near.find(self.engine, rows, self.policy)
        progress(total, "counting")
        classes = labelled and figures.are_classes(self.engine, rows, total)
        found = {
            "format": FORMAT,
            "mapping": self.mapping.as_dict(),
            "parameters": parameters(self.policy, self.context.recognisers),
            "shape": shape,
            "fingerprint": _fingerprint(notes),
            "empty_fields": figures.empty(self.engine, rows, labelled=labelled),
            "duplicates": figures.duplicates(self.engine, rows, close),
            "split_leakage": figures.leakage(self.engine, rows, close, list(shape["splits"])),
            "label_conflicts": figures.conflicts(self.engine, rows, close, total, classes=classes)
            if labelled
            else None,
            "label_balance": figures.balance(self.engine, rows, self.policy) if classes else None,
            "text_length": figures.lengths(self.engine, rows),
            "dates": figures.ages(self.engine, rows, self.policy) if self.mapping.date else None,
            "languages": figures.languages(self.engine, rows),
            "violations": _merged(notes, "violations"),
            "unsafe": _merged(notes, "unsafe"),
            "sensitive": {"kinds": _merged(notes, "sensitive")},
        }
        self._show(found)
        return found

    def _show(self, found: dict[str, Any]) -> None:
        """Put the texts of the sampled rows beside their places."""
        places = list(_places(found))
        wanted = sorted({place_of(place["file"], place["row"]) for place in places})
        texts: dict[int, tuple[str, str | None]] = {}
        for start in range(0, len(wanted), 500):
            asked = self.every.filter(_.place.isin(wanted[start : start + 500]))
            shown = asked.select("place", text=_.text.substr(0, LONGEST_SAMPLE), label=_.label.substr(0, LONGEST_LABEL))
            texts |= {place: (text, label) for place, text, label in self.engine.fetch(shown)}
        for place in places:
            file = self.files[place["file"]]
            text, label = texts[place_of(place["file"], place["row"])]
            place |= {"file_name": file.name, "split": file.split, "text": text.replace("\x00", "␀")}
            if label is not None:
                place["label"] = label.replace("\x00", "␀")


def _places(found: Any) -> Iterator[dict[str, Any]]:
    """Yield every place in the findings: what has a file and a row."""
    if isinstance(found, dict):
        if "file" in found and "row" in found:
            yield found
        else:
            for value in found.values():
                yield from _places(value)
    elif isinstance(found, list):
        for value in found:
            yield from _places(value)


def _shape(notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return rows and columns by split, and what each column holds over all splits."""
    splits: dict[str, dict[str, Any]] = {}
    profiles: dict[str, Profile] = {}
    for note in sorted(notes, key=lambda note: note["split"]):
        split = splits.setdefault(note["split"], {"rows": 0, "columns": note["columns"]})
        split["rows"] += note["rows"]
        for name, given in note["profiles"].items():
            profiles.setdefault(name, Profile()).add(Profile.of(given))
    total = sum(split["rows"] for split in splits.values())
    return {
        "splits": splits,
        "rows": total,
        "columns": {
            name: {
                "type": profile.type,
                "missing": profile.missing,
                "constant": not profile.varies and profile.only is not None and not profile.missing and total > 1,
                "types": dict(sorted(profile.types.items())),
            }
            for name, profile in profiles.items()
        },
    }


def _fingerprint(notes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the content's fingerprint: equal for equal rows in any order, in any number of files, in any format.

    Of each split the SHA-256 of its rows are added modulo 2**256 (see ``scan.row_sum``); the fingerprint is the SHA-256
    of the splits' names, numbers of rows and sums, as JSON with sorted keys.
    """
    splits: dict[str, list[int]] = {}
    for note in notes:
        found = splits.setdefault(note["split"], [0, 0])
        found[0] += note["rows"]
        found[1] = (found[1] + int(note["fingerprint"], 16)) % MODULUS
    sums = {split: {"rows": rows, "sum": f"{value:064x}"} for split, (rows, value) in splits.items()}
    whole = hashlib.sha256(orjson.dumps(sums, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return {"content": f"sha256:{whole}", "splits": {split: sums[split]["sum"] for split in sorted(sums)}}


def _merged(notes: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the kinds of all notes added up, the samples the first in the order of files and rows."""
    kinds: dict[str, Any] = {}
    for note in notes:
        for kind, given in note[name].items():
            into = kinds.setdefault(kind, {"samples": []})
            for key, value in given.items():
                if key == "samples":
                    into[key] += value
                elif isinstance(value, dict):
                    counted = into.setdefault(key, {})
                    for part, count in value.items():
                        counted[part] = counted.get(part, 0) + count
                else:
                    into[key] = into.get(key, 0) + value
    for into in kinds.values():
        into["samples"] = sorted(into["samples"], key=lambda place: (place["file"], place["row"]))[:SAMPLES]
        for key in ("by_column", "by_split"):
            into[key] = dict(sorted(into[key].items()))
    return dict(sorted(kinds.items()))
