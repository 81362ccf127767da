"""E-mail, IP and MAC addresses, and URLs that carry a password."""

import ipaddress
import re

from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.kinds import INDEX, Span

EMAIL_TRIGGER = rb"[a-z0-9_.+\-'%&\x80-\xf4]@[a-z0-9\x80-\xf4]"
IPV4_TRIGGER = rb"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"
IPV6_TRIGGER = rb"(?:[0-9a-f]{1,4}:){3}[0-9a-f:]|[0-9a-f]::[0-9a-f]|::[0-9a-f]{1,4}:[0-9a-f]"
MAC_TRIGGER = rb"\b(?:[0-9a-f]{2}[:\-]){5}[0-9a-f]{2}\b|\b(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}\b"
URL_TRIGGER = rb"://[^\s/@:\xff\"'<>]{1,64}:[^\s/@\xff\"'<>]{1,128}@"
EMAIL, IP, MAC, URL = (INDEX[key] for key in ("email", "ip_address", "mac_address", "url_credentials"))

_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+\Z")
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?![\w-])", re.IGNORECASE
)
_FILE_ENDINGS = """
    png jpg jpeg gif svg webp ico css js ts json txt md py html xml yaml yml csv zip gz tar pdf exe dll so
"""
_FILES = frozenset(_FILE_ENDINGS.split())
_COMMON_DOMAINS = """
    com org net edu gov mil int info biz io dev app ai co me tv name pro museum example test invalid cloud online
    tech xyz site shop store email mail agency company
"""
_COMMON = frozenset(_COMMON_DOMAINS.split())


def email(text: str, at: int, found: list[Span]) -> int:
    """Read the address whose ``@`` stands just before the character that ends at ``at``."""
    sign = text.rfind("@", max(0, at - 3), at)
    if sign < 0:
        return at
    local = _LOCAL.search(text, max(0, sign - 64), sign)
    domain = _DOMAIN.match(text, sign + 1, sign + 256)
    if local is None or domain is None:
        return at
    start = local.start()
    quoted = max(text.rfind(mark, start, sign) for mark in "`/=|{")
    start = quoted + 1 if quoted >= start and sign - quoted > 1 else start
    while start < sign and not (text[start].isalnum() or text[start] in "_+!#$&"):
        start += 1
    top = domain[0].rpartition(".")[2].casefold()
    if start == sign or top in _FILES or ".." in text[start:sign] or text[sign - 1] == ".":
        return domain.end()
    if text[start:sign] == "git" and text[domain.end() : domain.end() + 1] == ":":
        return domain.end()
    sure = 0.98 if top in _COMMON or len(top) == 2 else 0.85
    found.append(Span(EMAIL, start, domain.end(), sure))
    return domain.end()


_IPV4 = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?![\w]|\.[0-9]|-[0-9])"
)
_IPV6 = re.compile(
    r"(?<![\w:.])[0-9a-f:]{2,45}(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?:%[\w.-]{1,15})?(?![\w:])", re.IGNORECASE
)


def ipv4(text: str, at: int, found: list[Span]) -> int:
    match = _IPV4.search(text, max(0, at - 16), at + 4)
    if match is None:
        return at
    parts = match[0].split(".")
    if any(len(part) > 1 and part[0] == "0" for part in parts):
        return match.end()
    context = Context(text, match.start(), match.end())
    if "version" in context.nearest:
        return match.end()
    small = all(len(part) == 1 for part in parts)
    found.append(Span(IP, match.start(), match.end(), 0.6 if small or match[0] == "0.0.0.0" else 0.95))
    return match.end()


def ipv6(text: str, at: int, found: list[Span]) -> int:
    match = _IPV6.search(text, max(0, at - 24), at + 60)
    if match is None:
        return at
    value = match[0]
    groups = [group for group in value.split("%")[0].split(":") if group]
    if len(groups) < 2 or (len(groups) < 4 and not any(char.isdigit() for char in value)):
        return match.end()
    for candidate in (value, value.rpartition(":")[0]):
        try:
            ipaddress.IPv6Address(candidate)
        except ValueError:
            continue
        found.append(Span(IP, match.start(), match.start() + len(candidate), 0.95))
        break
    return match.end()


_MAC = re.compile(
    r"(?<![\w:-])(?:[0-9a-f]{2}(?P<mark>[:-])(?:[0-9a-f]{2}(?P=mark)){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![\w:]|-\w)",
    re.IGNORECASE | re.ASCII,
)


def mac(text: str, at: int, found: list[Span]) -> int:
    match = _MAC.search(text, max(0, at - 18), at + 1)
    if match is None:
        return at
    digits = re.sub(r"[^0-9a-fA-F]", "", match[0]).casefold()
    if len(set(digits)) > 1:
        dotted = match["mark"] is None
        decimal = digits.isdigit() and match["mark"] != ":"
        found.append(Span(MAC, match.start(), match.end(), 0.5 if dotted and decimal else 0.95))
    return match.end()


_URL = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s/@:\"'<>]{1,64}):(?P<secret>[^\s/@\"'<>]{1,128})@[\w.-]+(?::[0-9]{1,5})?",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"[<{$\[(*.]|x{3}|(?:pass(?:word)?|secret|pwd|token|changeme|example)\Z", re.IGNORECASE)


def url(text: str, at: int, found: list[Span]) -> int:
    colon = text.rfind("://", max(0, at - 200), at)
    if colon < 0:
        return at
    match = _URL.search(text, max(0, colon - 22), at + 260)
    if match is None:
        return at
    sure = 0.5 if _PLACEHOLDER.match(match["secret"]) else 0.95
    found.append(Span(URL, match.start(), match.end(), sure))
    return match.end()
