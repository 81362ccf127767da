"""Whoever follows changes hears of each subject once a round, and of all together at the end."""

import uuid
from collections.abc import Collection

import pytest

from apps.core import subjects
from apps.core.subjects import SubjectRef

A, B, C = (SubjectRef(kind, uuid.UUID(int=number)) for number, kind in enumerate("abc"))
Told = list[tuple[str, tuple[SubjectRef, ...]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Note what is told; of ``a`` follows ``c``, twice over."""
    found: Told = []

    def listen(refs: Collection[SubjectRef]) -> None:
        found.append(("round", tuple(refs)))
        if A in refs:
            subjects.announce_change(C, "followed")
            subjects.announce_change(C, "followed on another way")

    monkeypatch.setattr(subjects, "_listeners", [listen])
    monkeypatch.setattr(subjects, "_settled", [lambda refs: found.append(("settled", tuple(refs)))])
    return found


def test_what_follows_waits_for_the_next_round(told: Told) -> None:
    subjects.announce_changes([A, B, A], "changed")
    assert told == [("round", (A, B)), ("round", (C,)), ("settled", (A, B, C))]


def test_an_act_that_changes_much_is_told_at_its_end(told: Told) -> None:
    with subjects.together():
        subjects.announce_change(B, "one")
        subjects.announce_change(C, "two")
        subjects.announce_change(B, "three")
        assert told == []
    assert told == [("round", (B, C)), ("settled", (B, C))]


def test_an_act_that_failed_is_not_told(told: Told) -> None:
    def fail() -> None:
        with subjects.together():
            subjects.announce_change(B, "one")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    subjects.announce_change(C, "later")
    assert told == [("round", (C,)), ("settled", (C,))]
