"""What the OpenAPI document says of every endpoint: problems, idempotency, preconditions."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from apps.core.models import Editable

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `errors` holds messages by JSON pointer.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "additionalProperties": True,
}
REFUSED = {
    "400": "The request can't be read",
    "401": "Not recognised",
    "403": "Not permitted",
    "404": "Not there, or not for you to see",
    "409": "Refused in this state",
    "412": "Changed since it was read",
    "415": "Content type not read here",
    "422": "Some fields need another value",
    "428": "If-Match is missing",
    "429": "Too many requests",
    "503": "Not available at the moment",
}


class FourgateSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = []
        if self.method == "POST":
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    str,
                    OpenApiParameter.HEADER,
                    description="The same key within 24 hours gives the same answer; another body is refused (422).",
                )
            )
        if self.method == "PATCH" and issubclass(getattr(self.view, "model", None) or object, Editable):
            parameters.append(
                OpenApiParameter(
                    "If-Match",
                    str,
                    OpenApiParameter.HEADER,
                    required=True,
                    description="The ETag that was read; 428 without it, 412 when it is not the newest.",
                )
            )
        return parameters


def document_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the problem answers to every operation."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result.get("paths", {}).values():
        for operation in path.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            for code, text in REFUSED.items():
                operation["responses"].setdefault(code, {"description": text, "content": answer})
    return result
