"""API keys, tokens, passwords and private keys: known prefixes, assignments, and the entropy of what is assigned."""

import math
import re
from collections import Counter
from dataclasses import dataclass

from apps.datasets.inspection.sensitive.kinds import INDEX, Span

KEY, PASSWORD, PRIVATE = (INDEX[key] for key in ("api_key", "password", "private_key"))
LEAST_ENTROPY = 3.0


def entropy(text: str) -> float:
    """Return the Shannon entropy of the characters, in bits for each (0 for an empty text)."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values()) if total else 0.0


@dataclass(frozen=True, slots=True)
class Prefixed:
    """A vendor's token: hyperscan looks for its least form, Python takes the whole of it."""

    trigger: bytes
    pattern: re.Pattern[str]
    sure: float = 0.95


def _token(least: str, whole: str, sure: float = 0.95) -> Prefixed:
    return Prefixed(rb"\b" + least.encode(), re.compile(rf"(?<![A-Za-z0-9_]){whole}(?![A-Za-z0-9_])", re.ASCII), sure)


TOKENS: tuple[Prefixed, ...] = (
    _token(r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}", r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}", 0.98),
    _token(r"gh[pousr]_[A-Za-z0-9]{30}", r"gh[pousr]_[A-Za-z0-9]{30,251}", 0.99),
    _token(r"github_pat_[A-Za-z0-9_]{22}", r"github_pat_[A-Za-z0-9_]{22,255}", 0.99),
    _token(r"gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_\-]{20}", r"gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,}", 0.99),
    _token(r"xox[abeoprs]-[A-Za-z0-9\-]{10}", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}", 0.98),
    _token(r"xapp-[0-9]-[A-Z0-9]{8}", r"xapp-[0-9]-[A-Za-z0-9-]{8,250}", 0.98),
    _token(
        r"sk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_\-]{20}", r"sk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,250}"
    ),
    _token(r"(?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{10}", r"(?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{10,99}"),
    _token(r"AIza[0-9A-Za-z_\-]{35}", r"AIza[0-9A-Za-z_-]{35}", 0.98),
    _token(r"ya29\.[0-9A-Za-z_\-]{20}", r"ya29\.[0-9A-Za-z_-]{20,}"),
    _token(r"GOCSPX-[0-9A-Za-z_\-]{28}", r"GOCSPX-[0-9A-Za-z_-]{28}", 0.98),
    _token(r"hf_[A-Za-z0-9]{30}", r"hf_[A-Za-z0-9]{30,40}", 0.98),
    _token(r"npm_[A-Za-z0-9]{36}", r"npm_[A-Za-z0-9]{36}", 0.99),
    _token(r"pypi-AgE[A-Za-z0-9_\-]{20}", r"pypi-AgE[A-Za-z0-9_-]{20,}", 0.99),
    _token(r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16}", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}", 0.98),
    _token(r"SK[0-9a-f]{32}", r"SK[0-9a-f]{32}", 0.9),
    _token(r"dapi[0-9a-f]{32}", r"dapi[0-9a-f]{32}(?:-[0-9])?", 0.95),
    _token(r"do[opr]_v1_[0-9a-f]{64}", r"do[opr]_v1_[0-9a-f]{64}", 0.99),
    _token(r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", 0.99),
    _token(r"sq0[a-z]{3}-[0-9A-Za-z_\-]{22}", r"sq0[a-z]{3}-[0-9A-Za-z_-]{22,43}", 0.95),
    _token(r"NRAK-[A-Z0-9]{27}", r"NRAK-[A-Z0-9]{27}", 0.98),
    _token(r"lin_api_[A-Za-z0-9]{32}", r"lin_api_[A-Za-z0-9]{32,48}", 0.98),
    _token(r"gsk_[A-Za-z0-9]{40}", r"gsk_[A-Za-z0-9]{40,60}", 0.98),
    _token(r"hvs\.[A-Za-z0-9_\-]{24}", r"hvs\.[A-Za-z0-9_-]{24,}", 0.98),
    _token(r"AGE-SECRET-KEY-1[0-9A-Z]{58}", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", 0.99),
    _token(r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}", 0.95),
    _token(
        r"eyJ[A-Za-z0-9_\-]{10,2000}\.eyJ[A-Za-z0-9_\-]{4}",
        r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
    ),
    _token(
        r"hooks\.slack\.com/services/T[A-Za-z0-9]{6}",
        r"hooks\.slack\.com/services/T[A-Za-z0-9]{6,}/B[A-Za-z0-9]{6,}/[A-Za-z0-9]{16,}",
    ),
)
TOKEN_REACH = 2100


def token(prefixed: Prefixed, text: str, at: int, found: list[Span]) -> int:
    for match in prefixed.pattern.finditer(text, max(0, at - TOKEN_REACH), min(len(text), at + TOKEN_REACH)):
        if entropy(match[0][6:]) >= 2.0:
            found.append(Span(KEY, *match.span(), prefixed.sure))
        if match.end() >= at:
            return match.end()
    return at


_NAMES = (
    r"(?:api|access|auth|secret|client|account|private|encryption|signing|shared|subscription|storage|consumer|bearer)"
    r"[_ -]?(?:key|token|secret)|secret[_ -]?access[_ -]?key|secret|token|apikey"
)
ASSIGNED_TRIGGER = rb"(?:key|token|secret|bearer)['\"]?(?: ?(?:[:=]|=>|is) ?| )['\"]?[a-z0-9_/+.\-]{16}"
_ASSIGNED = re.compile(
    rf"(?:\b|_)(?:{_NAMES})['\"]?(?:\s?(?::=|=>|[:=]|\bis\b)\s?['\"]?|\s)(?P<value>[A-Za-z0-9_/+.=~-]{{16,512}})"
    r"|\bbearer (?P<bearer>[A-Za-z0-9_/+.=~-]{20,2048})",
    re.IGNORECASE | re.ASCII,
)
_WORDLIKE = re.compile(r"[A-Za-z]+(?:[_.\-/][A-Za-z]+)*\Z")


def assigned(text: str, at: int, found: list[Span]) -> int:
    """Read what a name such as ``api_key`` is set to, when it is too random to be a word or a path."""
    for match in _ASSIGNED.finditer(text, max(0, at - 64), min(len(text), at + 2100)):
        group = "value" if match["value"] else "bearer"
        value = match[group].rstrip(".")
        mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
        if (
            mixed
            and text[match.end() : match.end() + 1] != "("
            and not _WORDLIKE.match(value)
            and entropy(value) >= LEAST_ENTROPY
        ):
            start = match.start(group)
            found.append(Span(KEY, start, start + len(value), 0.85 if entropy(value) >= 3.5 else 0.7))
        if match.end() >= at:
            return match.end()
    return at


PASSWORD_TRIGGER = (
    rb"\b(?:password|passwd|passphrase|passwort|kennwort|pwd|mot de passe|contrase\xc3\xb1a|senha|wachtwoord)"
    rb"['\"]?(?: ?(?:[:=]|=>) ?['\"]?| (?:is|was|ist|est|es):? ['\"]?)[^\s\xff'\"]{4}"
)
_PASSWORD = re.compile(
    r"\b(?:password|passwd|passphrase|passwort|kennwort|pwd|mot de passe|contraseña|senha|wachtwoord)"
    r"['\"]?(?:\s?(?:[:=]|=>)\s?(?P<quote>['\"]?)|\s(?:is|was|ist|est|es):?\s['\"]?)(?P<value>[^\s'\"]{4,128})",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Za-z_][A-Za-z_.]*[\])},;]*\Z|[\w.]+\(")
_NOT_SECRET = re.compile(
    r"[<{$\[(%]|(?:none|null|true|false|required|incorrect|wrong|invalid|expired|forgotten|changed|reset|protected|"
    r"correct|string|str|input|not|too|the|os\.|self\.|env\.|process\.|request\.|getpass)\b|[*x.•]+\Z",
    re.IGNORECASE,
)


def password(text: str, at: int, found: list[Span]) -> int:
    match = _PASSWORD.search(text, max(0, at - 64), min(len(text), at + 140))
    if match is None:
        return at
    value = match["value"].rstrip(".,;")
    odd = any(not char.isalpha() for char in value)
    code = not match["quote"] and _CODE.match(value)
    if len(value) >= 4 and not code and not _NOT_SECRET.match(value) and (odd or match["quote"]):
        start = match.start("value")
        found.append(Span(PASSWORD, start, start + len(value), 0.8 if odd else 0.6))
    return max(at, match.end())


PRIVATE_TRIGGER = rb"-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s\\:,]|\\[nr])*")


def private_key(text: str, at: int, found: list[Span]) -> int:
    """Read a PEM or PGP private key to its end line, or as far as its body goes when it was cut off."""
    begins = _PRIVATE.search(text, max(0, at - 64), at)
    if begins is None:
        return at
    closing = "-----END" + begins[0][len("-----BEGIN") :]
    body = _BODY.match(text, begins.end())
    end = body.end() if body else begins.end()
    if text.startswith(closing, end):
        end += len(closing)
    found.append(Span(PRIVATE, begins.start(), end, 0.99))
    return end
