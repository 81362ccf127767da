"""Which format a file's name announces."""

from typing import Literal

from apps.datasets.inspection.reading.bytes import FileProblem

Format = Literal["csv", "jsonl", "json", "parquet"]
ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
}
PACKED = (".gz", ".zst")
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "json", "parquet")


def detect(name: str) -> tuple[Format, bool]:
    """Return (format, is packed with gzip or zstd) from a file's name; raise ``FileProblem`` for other endings."""
    plain = name.casefold()
    packing = next((ending for ending in PACKED if plain.endswith(ending)), "")
    plain = plain.removesuffix(packing)
    found = next((kind for ending, kind in ENDINGS.items() if plain.endswith(ending)), None)
    if found is None:
        raise FileProblem(
            None, "The name must end in .csv, .jsonl, .ndjson, .json or .parquet, with .gz or .zst when it is packed."
        )
    if found == "parquet" and packing:
        raise FileProblem(None, f"Parquet is packed inside. Send the file without {packing}.")
    return found, bool(packing)
