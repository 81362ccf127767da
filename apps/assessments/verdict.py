"""The verdict: one pure function of the answers and the facts. The weakest link decides; nothing is averaged.

Source: the readiness framework's assessment, “mostly ready usually means not ready”.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from apps.assessments.framework import LEVELS, NOT_APPLICABLE, VERDICTS, Framework, Question

Cause = Literal[
    "yes",
    "proven",
    "not_applicable",
    "unanswered",
    "lapsed",
    "no",
    "partly",
    "bare",
    "contradicted",
    "fact",
    "rests_on",
]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one question: the claim (a level, *not applicable* or None) and what the facts say.

    ``proven`` is None while no fact can say it. A lapsed claim is as good as none.
    """

    claim: str | None = None
    proven: str | None = None
    is_lapsed: bool = False
    has_evidence: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a question counts as, why, and the best verdict that this allows (None where it does not apply)."""

    question: Question
    standing: Standing
    level: str
    cause: Cause
    cap: str
    resting_on: str = ""

    @property
    def is_contradicted(self) -> bool:
        """Tell whether more is claimed than the facts show; *not applicable* claims that nothing is needed."""
        proven, claim = self.standing.proven, self.standing.claim
        if proven is None or claim is None or self.standing.is_lapsed:
            return False
        return proven != "yes" if claim == NOT_APPLICABLE else LEVELS.index(claim) > LEVELS.index(proven)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The level, each question as judged, those that hold it down in order, and the one that would lift it most."""

    level: str
    judged: tuple[Judged, ...]
    reasons: tuple[Judged, ...]
    next_step: Judged | None
    dimensions: Mapping[str, str]

    @property
    def contradicted(self) -> list[Judged]:
        return [row for row in self.judged if row.is_contradicted]


def _own(question: Question, found: Standing) -> tuple[str, Cause]:
    """Return what the question counts as by itself, before what it rests on."""
    claim = None if found.is_lapsed else found.claim
    if claim == NOT_APPLICABLE and found.proven in (None, "yes"):
        return NOT_APPLICABLE, "not_applicable"
    if found.proven is not None:
        if claim is None:
            return found.proven, "proven" if found.proven == "yes" else "fact"
        if claim == NOT_APPLICABLE or LEVELS.index(claim) > LEVELS.index(found.proven):
            return found.proven, "contradicted"
        return claim, "proven" if claim == "yes" else _plain(claim)
    if claim is None:
        return "no", "lapsed" if found.is_lapsed else "unanswered"
    if claim == "yes" and question.needs_evidence and not found.has_evidence:
        return "partly", "bare"
    return claim, _plain(claim)


def _plain(level: str) -> Cause:
    return "yes" if level == "yes" else "partly" if level == "partly" else "no"


def _cap(question: Question, level: str) -> str:
    return question.caps.get(level, VERDICTS[-1])


def _judge_all(framework: Framework, standings: Mapping[str, Standing]) -> tuple[Judged, ...]:
    done: dict[str, Judged] = {}

    def judge(question: Question) -> Judged:
        if question.id in done:
            return done[question.id]
        standing = standings.get(question.id, Standing())
        level, cause = _own(question, standing)
        resting_on = ""
        for name in question.rests_on:
            below = framework.question(name)
            limit = judge(below).level if below is not None else "yes"
            if level != NOT_APPLICABLE and limit != NOT_APPLICABLE and LEVELS.index(limit) < LEVELS.index(level):
                level, cause, resting_on = limit, "rests_on", name
        done[question.id] = Judged(question, standing, level, cause, _cap(question, level), resting_on)
        return done[question.id]

    return tuple(judge(question) for question in framework.questions)


def _lowest(judged: Sequence[Judged]) -> str:
    """Return the lowest cap; where no question applies, nothing is shown to be ready."""
    applying = [VERDICTS.index(row.cap) for row in judged if row.level != NOT_APPLICABLE]
    return VERDICTS[min(applying)] if applying else VERDICTS[0]


def judge(framework: Framework, standings: Mapping[str, Standing]) -> Verdict:
    """Return the verdict on a use case from what is known of each question, in whatever order it is given."""
    judged = _judge_all(framework, standings)
    level = _lowest(judged)
    order = {row.id: index for index, row in enumerate(framework.questions)}
    reasons = sorted(
        (row for row in judged if row.cap != VERDICTS[-1] and row.level != NOT_APPLICABLE),
        key=lambda row: (VERDICTS.index(row.cap), order[row.question.id]),
    )
    return Verdict(
        level,
        judged,
        tuple(reasons),
        _next_step(framework, standings, reasons),
        {
            dimension.id: _lowest([row for row in judged if row.question.dimension == dimension.id])
            for dimension in framework.dimensions
        },
    )


def _next_step(framework: Framework, standings: Mapping[str, Standing], reasons: Sequence[Judged]) -> Judged | None:
    """Return the reason whose settling alone would lift the verdict most; of equal ones the first."""
    best: tuple[int, Judged] | None = None
    lowest = VERDICTS.index(reasons[0].cap) if reasons else 0
    for row in reasons:
        if VERDICTS.index(row.cap) > lowest:
            break
        settled = replace(Standing(), claim="yes", proven="yes", has_evidence=True)
        lifted = VERDICTS.index(_lowest(_judge_all(framework, {**standings, row.question.id: settled})))
        if best is None or lifted > best[0]:
            best = (lifted, row)
    return best[1] if best else None
