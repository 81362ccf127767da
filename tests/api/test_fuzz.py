"""The API fuzzed from its own schema: no server error, no answer that the schema does not know."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.people.roles import Role
from config.wsgi import application
from tests.people.factories import member, token_for
from tests.scenery import make_gate, make_scene

schemathesis.serializer("application/offset+octet-stream")(lambda context, value: bytes(str(value), "utf-8"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DOCUMENT = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.app = application
OPERATIONS = [
    (path, method)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if method in ("get", "post", "patch", "put", "delete")
]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the test's own connection: the server's side runs in this process."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@dataclass(frozen=True)
class World:
    """What the calls can name, and the token of somebody who may do everything in it."""

    known: dict[str, object]
    token: str


@pytest.fixture(scope="module")
def world(kept: Path) -> World:
    scene = make_scene()
    gate = make_gate(scene)
    person = member(scene.team, *Role.values, name="Fuzzer")
    known = {"gates": gate.pk, "use-cases": scene.use_case.pk, "datasets": scene.dataset.pk, "teams": scene.team.pk}
    return World(known, token_for(person, "read", "write", "sign"))


class Enough(Exception):
    """Takes back what one example wrote."""


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda value: str(value))
def test_no_call_breaks_the_server_or_the_schema(world: World, path: str, method: str) -> None:
    operation = SCHEMA[path][method.upper()]

    @given(case=operation.as_strategy())
    @hypothesis_settings(
        max_examples=6,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        name = path.removeprefix("/api/v1/").split("/")[0]
        if "id" in (case.path_parameters or {}) and name in world.known:
            case.path_parameters["id"] = str(world.known[name])
        try:
            with transaction.atomic():
                response = case.call(headers={"Authorization": world.token})
                case.validate_response(response, checks=CHECKS)
                raise Enough
        except Enough:
            pass

    run()
