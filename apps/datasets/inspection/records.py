"""From a record's columns to the input and the answer that a model would see; what is wrong with the record's form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from apps.datasets.inspection.mapping import Mapping

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
OTHER_NAMES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}


@dataclass(frozen=True, slots=True)
class Records:
    """Per row: the input, the answer (None where there is no label column), and violations as (row, kind)."""

    inputs: pa.Array
    answers: pa.Array | None
    violations: Sequence[tuple[int, str]]


def records(rows: pa.RecordBatch, mapping: Mapping) -> Records:
    """Return the rows' records; a row whose form is broken still has an input, as far as it can be read."""
    if mapping.shape == "chat":
        return _chat(rows.column(mapping.input).fill_null(""), rows.column(mapping.label) if mapping.label else None)
    inputs = rows.column(mapping.input).fill_null("")
    if mapping.context:
        context = rows.column(mapping.context).fill_null("")
        both = pc.binary_join_element_wise(inputs, context, "\n")
        inputs = pc.if_else(pc.equal(context, ""), inputs, both)
    answers = rows.column(mapping.label).fill_null("") if mapping.label else None
    found = [(row, "empty_input") for row in _blank(inputs)]
    if answers is not None:
        found += [(row, "empty_answer") for row in _blank(answers)]
    return Records(inputs, answers, sorted(found))


def _blank(texts: pa.Array) -> list[int]:
    blank: list[int] = pc.indices_nonzero(pc.equal(pc.utf8_trim_whitespace(texts), "")).to_pylist()
    return blank


def _chat(texts: pa.Array, labels: pa.Array | None) -> Records:
    inputs, answers, violations = [], [], list[tuple[int, str]]()
    for row, text in enumerate(texts.to_pylist()):
        before, answer, found = read_chat(text)
        inputs.append(before)
        answers.append(answer)
        violations += [(row, kind) for kind in found]
    given = labels.fill_null("") if labels is not None else pa.array(answers, pa.string())
    return Records(pa.array(inputs, pa.string()), given, violations)


def read_chat(text: str) -> tuple[str, str, list[str]]:
    """Return (all turns before the last answer, the last answer, violations) of a ``messages`` value.

    Turns are OpenAI's (role, content, tool_calls) or ShareGPT's (from, value).
    """
    try:
        turns = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text, "", ["not_messages"]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return text, "", ["not_messages"]
    sides = [_role(turn) for turn in turns]
    words = [_content(turn) for turn in turns]
    last = max((index for index, side in enumerate(sides) if side == "assistant"), default=len(turns))
    before = "\n".join(f"{side}: {said}" for side, said in zip(sides[:last], words[:last], strict=True))
    answer = words[last] if last < len(turns) else ""
    return before, answer, list(dict.fromkeys(_violations(turns, sides, words)))


def _role(turn: dict[str, Any]) -> str:
    role = str(turn.get("role", turn.get("from", "")))
    return OTHER_NAMES.get(role, role)


def _content(turn: dict[str, Any]) -> str:
    content = turn.get("content", turn.get("value"))
    if isinstance(content, list):
        content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _violations(turns: list[dict[str, Any]], sides: list[str], words: list[str]) -> list[str]:
    found, calls, previous = list[str](), set[str](), ""
    for index, (turn, side, said) in enumerate(zip(turns, sides, words, strict=True)):
        if side not in ROLES:
            found.append("unknown_role")
        if side in ("system", "developer") and index and sides[index - 1] not in ("system", "developer"):
            found.append("late_system")
        called = turn.get("tool_calls") or ([turn["function_call"]] if turn.get("function_call") else [])
        if not said.strip() and not called:
            found.append("empty_turn")
        if called:
            found += ["broken_tool_call"] * (not _calls_hold(called))
            calls |= {str(call.get("id", "")) for call in called if isinstance(call, dict)}
        if side == "tool" and str(turn.get("tool_call_id", "")) not in calls:
            found.append("orphan_tool_result")
        if side in ("user", "assistant"):
            if side == previous:
                found.append("not_alternating")
            previous = side
        elif side in ("tool", "function"):
            previous = ""
    if "user" not in sides:
        found.append("no_user_turn")
    if "assistant" not in sides:
        found.append("no_assistant_turn")
    elif sides[-1] != "assistant":
        found.append("ends_without_answer")
    return found


def _calls_hold(calls: Any) -> bool:
    if not isinstance(calls, list):
        return False
    for call in calls:
        function = call.get("function", call) if isinstance(call, dict) else None
        if not isinstance(function, dict) or not function.get("name"):
            return False
        arguments = function.get("arguments", "{}")
        if isinstance(arguments, str):
            try:
                orjson.loads(arguments)
            except orjson.JSONDecodeError:
                return False
    return True
