"""Result files of the tools: what is read from them, and what is said of those that are broken."""

import contextlib
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.evaluations.importing import Asked, Found, ImportProblem, Source, match, read
from apps.evaluations.importing import reading as limits

FILES = Path(__file__).parent / "files"
ALL = sorted(path.name for path in FILES.iterdir())
LM_EVAL, SAMPLES = "results_2026-01-01T10-01-31.json", "samples_gsm8k_2026-01-01T10-01-31.jsonl"


def of(name: str, data: bytes | str | dict[str, Any] | None = None) -> Source:
    if data is None:
        data = (FILES / name).read_bytes()
    raw = json.dumps(data).encode() if isinstance(data, dict) else data.encode() if isinstance(data, str) else data
    return Source(name, lambda: io.BytesIO(raw))


def loaded(name: str) -> Any:
    return json.loads((FILES / name).read_text())


def values(found: Found) -> dict[str, float]:
    return {row.name + (f"[{row.segment}]" if row.segment else ""): row.value for row in found.measured}


def drained(found: Found) -> Found:
    list(found.scores())
    return found


def refused(*sources: Source, subject: str = "") -> ImportProblem:
    with pytest.raises(ImportProblem) as problem:
        drained(read(sources, subject))
    return problem.value


def test_lm_evaluation_harness() -> None:
    found = read([of("anything.json", (FILES / LM_EVAL).read_bytes()), of(SAMPLES)])
    assert (found.tool, found.tool_version, found.seed) == ("lm-evaluation-harness", "0.4.8", 1234)
    assert values(found) == {
        "gsm8k/exact_match,strict-match": 0.5,
        "gsm8k/exact_match,flexible-extract": 0.75,
        "banking77/acc,none": 0.75,
        "banking77/acc_norm,none": 0.5,
    }
    assert found.skipped == ("banking77/f1,none",)
    assert {row.cases for row in found.measured} == {4}
    assert found.started_at is not None
    assert found.finished_at is not None
    assert (found.finished_at - found.started_at).total_seconds() == 90.5
    assert found.parameters["limit"] == 4.0
    assert "model_args" not in found.parameters
    scores = list(found.scores())
    assert len(scores) == 8
    assert (scores[0].case, scores[0].name, scores[0].value) == ("gsm8k:0", "gsm8k/exact_match,strict-match", 1.0)
    assert scores[0].labels["kind"] == "addition"
    assert (scores[0].output, scores[0].expected) == ("7", "7")
    assert scores[0].input.startswith("Question: Two trains")


def test_promptfoo() -> None:
    found = read([of("promptfoo_0.118.json")])
    assert (found.tool, found.tool_version) == ("promptfoo", "0.118.4")
    assert values(found) == pytest.approx(
        {
            "pass_rate": 0.5,
            "error_rate": 0.25,
            "score": 0.4375,
            "latency_ms/mean": 7827.5,
            "latency_ms/p50": 420,
            "latency_ms/p95": 30000,
            "cost_usd/mean": 0.000155,
            "cost_usd/total": 0.00062,
            "named/tone": 1.75 / 3,
        }
    )
    assert found.started_at is not None
    assert found.finished_at is not None
    assert (found.finished_at - found.started_at).total_seconds() == 31.5
    passed = [score for score in found.scores() if score.name == "pass_rate"]
    assert [score.value for score in passed] == [1.0, 1.0, 0.0, 0.0]
    assert passed[1].labels == {"text": "Where is my card?", "intent": "card", "queue": "cards"}
    assert (passed[0].input, passed[0].output) == ("Name the intent of: How do I pay?", "pay")


def test_a_promptfoo_file_that_compares_several_needs_one_to_be_named() -> None:
    value = loaded("promptfoo_0.118.json")
    for row in value["results"]["results"][2:]:
        row["provider"] = {"id": "openai:chat:other"}
    problem = refused(of("p.json", value))
    assert "openai:chat:other | intent.txt" in str(problem)
    assert values(read([of("p.json", value)], "mini"))["pass_rate"] == 1.0
    assert values(read([of("p.json", value)], "openai:chat:other | intent.txt"))["pass_rate"] == 0.0


def test_garak() -> None:
    found = read([of("garak_0.13.report.jsonl")])
    assert (found.tool, found.tool_version, found.seed) == ("garak", "0.13.1", 7)
    assert values(found) == pytest.approx(
        {
            "dan.Dan_11_0/dan.DAN": 0.5,
            "promptinject.HijackHateHumans/promptinject.AttackRogueString": 1.0,
            "pass_rate": 2 / 3,
            "attack_success_rate": 1 / 3,
        }
    )
    scores = [score for score in found.scores() if score.name == "dan.Dan_11_0/dan.DAN"]
    assert [(score.value, score.output) for score in scores] == [(1.0, "No."), (0.0, "Yes, DAN here.")]
    assert scores[0].input == "Stay in character."
    assert found.finished_at is not None
    old = read([of("garak_0.9.report.jsonl")])
    assert values(old)["dan.Dan_11_0/dan.DAN"] == 0.9


def test_mlflow() -> None:
    found = read([of("mlflow_run.json")])
    assert values(found) == {"accuracy": 0.85, "toxicity/v1/mean": 0.01}
    assert found.seed == 42
    assert found.parameters["commit"] == "c0ffee" + "0" * 34
    run = loaded("mlflow_run.json")["run"]
    described = {"info": run["info"], "data": {"metrics": {"accuracy": 0.85}, "params": {"seed": "1"}, "tags": {}}}
    assert values(read([of("described.json", described)])) == {"accuracy": 0.85}


def test_the_plain_forms() -> None:
    for name in ("own.json", "own.csv"):
        found = read([of(name), of("own_scores.csv")])
        assert values(found) == {"accuracy": 0.9, "accuracy[card]": 0.8, "latency_ms": 310.0}
        assert [score.output for score in found.scores()] == ["pay", "pay, perhaps"]
    assert read([of("own.json")]).tool == "house evaluator"
    alone = read([of("own_scores.csv")])
    assert not alone.measured
    assert len(list(alone.scores())) == 2


def changed(name: str, change: Callable[[Any], Any]) -> Source:
    value = loaded(name)
    change(value)
    return of(name, value)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (LM_EVAL, lambda v: v.update(lm_eval_version="0.3.0"), "lm_eval_version"),
        (LM_EVAL, lambda v: v.pop("lm_eval_version"), "0.4"),
        (LM_EVAL, lambda v: v.update(results={"gsm8k": 1}), "results.gsm8k"),
        (LM_EVAL, lambda v: v.update(results={}), "No task has a figure"),
        ("promptfoo_0.118.json", lambda v: v["results"].update(version=2), "Version 3"),
        ("promptfoo_0.118.json", lambda v: v["results"]["results"][1].pop("success"), "results.results[1]"),
        ("promptfoo_0.118.json", lambda v: v["results"].update(results=[]), "There is no result"),
        ("mlflow_run.json", lambda v: v["run"]["info"].update(status="RUNNING"), "RUNNING"),
        ("mlflow_run.json", lambda v: v["run"]["data"].update(metrics=[]), "no metric"),
        ("mlflow_run.json", lambda v: v["run"]["data"].update(metrics=7), "data.metrics"),
        ("own.json", lambda v: v.update(fourgate_evaluation=2), "Version 1"),
        ("own.json", lambda v: v.update(colour="red"), "colour"),
        ("own.json", lambda v: v["metrics"][1].update(value="much"), "metrics[1]"),
        ("own.json", lambda v: v["metrics"][0].pop("name"), "metrics[0]"),
        ("own.json", lambda v: v.update(started_at="yesterday"), "started_at"),
    ],
)
def test_what_is_not_expected_is_refused_with_its_key(name: str, change: Callable[[Any], Any], said: str) -> None:
    problem = refused(changed(name, change))
    assert problem.file == name
    assert said in str(problem)


def lines(name: str) -> list[str]:
    return (FILES / name).read_text().splitlines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   \n\n", "empty"),
        ("{}", "nothing"),
        ("[1, 2]", "list"),
        ('{"a": 1}\n{"a": 2}\n', "line 1"),
        ('{"fourgate_evaluation": 1, "metrics": [}', "line 1, column"),
        ('{"fourgate_evaluation": 1, "fourgate_evaluation": 1}', "stands twice"),
        ("name;value\nx;1\n", "row 1"),
        ("metric,value\naccuracy,much\n", "row 2"),
        ("metric,value\naccuracy,1e999\n", "row 2"),
        ("metric,value\n,1\n", "row 2"),
        ('{"case": "1", "metric": "a", "value": 1}\n{"case": "2", "metric": "a"}\n', "line 2"),
        ('{"case": "1", "metric": "a", "value": 1}\n[]\n', "line 2"),
        ('{"case": "1", "metric": "a", "value": 1}\n{"case"\n', "line 2"),
        ("\n".join(lines("garak_0.13.report.jsonl")[:1] + lines("garak_0.13.report.jsonl")[2:]), "garak_version"),
        ("\n".join(lines("garak_0.13.report.jsonl")[:3]), "eval"),
        ("\n".join(lines("garak_0.13.report.jsonl")).replace('"passed": 1, "fails": 1', '"passed": 9'), "line 5"),
        ("\n".join(lines("garak_0.13.report.jsonl")).replace("0.13.1", "0.42.0"), "line 2"),
        ("PK\x03\x04", "row 1"),
        ("[" * 100_000, "deep"),
        ('{"fourgate_evaluation": 1, "parameters": ' + '{"a":' * 70 + "1" + "}" * 70 + "}", "64 levels"),
    ],
)
def test_broken_files_are_refused_naming_the_place(text: str, said: str) -> None:
    problem = refused(of("broken", text))
    assert problem.file == "broken"
    assert said in str(problem)


def test_bytes_that_are_no_text_and_files_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "UTF-8" in str(refused(of("a", b'{"x": "\xff"}')))
    assert "UTF-8" in str(refused(of("a", b"\xff\xfe\x00")))
    monkeypatch.setattr(limits, "LARGEST_DOCUMENT", 100)
    assert "64 MiB" in str(refused(of(LM_EVAL)))


def test_files_that_do_not_belong_together_are_refused() -> None:
    assert "One result at a time" in str(refused(of(LM_EVAL), of("own.json")))
    assert "do not belong" in str(refused(of("own.json"), of(SAMPLES)))
    assert "do not belong" in str(refused(of(LM_EVAL), of("own_scores.csv")))
    assert "results_*.json" in str(refused(of(SAMPLES)))
    assert "do not say their task" in str(refused(of(LM_EVAL), of("x.jsonl", (FILES / SAMPLES).read_bytes())))
    assert "one task" in str(refused(of(LM_EVAL), of(SAMPLES), of(SAMPLES)))
    with pytest.raises(ImportProblem):
        read([])


ASKED = [
    Asked("strict", "gsm8k/exact_match,strict-match", {"addition": "", "product": ""}, "kind", 100.0),
    Asked("flexible", "gsm8k/exact_match,flexible-extract", {"loose": "banking77/acc,none"}),
    Asked("bleu", "gsm8k/bleu,none"),
]


def test_matching_says_what_is_matched_left_over_and_not_measured() -> None:
    rows: list[dict[str, Any]] = []
    matched = match(read([of(LM_EVAL), of(SAMPLES)]), ASKED, rows.append)
    found = {(row["metric"], row["segment"]): (row["value"], row["cases"]) for row in matched.values}
    assert found == {
        ("strict", ""): (50.0, 4),
        ("strict", "addition"): (50.0, 2),
        ("strict", "product"): (50.0, 2),
        ("flexible", ""): (0.75, 4),
        ("flexible", "loose"): (0.75, 4),
    }
    assert matched.unmeasured == [("bleu", "")]
    assert [row["name"] for row in matched.unmatched] == ["banking77/acc_norm,none"]
    assert matched.scores == len(rows) == 8
    assert rows[0] == {
        "case": "gsm8k:0", "metric": "strict", "segment": "addition", "value": 100.0, "input": rows[0]["input"],
        "output": "7", "expected": "7",
    }  # fmt: skip


def test_a_case_is_scored_once_and_scores_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = "case,metric,value\n1,a,1\n1,a,0\n"
    with pytest.raises(ImportProblem, match="scored twice"):
        match(read([of("s.csv", twice)]), [Asked("a", "a")], lambda row: None)
    monkeypatch.setattr("apps.evaluations.importing.matching.MOST_SCORES", 1)
    with pytest.raises(ImportProblem, match="more than 1"):
        match(read([of("s.csv", "case,metric,value\n1,a,1\n2,a,0\n")]), [Asked("a", "a")], lambda row: None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def survives(*sources: Source) -> None:
    """Read whatever it is: nothing but a problem may come of it."""
    with contextlib.suppress(ImportProblem):
        found = read(sources)
        match(found, [Asked("m", row.name) for row in found.measured[:3]], lambda row: None)


@QUIET
@given(
    name=st.sampled_from(ALL),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
)
def test_cut_off_and_damaged_files_never_break_the_reader(name: str, cut: float, flips: list[Any]) -> None:
    data = bytearray((FILES / name).read_bytes())
    del data[int(len(data) * cut) :]
    for place, value in flips:
        if data:
            data[int((len(data) - 1) * place)] = value
    survives(of(name, bytes(data)))


def _replace(value: Any, random_: random.Random, other: Any) -> Any:
    if isinstance(value, dict) and value and random_.random() < 0.8:
        key = random_.choice(sorted(value))
        return {**value, key: _replace(value[key], random_, other)}
    if isinstance(value, list) and value and random_.random() < 0.8:
        place = random_.randrange(len(value))
        return [*value[:place], _replace(value[place], random_, other), *value[place + 1 :]]
    return other


@QUIET
@given(name=st.sampled_from([n for n in ALL if n.endswith(".json")]), seed=st.integers(), other=JSON)
def test_any_value_in_any_place_of_a_document_is_read_or_refused(name: str, seed: int, other: Any) -> None:
    survives(of(name, json.dumps(_replace(loaded(name), random.Random(seed), other))))


@QUIET
@given(name=st.sampled_from([n for n in ALL if n.endswith(".jsonl")]), seed=st.integers(), other=JSON)
def test_any_value_in_any_place_of_a_line_is_read_or_refused(name: str, seed: int, other: Any) -> None:
    rows, chosen = [json.loads(line) for line in lines(name)], random.Random(seed)
    place = chosen.randrange(len(rows))
    rows[place] = _replace(rows[place], chosen, other)
    data = "\n".join(json.dumps(row) for row in rows)
    survives(*([of(LM_EVAL)] if name == SAMPLES else []), of(name, data))
