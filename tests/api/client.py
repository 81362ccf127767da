"""A caller of the API with one token."""

import json
from typing import Any

from django.test import Client

from apps.people.models import User
from tests.people.factories import token_for


class Caller:
    """Speaks JSON with a token of the given scopes; answers are (status, data)."""

    def __init__(self, user: User | None, *scopes: str) -> None:
        self.headers = {"Authorization": token_for(user, *scopes)} if user else {}
        self.client = Client()

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any]:
        extra: dict[str, Any] = {}
        if isinstance(data, bytes):
            extra = {"data": data, "content_type": headers.pop("content_type", "application/octet-stream")}
        elif data is not None:
            extra = {"data": json.dumps(data), "content_type": "application/json"}
        response = self.client.generic(
            method.upper(),
            "/api/v1/" + path.lstrip("/"),
            headers={**self.headers, **{key.replace("_", "-"): value for key, value in headers.items()}},
            **extra,
        )
        self.last = response
        body = b"".join(response.streaming_content) if response.streaming else response.content
        if "json" in response.headers.get("Content-Type", "") and body:
            return response.status_code, json.loads(body)
        return response.status_code, body

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.call("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("POST", path, {} if data is None else data, **headers)

    def multipart(self, path: str, data: dict[str, Any]) -> tuple[int, Any]:
        response = self.client.post("/api/v1/" + path, data, headers=self.headers)
        return response.status_code, json.loads(response.content)
