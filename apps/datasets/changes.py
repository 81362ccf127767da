"""What is different between two versions of a guideline, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import Text

ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a changed text: ``same``, ``gone`` or ``new``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what happened in a sentence, the texts before and after, and their words one by one."""

    kind: str
    sentence: Text
    before: str = ""
    after: str = ""
    pieces: tuple[Piece, ...] = field(default=())

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "sentence": str(self.sentence), "before": self.before, "after": self.after}


def changes(old: Any, new: Any) -> list[Change]:
    """Return what a reader of ``old`` must learn to label by ``new``: rules first, then examples; empty for nothing.

    A rule or an example counts as reworded when it shares at least half of its words (Dice), else as another one.
    """
    return [*_rules(old.rules, new.rules), *_examples(old.examples, new.examples)]


def _matched(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Return which old text became which new one: equal ones first, then the most alike."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    for before, text in enumerate(old):
        after = next((at for at, other in enumerate(new) if other == text and at not in taken), None)
        if after is not None:
            found[before] = after
            taken.add(after)
    words = [[set(text.casefold().split()) for text in texts] for texts in (old, new)]
    scored = sorted(
        (-_dice(words[0][before], words[1][after]), before, after)
        for before in range(len(old))
        if before not in found
        for after in range(len(new))
        if after not in taken
    )
    for score, before, after in scored:
        if -score >= ALIKE and before not in found and after not in taken:
            found[before] = after
            taken.add(after)
    return found


def _dice(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / max(len(one) + len(other), 1)


def _rules(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    matched = _matched(old, new)
    back = {after: before for before, after in matched.items()}
    kept = _in_order([back[after] for after in sorted(back)])
    for after, text in enumerate(new):
        before = back.get(after)
        if before is None:
            yield Change("added", _("Rule %(n)d is new.") % {"n": after + 1}, "", text)
        elif old[before] != text:
            sentence = _("Rule %(n)d was reworded.") % {"n": after + 1}
            if before not in kept:
                sentence = _("Rule %(old)d was reworded and is now rule %(n)d.") % {"old": before + 1, "n": after + 1}
            yield Change("reworded", sentence, old[before], text, _pieces(old[before], text))
        elif before not in kept:
            yield Change(
                "moved", _("Rule %(old)d is now rule %(n)d.") % {"old": before + 1, "n": after + 1}, text, text
            )
    for before, text in enumerate(old):
        if before not in matched:
            yield Change("removed", _("Rule %(n)d was taken away.") % {"n": before + 1}, text, "")


def _in_order(places: list[int]) -> set[int]:
    """Return the longest run of places that still follow each other: what is not in it was moved."""
    best: list[list[int]] = []
    for place in places:
        before = [run for run in best if run[-1] < place]
        best.append([*_longest(before), place])
    return set(_longest(best))


def _longest(runs: list[list[int]]) -> list[int]:
    return max(runs, key=lambda run: len(run), default=[])


def _examples(old: Sequence[dict[str, str]], new: Sequence[dict[str, str]]) -> Iterator[Change]:
    matched = _matched([row["text"] for row in old], [row["text"] for row in new])
    back = {after: before for before, after in matched.items()}
    for after, row in enumerate(new):
        if after not in back:
            sentence = _("A new example for “%(label)s”.") % {"label": row["label"]}
            yield Change("added", sentence, "", _told(row))
            continue
        was = old[back[after]]
        if was == row:
            continue
        if was["label"] != row["label"]:
            sentence = _("“%(text)s” is now labelled “%(new)s”, no longer “%(old)s”.") % {
                "text": row["text"][:80],
                "new": row["label"],
                "old": was["label"],
            }
            yield Change("relabelled", sentence, _told(was), _told(row))
        else:
            sentence = _("The example “%(text)s” was reworded.") % {"text": row["text"][:80]}
            yield Change("reworded", sentence, _told(was), _told(row), _pieces(_told(was), _told(row)))
    for before, row in enumerate(old):
        if before not in matched:
            sentence = _("An example for “%(label)s” was taken away.") % {"label": row["label"]}
            yield Change("removed", sentence, _told(row), "")


def _told(row: dict[str, str]) -> str:
    return f"{row['text']} → {row['label']}: {row['why']}"


def _pieces(before: str, after: str) -> tuple[Piece, ...]:
    old, new = before.split(), after.split()
    found = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", " ".join(new[c:d])))
            continue
        if b > a:
            found.append(Piece("gone", " ".join(old[a:b])))
        if d > c:
            found.append(Piece("new", " ".join(new[c:d])))
    return tuple(found)
