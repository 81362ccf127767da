"""View set bases: translate, call an action, answer."""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar

import orjson
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from rest_framework import mixins, status, viewsets
from rest_framework.response import Response

from apps.core.ciphers import cipher
from apps.core.errors import PreconditionRequired, Refusal, StaleEdit
from apps.core.models import KeptAnswer

KEPT = "kept answers"  # a kept answer may hold a token's secret, which is nowhere else at rest
_KEPT_HEADERS = ("Location", "ETag", "Content-Type")


class KeyInUse(Refusal):
    code, status, title = "idempotency_key_in_use", 409, lazy("A request with this key is running")


class KeyReused(Refusal):
    code, status, title = "idempotency_key_reused", 422, lazy("This key belongs to another request")


class ApiView(viewsets.GenericViewSet[Any]):
    """The base of every endpoint: idempotent POSTs, ETags, scopes, team-owned query sets.

    ``orderings`` maps ``?ordering=`` names to fields; ``required_scope`` names the token scope of unsafe calls.
    ``undoes_refused`` is false where a refusal itself leaves a row: a failed attempt that counts.
    """

    request: Any
    orderings: ClassVar[dict[str, str]] = {}
    required_scope: Any = None
    undoes_refused: ClassVar[bool] = True
    model: ClassVar[Any] = None

    def get_queryset(self) -> Any:
        if self.model is None:
            return KeptAnswer.objects.none()
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return self.model._default_manager.visible_to(self.request.user)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key")
        if request.method == "POST" and key:
            self.post = self._once(key[:200], self.post)  # type: ignore[attr-defined,has-type]

    def _once(self, key: str, call: Callable[..., Response]) -> Callable[..., Response]:
        def answer(request: Any, *args: Any, **kwargs: Any) -> Response:
            digest = _request_digest(request)
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '1h'")  # a body may come slowly
                    cursor.execute(
                        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
                        [f"{request.user.pk}:{key}"],
                    )
                    (free,) = cursor.fetchone()
                if not free:
                    raise KeyInUse(_("Wait for its answer, then send the request again with the same key."))
                kept = KeptAnswer.objects.filter(user_id=request.user.pk, key=key).first()
                if kept is not None:
                    return _replay(kept, digest)
                try:
                    with transaction.atomic() if self.undoes_refused else nullcontext():
                        response = call(request, *args, **kwargs)
                except Exception as error:
                    response = self.handle_exception(error)
                self.finalize_response(request, response, *args, **kwargs).render()
                if response.status_code >= 500:
                    transaction.set_rollback(True)
                else:
                    KeptAnswer.objects.create(
                        user_id=request.user.pk,
                        key=key,
                        request_digest=digest,
                        status=response.status_code,
                        headers={name: response[name] for name in _KEPT_HEADERS if name in response},
                        body=cipher(KEPT).encrypt(response.rendered_content or b""),
                    )
                return response

        return answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        limit = getattr(getattr(request, "_request", request), "rate_limit", None)
        if limit:
            response["RateLimit-Limit"], response["RateLimit-Remaining"], response["RateLimit-Reset"] = map(str, limit)
        return response


def _request_digest(request: Any) -> str:
    """Return a digest of what was asked; of files, their names and sizes and what the headers declare."""
    if (request.content_type or "").startswith("multipart/"):
        fields = sorted((name, f"{value} {getattr(value, 'size', '')}") for name, value in request.data.items())
        body = repr(fields).encode() + request.headers.get("Content-Digest", "").encode()
    else:
        body = repr(request.data).encode()
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return "sha256:" + hashlib.sha256(head + body).hexdigest()


def _replay(kept: KeptAnswer, digest: str) -> Response:
    if kept.request_digest != digest:
        raise KeyReused(_("This Idempotency-Key was used for another request. Use a new key for a new request."))
    body = cipher(KEPT).decrypt(bytes(kept.body))
    response = Response(
        orjson.loads(body) if body else None,
        status=kept.status,
        content_type=kept.headers.get("Content-Type"),
    )
    for name, value in kept.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


class ListView(mixins.ListModelMixin, ApiView):
    pass


class ReadView(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView):
    """List and retrieve what the user may see; the ETag of one is its revision."""

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        obj = self.get_object()
        response = Response(self.get_serializer(obj).data)
        set_etag(response, obj)
        return response


def set_etag(response: Response, obj: Any) -> None:
    """Put the revision of an editable record into the answer's ETag."""
    revision = getattr(obj, "revision", None)
    if revision is not None:
        response["ETag"] = f'"{revision}"'


def expected_revision(request: Any) -> int:
    """Return the revision that ``If-Match`` names.

    Raise ``PreconditionRequired`` (428) without the header and ``StaleEdit`` (412) for what is no revision.
    """
    value = request.headers.get("If-Match")
    if not value:
        raise PreconditionRequired(
            _("Send the ETag that you read in If-Match, so that nobody's change is overwritten.")
        )
    try:
        return int(value.strip().removeprefix("W/").strip('"'))
    except ValueError:
        raise StaleEdit(_("If-Match does not name a revision of this. Read it again.")) from None


class EditView(ReadView):
    """Create, read and change (with ``If-Match``) one kind of editable record."""

    def _answer(self, obj: Any, code: int) -> Response:
        response = Response(self.get_serializer(obj).data, status=code)
        set_etag(response, obj)
        return response

    def _create(self, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def create(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._answer(self._create(dict(serializer.validated_data)), status.HTTP_201_CREATED)

    def partial_update(self, request: Any, pk: str) -> Response:
        obj = self.get_object()
        serializer = self.get_serializer(obj, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changed = self._edit(obj.pk, expected_revision(request), dict(serializer.validated_data))
        return self._answer(changed, status.HTTP_200_OK)
