"""Run the benchmarks, print the table, write results.json."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import django

RESULTS = Path(__file__).parent / "results.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./fourgate bench")
    parser.add_argument("names", nargs="*", help="which benchmarks; all when none is named")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the promised size; less is a rehearsal")
    return parser.parse_args()


def _print(name: str, figure: Any) -> None:
    goal = "" if figure.goal is None else f"{figure.better} {figure.goal:g}"
    verdict = {None: "", True: "holds", False: "MISSED"}[figure.holds]
    print(
        f"{name:<13} {figure.what[:52]:<52} {figure.ours:>12,.2f} {figure.reference:>12,.2f} {figure.unit:<9}"
        f"{figure.ratio:>8.2f} × {goal:<14}{verdict:<7}{figure.note}",
        flush=True,
    )


def main() -> int:
    arguments = _arguments()
    django.setup()
    from django.core.management import call_command

    from bench import (  # noqa: F401
        agenda,
        annotations,
        deployment,
        facts,
        gates,
        judging,
        ledger,
        near,
        readiness,
        sensitive,
        trail,
    )
    from bench.harness import BENCHMARKS

    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    call_command("migrate", verbosity=0)
    print(f"{'':<13} {'':<52} {'ours':>12} {'reference':>12} {'unit':<9}{'ratio':>8}   goal")
    found: dict[str, list[dict[str, Any]]] = {}
    for name in arguments.names or BENCHMARKS:
        for figure in BENCHMARKS[name](arguments.scale):
            _print(name, figure)
            found.setdefault(name, []).append(figure.as_dict())
    if arguments.scale == 1:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        kept["machine"] = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
        kept.setdefault("figures", {}).update(found)
        RESULTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
