"""A sheet as a PDF: one template, typeset by typst, tagged for readers who listen and fit for an archive."""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.sheets import Sheet

TEMPLATE = Path(__file__).parent / "sheet.typ"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
SAFE = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2027), (0x2030, 0x203A), (0x20AC, 0x20AC),
)  # fmt: skip


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


def render(sheet: Sheet) -> bytes:
    """Return the PDF (PDF/A-2a and PDF/UA-1).

    What people typed reaches the template as data and is never read as markup. Characters that no font here can show
    are written as their code points, for both standards refuse a page that hides one.
    """
    data = {
        "title": sheet.title,
        "made": _("As of %(moment)s UTC") % {"moment": sheet.made_at.strftime("%Y-%m-%d %H:%M")},
        "digest": sheet.digest,
        "team": sheet.team,
        "lang": (get_language() or "en").split("-")[0],
        "page": _("Page"),
        "pair": [_("What"), _("As recorded")],
        "sections": [section.as_dict() for section in sheet.sections],
    }
    try:
        return _typeset(_clean(data, _printable), sheet)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return _typeset(_clean(data, _spelled), sheet)


def answer(sheet: Sheet, name: str) -> HttpResponse:
    """Return the PDF to download, as ``<name>-<digest>.pdf``."""
    response = HttpResponse(render(sheet), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}-{sheet.digest[7:19]}.pdf"'
    return response


def _typeset(data: Any, sheet: Sheet) -> bytes:
    found = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=STANDARDS,
        timestamp=int(sheet.made_at.timestamp()),
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
