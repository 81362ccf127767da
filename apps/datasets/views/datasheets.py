"""The datasheet of a version: the page, the PDF, and Croissant JSON-LD."""

from typing import Any

from django.http import HttpResponse
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from apps.core.errors import Text
from apps.core.sheets import pdf
from apps.datasets.datasheet import content, croissant
from apps.datasets.datasheet.content import Datasheet
from apps.datasets.views.tabs import VersionPage


class OneDatasheet(VersionPage):
    tab = "datasets:version_datasheet"

    @cached_property
    def sheet(self) -> Datasheet:
        return content.read(self.version, self.request.user)


class DatasheetPage(OneDatasheet, TemplateView):
    template_name = "datasets/version_datasheet.html"

    def get_title(self) -> Text:
        return self.sheet.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sheet=self.sheet, sections=self.sheet.sections(), **kwargs)


class DatasheetPdf(OneDatasheet):
    def get(self, request: Any, pk: Any) -> HttpResponse:
        return pdf.answer(self.sheet.sheet(), "datasheet")


class CroissantFile(OneDatasheet):
    def get(self, request: Any, pk: Any) -> HttpResponse:
        return croissant.answer(self.sheet)
