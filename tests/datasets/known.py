"""Published datasets whose figures are known, besides the demo's own."""

import json
from pathlib import Path
from typing import Any

import zstandard

FOLDER = Path(__file__).parent / "data"


def gsm8k(split: str) -> bytes:
    """Return train or test of GSM8K as JSON Lines packed with zstd: the whole of what was published."""
    return (FOLDER / "gsm8k" / f"{split}.jsonl.zst").read_bytes()


def gsm8k_rows(split: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in zstandard.decompress(gsm8k(split)).splitlines()]
