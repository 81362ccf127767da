"""Refusals: how an action says no.

Every refusal has a stable code, an HTTP status, a title, and a sentence that says what to do. Pages put it
beside what was typed, the API answers it as RFC 9457 problem+json.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
REFUSALS: dict[str, type["Refusal"]] = {}


class Refusal(Exception):
    """An action that is not carried out; nothing has changed.

    ``errors`` names fields by JSON pointer (``/name``, ``/splits/0/files``), ``extra`` is added to the answer.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[Text] = _("Refused")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = REFUSALS.setdefault(cls.code, cls)
        if known is not cls and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"Two refusals share the code {cls.code!r}: {known.__qualname__}, {cls.__qualname__}.")

    def __init__(
        self,
        detail: Text,
        *,
        errors: Mapping[str, Sequence[Text]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(str(detail))
        self.detail = detail
        self.errors = {pointer: [str(text) for text in texts] for pointer, texts in (errors or {}).items()}
        self.extra = dict(extra or {})


class NotPermitted(Refusal):
    code, status, title = "not_permitted", 403, _("Your role does not allow this")


class NotFound(Refusal):
    code, status, title = "not_found", 404, _("Not found")


class InvalidInput(Refusal):
    code, status, title = "invalid_input", 422, _("Some fields need another value")


class StaleEdit(Refusal):
    code, status, title = "stale_edit", 412, _("This was changed since you opened it")


class PreconditionRequired(Refusal):
    code, status, title = "precondition_required", 428, _("Say which state you are changing")


class NameTaken(Refusal):
    code, status, title = "name_taken", 409, _("This name is taken")


class ServiceUnavailable(Refusal):
    code, status, title = "service_unavailable", 503, _("Not available at the moment")
