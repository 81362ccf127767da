"""What is known of a model: its licence, and where its base comes from."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from apps.core.canonical import digest_of
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.registry.models import Model

SAYS_NOTHING = frozenset(
    {"", "-", "?", "n/a", "na", "none", "unknown", "other", "tbd", "todo", "noassertion", "not stated", "see notes"}
)
DEFINITIONS = (
    FactDefinition(
        "model.licence",
        lazy("Licence of the base model"),
        lazy("Whether a licence is named, and whether it is one of the SPDX list."),
        {
            "named": lazy("a licence is named"),
            "spdx": lazy("it is an SPDX expression"),
        },
    ),
    FactDefinition(
        "model.base",
        lazy("Origin of the base model"),
        lazy("What is stated of where the base model was taken from."),
        {
            "revision_given": lazy("a version or revision is given"),
            "source_given": lazy("an address that it was taken from is given"),
            "digest_given": lazy("a digest is given"),
            "complete": lazy("revision, address and digest are all given"),
        },
    ),
)


def spdx(licence: str) -> str:
    """Return the SPDX expression in its usual spelling, or nothing for another text."""
    try:
        return str(canonicalize_license_expression(licence))
    except (InvalidLicenseExpression, ValueError):
        return ""


def _licence(model: Model) -> Fact:
    named = model.licence.strip().casefold() not in SAYS_NOTHING
    expression = spdx(model.licence) if named else ""
    if not named:
        sentence = _("No licence is named for %(base)s.") % {"base": model.base_model}
    elif expression:
        sentence = _("%(base)s is licensed under %(licence)s.") % {"base": model.base_model, "licence": expression}
    else:
        sentence = _("%(base)s is licensed under “%(licence)s”, which the SPDX list does not know.") % {
            "base": model.base_model,
            "licence": model.licence,
        }
    origin = digest_of([model.base_model, model.licence])
    return Fact("model.licence", "known", sentence, {"named": named, "spdx": bool(expression)}, {"licence": origin})


def _base(model: Model) -> Fact:
    stated = {
        "revision_given": bool(model.base_revision),
        "source_given": bool(model.base_source),
        "digest_given": bool(model.base_digest),
    }
    words = {"revision_given": _("revision"), "source_given": _("address"), "digest_given": _("digest")}
    lacking = [words[name] for name, given in stated.items() if not given]
    sentence = _("%(base)s of %(provider)s.") % {"base": model.base_model, "provider": model.base_provider}
    if lacking:
        sentence += " " + _("Not stated: %(names)s.") % {"names": ", ".join(lacking)}
    else:
        sentence += " " + _("Revision, address and digest are stated.")
    origin = digest_of(
        [model.base_model, model.base_provider, model.base_revision, model.base_source, model.base_digest]
    )
    return Fact("model.base", "known", sentence, {**stated, "complete": not lacking}, {"base": origin})


def read(model: Model) -> list[Fact]:
    """Return the facts of the model; no query besides its own row."""
    return [_licence(model), _base(model)]


PROVIDER = FactProvider("model", DEFINITIONS, read)
