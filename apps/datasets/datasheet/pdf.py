"""The datasheet as a PDF."""

from django.http import HttpResponse

from apps.core import pdf
from apps.datasets.datasheet.content import Datasheet


def render(sheet: Datasheet) -> bytes:
    """Return the PDF of the sheet, as its page shows it."""
    version = sheet.version
    sections = [section.as_dict() for section in sheet.sections()]
    return pdf.render(sheet.title, version.team.name, version.digest, sheet.made_at, sections)


def answer(sheet: Datasheet) -> HttpResponse:
    """Return the PDF to download."""
    return pdf.answer(render(sheet), f"datasheet-{sheet.version.digest[7:19]}")
