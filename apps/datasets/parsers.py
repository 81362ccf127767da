"""Bytes as they come: the body of an upload's piece is not read before the action reads it."""

from typing import IO, Any

from rest_framework.parsers import BaseParser


class PieceParser(BaseParser):
    media_type = "application/offset+octet-stream"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream
