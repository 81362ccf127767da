"""Telephone numbers: how every country writes them, from the tables of the ``phonenumbers`` package."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

import phonenumbers
from phonenumbers.phonemetadata import NumberFormat

from apps.datasets.inspection.sensitive.context import Context

Shape = tuple[int, ...]
EXTENSION = re.compile(r"(?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6}| ?# ?[0-9]{1,5})(?![0-9A-Za-z])", re.IGNORECASE)
_GROUP = re.compile(r"\(([^)]*)\)")
_COUNT = re.compile(r"\\d(?:\{(\d+)(?:,(\d+))?\})?|\[[^\]]*\](?:\{(\d+)(?:,(\d+))?\})?|(\d)")
_LEAST, _MOST = 7, 15
_SOCIAL_SECURITY = (3, 2, 4)
_INTERNATIONAL = re.compile(r"(?:001|011|00)(?=[1-9]|\Z)")


def _lengths(group: str) -> range:
    """Return how many digits one group of a format's pattern may hold."""
    least = most = 0
    for found in _COUNT.finditer(group):
        low = found[1] or found[3] or "1"
        high = found[2] or found[4] or low
        least, most = least + int(low), most + int(high)
    return range(least, min(most, 12) + 1)


def _written(style: NumberFormat, prefix: str) -> Iterator[tuple[Shape, str]]:
    """Yield the shapes in which a format is written, each with the national prefix that it begins with."""
    pattern, template = style.pattern or "", style.format or ""
    lengths = [_lengths(group) for group in _GROUP.findall(pattern)]
    parts = [[int(number) for number in re.findall(r"\\(\d)", part)] for part in re.split(r"[^\\\d]+", template)]
    if any(number > len(lengths) for part in parts for number in part):
        return
    for chosen in product(*lengths):
        shape = tuple(sum(chosen[number - 1] for number in part) for part in parts if part)
        if not shape or not _LEAST <= sum(shape) <= _MOST:
            continue
        yield shape, ""
        if prefix:
            yield (shape[0] + len(prefix), *shape[1:]), prefix
            yield (len(prefix), *shape), prefix


def _one_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(set(patterns))))


@lru_cache(maxsize=1)
def _national_shapes() -> dict[Shape, tuple[tuple[str, re.Pattern[str]], ...]]:
    """Return, for every grouping of digits, the prefixes and valid numbers of the countries that write it so."""
    found: dict[Shape, dict[str, list[str]]] = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata is None or metadata.general_desc is None:
            continue
        for style in metadata.number_format:
            for shape, begins in _written(style, metadata.national_prefix or ""):
                if len(shape) > 1:
                    valid = metadata.general_desc.national_number_pattern or "(?!)"
                    found.setdefault(shape, {}).setdefault(begins, []).append(valid)
    return {
        shape: tuple((begins, _one_of(patterns)) for begins, patterns in sorted(choices.items()))
        for shape, choices in found.items()
    }


def _is_written_nationally(shape: Shape, digits: str) -> bool:
    for begins, valid in _national_shapes().get(shape, ()):
        if digits.startswith(begins) and valid.fullmatch(digits, len(begins)):
            return True
    return False


@lru_cache(maxsize=1)
def _country_codes() -> dict[str, tuple[re.Pattern[str], frozenset[int], str]]:
    """Return, by country code, what its numbers look like, their possible lengths, and its national prefix."""
    found = {}
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        known = [phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in regions]
        described = [one.general_desc for one in known if one is not None and one.general_desc is not None]
        lengths = frozenset(length for one in described for length in one.possible_length or ())
        prefix = next((one.national_prefix for one in known if one is not None and one.national_prefix), "")
        valid = _one_of(one.national_number_pattern or "(?!)" for one in described)
        found[str(code)] = valid, lengths, prefix or ""
    return found


def _international(digits: str) -> float:
    """Return how sure it is that digits after a plus sign are a number: valid, of a possible length, or neither."""
    codes = _country_codes()
    for length in (1, 2, 3):
        if country := codes.get(digits[:length]):
            valid, lengths, prefix = country
            if valid.fullmatch(digits, length):
                return 0.95
            if prefix and digits.startswith(prefix, length) and valid.fullmatch(digits, length + len(prefix)):
                return 0.85
            return 0.8 if len(digits) - length in lengths else 0.0
    return 0.0


def is_date(shape: Shape, digits: str) -> bool:
    """Tell whether the groups begin or end like a calendar date, written in any usual order."""
    if len(shape) < 3:
        return False
    first, second, third = (int(digits[sum(shape[:index]) : sum(shape[: index + 1])] or 0) for index in range(3))
    if shape[0] == 4 and shape[1] <= 2 and shape[2] <= 2:
        return 1800 <= first <= 2199 and 1 <= second <= 12 and 1 <= third <= 31
    if shape[0] <= 2 and shape[1] <= 2 and shape[2] == 4:
        return 1800 <= third <= 2199 and 1 <= first <= 31 and 1 <= second <= 31
    return False


def confidence(shape: Shape, digits: str, written: str, plus: bool, context: Context) -> float:
    """Return how sure it is that ``written``, with these groups of digits, is a telephone number; 0 for no.

    ``written`` is the value with its plus sign and brackets, without an extension.
    """
    total = len(digits)
    if not _LEAST <= total <= _MOST + 2:
        return 0.0
    if plus:
        sure = _international(_without_trunk(digits, written)) if total <= _MOST + 1 else 0.0
        if context.contradicts and sure < 0.9:
            return 0.0
        if sure or not 8 <= total <= _MOST:
            return sure
        return 0.85 if context.says("phone") else 0.65
    if context.contradicts or is_date(shape, digits) or len(shape) > 6:
        return 0.0
    called = context.says("phone")
    if began := _INTERNATIONAL.match(digits[: shape[0]] if len(shape) > 1 else digits):
        rest = ("1" if began[0] == "001" else "") + digits[began.end() :]
        if sure := _international(rest):
            return sure - 0.1 if len(shape) > 1 or called or sure > 0.9 else 0.0
    return _national(shape, digits, written, called, context.numbered)


def _without_trunk(digits: str, written: str) -> str:
    """Drop the zero in brackets of ``+44 (0)20``: it isn't dialled from abroad."""
    found = re.search(r"\(0\)", written)
    if not found:
        return digits
    before = sum(char.isdigit() for char in written[: found.start()])
    return digits[:before] + digits[before + 1 :]


def _national(shape: Shape, digits: str, written: str, called: bool, numbered: bool) -> float:
    total = len(digits)
    separators = {char for char in written if not char.isdigit()}
    if "." in separators and len(shape) < 3 and not (called and shape[0] > 2):
        return 0.0
    if "." in separators and shape[0] == 1:
        return 0.0
    if len(shape) == 1:
        if total > 14 or len(set(digits)) == 1:
            return 0.0
        if called:
            return 0.75 if 9 <= total <= 12 else 0.6
        return 0.5 if numbered and 9 <= total <= 12 else 0.0
    known = _is_written_nationally(shape, digits)
    american = shape[-3:] == (3, 3, 4) and (len(shape) == 3 or shape[:-3] in ((1,), (3,)))
    if called:
        return 0.9 if known else 0.87 if len(shape) <= 5 and total <= 14 else 0.5
    if american and separators - {" "}:
        return 0.8 if known else 0.6
    if written[0] == "(" and 8 <= total <= 12:
        return 0.75 if known else 0.6
    if shape == _SOCIAL_SECURITY or " - " in written or " / " in written:
        return 0.0
    if digits[0] == "0" and 8 <= total <= 12 and min(shape[1:]) > 1:
        return 0.7 if known else 0.5
    if (len(shape) == 2 and digits[0] != "0") or "/" in separators:
        return 0.0
    if numbered and (known or total >= 9):
        return 0.6
    if known and total >= 9 and "." not in separators and not _is_counting(shape):
        return 0.5
    return 0.0


def _is_counting(shape: Shape) -> bool:
    """Tell whether the groups are those of a large number, as in 12 345 678."""
    return shape[0] <= 3 and set(shape[1:]) == {3}
