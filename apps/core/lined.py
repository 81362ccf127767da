"""YAML that people edit: read with the line of each key, so that every message points at one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import yaml
from django.utils.translation import gettext as _

from apps.core.errors import Refusal

LARGEST_SOURCE = 200_000
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "at_most": lambda found, limit: found <= limit,
    "at_least": lambda found, limit: found >= limit,
    "equals": lambda found, limit: found == limit,
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong on which line (from 1) of the source."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One figure of a fact compared with a limit."""

    figure: str
    comparison: str
    limit: int | float | bool | str

    def holds(self, value: Any) -> bool:
        return COMPARISONS[self.comparison](value, self.limit)


class Lines(dict[Any, Any]):
    """A mapping that remembers on which line each key stands."""

    line: int = 1
    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Lines:
    found = Lines(loader.construct_mapping(node, deep=True))
    found.line = node.start_mark.line + 1
    found.lines = {key.value: key.start_mark.line + 1 for key, _value in node.value}
    seen: set[str] = set()
    for key, _value in node.value:
        if key.value in seen:
            raise yaml.constructor.ConstructorError(
                None, None, _("“%(key)s” stands twice") % {"key": key.value}, key.start_mark
            )
        seen.add(key.value)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@dataclass
class Reader:
    """Reads one source and collects every message; ``refusal`` is what ``finish`` raises when there are any."""

    refusal: type[Refusal]
    messages: list[Message] = field(default_factory=list)

    def load(self, source: str, what: str) -> Lines:
        """Parse the source into a mapping; raise ``refusal`` for no YAML or no mapping (``what`` says which)."""
        if len(source) > LARGEST_SOURCE:
            self.stop(1, _("The text is longer than %(n)d characters.") % {"n": LARGEST_SOURCE})
        try:
            found = yaml.load(source, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            self.stop(error.problem_mark.line + 1 if error.problem_mark else 1, str(error.problem))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self.stop(1, str(error)[:200])
        if not isinstance(found, Lines):
            self.stop(1, what)
        return cast(Lines, found)

    def say(self, line: int, text: str) -> None:
        self.messages.append(Message(line, text))

    def stop(self, line: int, text: str) -> None:
        self.say(line, text)
        self.finish()

    def finish(self) -> None:
        """Raise ``refusal`` with every message in the order of lines, if there is any."""
        if not self.messages:
            return
        ordered = sorted(dict.fromkeys(self.messages), key=lambda message: message.line)
        raise self.refusal(
            _("There are %(n)d mistakes; the first is on line %(line)d: %(text)s")
            % {"n": len(ordered), "line": ordered[0].line, "text": ordered[0].text},
            errors={"/source": [f"{_('Line')} {message.line}: {message.text}" for message in ordered]},
            extra={"messages": [{"line": message.line, "text": message.text} for message in ordered]},
        )

    def text(self, found: Lines, key: str, limit: int = 200, required: bool = True) -> str:
        value = found.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.say(found.lines.get(key, found.line), _("“%(key)s” needs a text.") % {"key": key})
            return ""
        if len(value) > limit:
            self.say(found.lines[key], _("“%(key)s” is longer than %(n)d characters.") % {"key": key, "n": limit})
        return value.strip()

    def whole(self, found: Lines, key: str, least: int, most: int) -> int | None:
        """Return the whole number under ``key``; None where it is left out, or is none or out of range."""
        value = found.get(key)
        if value is None and key not in found:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.say(
                found.lines[key],
                _("“%(key)s” is a whole number from %(least)d to %(most)d.")
                % {"key": key, "least": least, "most": most},
            )
            return None
        return value

    def flag(self, found: Lines, key: str, default: bool) -> bool:
        value = found.get(key, default)
        if not isinstance(value, bool):
            self.say(found.lines[key], _("“%(key)s” is true or false.") % {"key": key})
        return bool(value)

    def only(self, found: Lines, known: set[str]) -> None:
        for key, line in found.lines.items():
            if key not in known:
                self.say(
                    line,
                    _("“%(key)s” is not known here. Known: %(known)s.")
                    % {"key": key, "known": ", ".join(sorted(known))},
                )

    def choice(self, found: Lines, key: str, value: Any, known: Iterable[Any]) -> bool:
        names = list(known)
        if value in names:
            return True
        self.say(
            found.lines.get(key, found.line),
            _("“%(value)s” is not known. Known: %(known)s.")
            % {"value": value, "known": ", ".join(str(name) for name in names)},
        )
        return False

    def mappings(self, found: Lines, key: str, shape: str, required: bool = True) -> list[Lines]:
        """Return the list of mappings under ``key``; ``shape`` says what one of them is."""
        value = found.get(key)
        if value is None and not required:
            return []
        if not isinstance(value, list) or (required and not value):
            self.say(found.lines.get(key, found.line), _("“%(key)s” needs a list that is not empty.") % {"key": key})
            return []
        for row in value:
            if not isinstance(row, Lines):
                self.say(found.lines[key], shape)
        return [row for row in value if isinstance(row, Lines)]

    def unique(self, rows: Iterable[Lines], key: str) -> None:
        seen: set[Any] = set()
        for row in rows:
            value = row.get(key)
            if value in seen:
                self.say(row.lines.get(key, row.line), _("“%(value)s” stands twice.") % {"value": value})
            seen.add(value)

    def condition(self, found: Lines, figures: Iterable[str]) -> Condition | None:
        figure = self.text(found, "figure")
        if figure and not self.choice(found, "figure", figure, figures):
            return None
        given = [name for name in COMPARISONS if name in found]
        if len(given) != 1:
            self.say(found.line, _("Give exactly one of at_most, at_least, equals."))
            return None
        limit = found[given[0]]
        is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if given[0] != "equals" and not is_number:
            self.say(found.lines[given[0]], _("“%(key)s” needs a number.") % {"key": given[0]})
            return None
        return Condition(figure, given[0], limit) if figure else None
