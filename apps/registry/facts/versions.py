"""What is known of a model version: whether its bytes are what was registered, and whether it still stands."""

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.models import Job
from apps.evidence.facts import Fact, FactDefinition, FactProvider, Figure
from apps.registry.models import ArtefactCheck, ModelVersion
from apps.registry.places import storage_key

ARTEFACT = "model_version.artefact"
DEFINITIONS = (
    FactDefinition(
        ARTEFACT,
        lazy("Artefact"),
        lazy(
            "Whether the artefact lies where it was registered. What Fourgate can’t read itself is declared, never"
            " checked."
        ),
        {
            "checked": lazy("Fourgate has read the bytes itself"),
            "declared_only": lazy("size and digest are declared alone"),
            "in_place": lazy("the file is in the storage"),
            "size_matches": lazy("its size is the registered one"),
            "digest_matches": lazy("its digest is the registered one"),
            "bytes": lazy("Registered size, bytes"),
        },
    ),
    FactDefinition(
        "model_version.standing",
        lazy("Standing"),
        lazy("Whether the version was withdrawn."),
        {"withdrawn": lazy("the version was withdrawn")},
    ),
)


def _artefact(version: ModelVersion) -> Fact:
    origin = {"artefact": version.artefact_digest}
    figures: dict[str, Figure] = {"checked": False, "declared_only": True, "bytes": version.size}
    key = storage_key(version.place)
    if key is None:
        sentence = _("Declared, not checked: Fourgate can’t read %(place)s.") % {"place": version.place}
        return Fact(ARTEFACT, "known", sentence, figures, origin)
    found: ArtefactCheck | None = version.checks.order_by("-id").first()
    if found is None:
        failed = Job.objects.filter(subject_type="model_version", subject_id=version.pk, state=Job.State.FAILED).first()
        if failed is not None:
            return Fact(ARTEFACT, "failed", _("The artefact could not be read: %(why)s") % {"why": failed.error[:200]})
        return Fact(ARTEFACT, "pending", _("The artefact is being read."))
    in_place = default_storage.exists(key)
    size_matches = in_place and default_storage.size(key) == version.size == found.size
    digest_matches = size_matches and found.digest == version.artefact_digest
    if not in_place:
        sentence = _("Gone from the storage: %(place)s.") % {"place": version.place}
    elif digest_matches:
        sentence = _("In place; size and digest are the registered ones.")
    else:
        sentence = _("In place, but other bytes than registered: %(digest)s.") % {"digest": found.digest or "–"}
    figures |= {
        "checked": True,
        "declared_only": False,
        "in_place": in_place,
        "size_matches": size_matches,
        "digest_matches": digest_matches,
    }
    return Fact(ARTEFACT, "known", sentence, figures, {**origin, "found": found.digest})


def _standing(version: ModelVersion) -> Fact:
    if version.is_withdrawn:
        sentence = _("Withdrawn: %(why)s") % {"why": version.withdrawal.reason}
    else:
        sentence = _("It stands.")
    return Fact(
        "model_version.standing", "known", sentence, {"withdrawn": version.is_withdrawn}, {"version": version.digest}
    )


def read(version: ModelVersion) -> list[Fact]:
    """Return the facts of the version; at most three queries, and a look into the storage."""
    return [_artefact(version), _standing(version)]


PROVIDER = FactProvider("model_version", DEFINITIONS, read)
