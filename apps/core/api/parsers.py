"""JSON that PostgreSQL can hold: what ``json.loads`` lets through and the database refuses is refused here."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MOST_DEPTH = 64
LARGEST_INTEGER = 2**63


def _no_constant(name: str) -> Any:
    raise ParseError(_("The JSON holds %(name)s; use a number or null.") % {"name": name})


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= LARGEST_INTEGER:
        raise ParseError(_("The JSON holds an integer of more than 64 bits."))
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ParseError(_("The JSON holds a number that is too large."))
    return number


def check_text(value: Any, depth: int = 0) -> None:
    """Raise ``ParseError`` for NUL characters, lone surrogates and nesting beyond 64 levels."""
    if depth > MOST_DEPTH:
        raise ParseError(_("The JSON is nested more than %(n)d levels deep.") % {"n": MOST_DEPTH})
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise ParseError(_("A text holds a NUL character or half of a surrogate pair; remove it."))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_text(key, depth + 1)
            check_text(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_text(item, depth + 1)


def strict_loads(data: bytes) -> Any:
    """Parse one JSON document, or raise ``ParseError`` with a sentence that says what to mend."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer, parse_float=_float)
    except UnicodeDecodeError as error:
        raise ParseError(_("The body is not UTF-8: byte %(at)d.") % {"at": error.start}) from error
    except RecursionError as error:
        raise ParseError(_("The JSON is nested too deep.")) from error
    except ValueError as error:
        raise ParseError(_("The body is not JSON: %(why)s") % {"why": error}) from error
    check_text(value)
    return value


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise ParseError(_("The body is larger than %(n)d bytes.") % {"n": limit})
        return strict_loads(data)
