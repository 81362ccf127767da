"""Records as a PDF: one template, typeset by typst, tagged for readers who listen and fit for an archive."""

import datetime as dt
import json
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer

TEMPLATE = Path(__file__).parent / "sheet.typ"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
SAFE = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2027), (0x2030, 0x203A), (0x20AC, 0x20AC),
)  # fmt: skip


class PdfRenderer(JSONRenderer):
    """Named by callers that ask for a PDF: the action answers the bytes itself, and a refusal stays a problem."""

    media_type, format = "application/pdf", "pdf"


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


def render(title: str, team: str, digest: str, made_at: dt.datetime, sections: Sequence[dict[str, Any]]) -> bytes:
    """Return the PDF (PDF/A-2a and PDF/UA-1).

    A section has ``title``, ``sentences``, ``rows`` (``name``, ``text``), ``headings`` and ``table``. What people typed
    reaches the template as data and is never read as markup. Characters that no font here can show are written as their
    code points, for both standards refuse a page that hides one.
    """
    data = {
        "title": title,
        "made": _("As of %(moment)s UTC") % {"moment": made_at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")},
        "digest": digest,
        "team": team,
        "lang": (get_language() or "en").split("-")[0],
        "page": _("Page"),
        "pair": [_("What"), _("As recorded")],
        "sections": list(sections),
    }
    try:
        return _typeset(_clean(data, _printable), made_at)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return _typeset(_clean(data, _spelled), made_at)


def answer(pdf: bytes, name: str) -> HttpResponse:
    """Return the PDF to download."""
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


def _typeset(data: Any, made_at: dt.datetime) -> bytes:
    found = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=STANDARDS,
        timestamp=int(made_at.timestamp()),
    )
    assert isinstance(found, bytes)
    return found


def _clean(value: Any, text: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, text) for item in value]
    return text(value)


def _printable(text: str) -> str:
    """Leave out what is no printable character: controls, marks of direction, private and unassigned ones."""
    kept = (" " if char in "\t\n\r" else char for char in unicodedata.normalize("NFC", text))
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C")


def _spelled(text: str) -> str:
    """Write what the fonts that come with typst may lack as U+ and its number."""
    return "".join(
        char if any(low <= ord(char) <= high for low, high in SAFE) else f"[U+{ord(char):04X}]"
        for char in _printable(text)
    )
