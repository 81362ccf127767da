"""A sheet over the API: in sections, and as a PDF."""

from typing import Any

from rest_framework import serializers
from rest_framework.renderers import JSONRenderer


class PdfRenderer(JSONRenderer):
    """Named by callers that ask for a PDF: the action answers the bytes itself, and a refusal stays a problem."""

    media_type, format = "application/pdf", "pdf"


class SheetRowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    text = serializers.CharField()


class SectionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    rows = SheetRowSerializer(many=True)
    headings = serializers.ListField(child=serializers.CharField())
    table = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    sentences = serializers.ListField(child=serializers.CharField())


class SheetSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    made_at = serializers.DateTimeField()
    sections = SectionSerializer(many=True)
