"""Model versions: registered from a run, and withdrawn with a reason."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.errors import InvalidInput, NameTaken
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.actions.checks import start_check
from apps.registry.digests import version_digest
from apps.registry.errors import DigestMalformed, ModelVersionWithdrawn, SameArtefact
from apps.registry.models import ModelVersion, ModelVersionWithdrawal, TrainingRun
from apps.registry.places import checked_place
from apps.registry.refs import model_version_ref
from apps.registry.shapes import checked_digest, checked_number

LARGEST_SIZE = 2**53


@atomic
def register_model_version(
    run: TrainingRun,
    number: str,
    *,
    by: User,
    artefact_digest: str,
    size: int,
    place: str,
    format: str = "",
    quantisation: str = "",
    notes: str = "",
) -> ModelVersion:
    """Register an artefact of a run as a version of the run's model, immutable from then on.

    Bytes in Fourgate's own storage are read and compared by a job; elsewhere, digest and size stay declared.
    Raise ``NumberMalformed``, ``NameTaken``, ``SameArtefact``, ``DigestMalformed``, ``PlaceRefused`` or
    ``StorageKeyRefused``.
    """
    access.require(by, "model.register", run.team.pk)
    number = checked_number(number)
    digest = checked_digest(artefact_digest, "artefact_digest")
    if not digest:
        raise DigestMalformed(
            _("Give the digest of the artefact: sha256: and 64 hexadecimal digits."),
            errors={"/artefact_digest": [_("Give the digest.")]},
        )
    if not 0 < size <= LARGEST_SIZE:
        raise InvalidInput(_("Give the artefact's size in bytes."), errors={"/size": [_("1 byte or more.")]})
    version = ModelVersion(
        model=run.model,
        run=run,
        number=number,
        artefact_digest=digest,
        size=size,
        place=checked_place(place),
        format=format.strip(),
        quantisation=quantisation.strip(),
        notes=notes.strip(),
        registered_by=by,
    )
    version.digest = version_digest(version)
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        standing = ModelVersion.objects.filter(model_id=run.model_id, artefact_digest=digest).first()
        if standing is not None:
            raise SameArtefact(
                _("%(version)s is this artefact. Use that one.") % {"version": standing},
                errors={"/artefact_digest": [_("This artefact is registered.")]},
                extra={"model_version": str(standing.pk)},
            ) from error
        raise NameTaken(
            _("The model has a version %(number)s already. Choose another one.") % {"number": number},
            errors={"/number": [_("The model uses this already.")]},
        ) from error
    record_on(
        "model_version.registered",
        by=by,
        ref=model_version_ref(version),
        obj=version,
        payload={
            "digest": version.digest,
            "artefact_digest": digest,
            "size": size,
            "place": version.place,
            "run": str(run.pk),
            "run_digest": run.digest,
            "format": version.format,
            "quantisation": version.quantisation,
        },
    )
    start_check(version, by)
    subjects.announce_change(model_version_ref(version), "model_version.registered")
    return version


@atomic
def withdraw_model_version(version: ModelVersion, *, by: User, reason: str) -> ModelVersionWithdrawal:
    """Say that a version is not to be used any more; it stays readable. Raise ``ModelVersionWithdrawn``."""
    access.require(by, "model.register", version.team.pk)
    if not reason.strip():
        raise ReasonNeeded(_("Say why the version is withdrawn."), errors={"/reason": [_("Say why.")]})
    try:
        with transaction.atomic():
            withdrawal = ModelVersionWithdrawal.objects.create(version=version, withdrawn_by=by, reason=reason.strip())
    except IntegrityError as error:
        raise ModelVersionWithdrawn(_("%(version)s was withdrawn before.") % {"version": version}) from error
    record_on(
        "model_version.withdrawn",
        by=by,
        ref=model_version_ref(version),
        obj=version,
        payload={"reason": withdrawal.reason},
    )
    subjects.announce_change(model_version_ref(version), "model_version.withdrawn")
    return withdrawal
