"""Policies: proposed by one governance lead, published by another, immutable from then on."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core.actor import SYSTEM
from apps.core.canonical import sha256_digest
from apps.core.clock import now
from apps.core.errors import NotPermitted
from apps.gates.errors import PolicyInvalid, PolicyNotProposed, SecondPersonNeeded
from apps.gates.models import PolicyVersion
from apps.gates.policy import check_satisfiable, parse
from apps.ledger.actions import may_anywhere, record
from apps.people.identity import same_person
from apps.people.models import User

State = PolicyVersion.State


def require(by: User, permission: str) -> None:
    if not by.is_active or not may_anywhere(by, permission):
        raise NotPermitted(_("Policies are proposed and published by governance leads."))


def _record(action: str, version: PolicyVersion, by: object, **payload: object) -> None:
    record(
        action,
        by=by,  # type: ignore[arg-type]
        subject=("policy_version", version.pk, str(version)),
        team=None,
        payload={"kind": version.kind, "number": version.number, "digest": version.digest, **payload},
    )


def _next_number(kind: str) -> int:
    return int(PolicyVersion.objects.filter(kind=kind).aggregate(n=Max("number"))["n"] or 0) + 1


@transaction.atomic
def propose_policy(source: str, *, by: User, note: str = "") -> PolicyVersion:
    """Keep an edited policy as the next version, to be published by a second governance lead.

    Raise ``PolicyInvalid`` with a message a line, or ``PolicyUnsatisfiable``.
    """
    require(by, "policy.propose")
    policy = parse(source)
    check_satisfiable(policy)
    digest = sha256_digest(source.encode())
    newest = PolicyVersion.objects.select_for_update().filter(kind=policy.kind).order_by("-number").first()
    if newest is not None and newest.digest == digest:
        raise PolicyInvalid(
            _("This is version %(n)d word for word. Change something first.") % {"n": newest.number},
            errors={"/source": [_("Nothing was changed.")]},
        )
    version = PolicyVersion.objects.create(
        kind=policy.kind,
        number=_next_number(policy.kind),
        title=policy.title,
        source=source,
        digest=digest,
        note=note.strip(),
        proposed_by=by,
    )
    _record("policy.proposed", version, by, note=version.note)
    return version


@transaction.atomic
def publish_policy(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Publish a proposed version; gates that are open keep theirs."""
    require(by, "policy.publish")
    version = PolicyVersion.objects.select_for_update(of=("self",)).select_related("proposed_by").get(pk=version.pk)
    if version.state != State.PROPOSED:
        raise PolicyNotProposed(_("Only a proposed version can be published."))
    if version.proposed_by is None or same_person(version.proposed_by, by):
        raise SecondPersonNeeded(_("You proposed this version. Another governance lead publishes it."))
    check_satisfiable(parse(version.source))
    version.state, version.published_by, version.published_at = State.PUBLISHED, by, now()
    version.save(update_fields=["state", "published_by", "published_at"])
    _record("policy.published", version, by)
    return version


@transaction.atomic
def withdraw_proposal(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Take a proposed version back."""
    require(by, "policy.propose")
    version = PolicyVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if version.state != State.PROPOSED:
        raise PolicyNotProposed(_("Only a proposed version can be withdrawn."))
    version.state = State.WITHDRAWN
    version.save(update_fields=["state"])
    _record("policy.withdrawn", version, by)
    return version


@transaction.atomic
def import_default_policies() -> list[PolicyVersion]:
    """Publish the policies of the repository as version 1 where there is none of their kind."""
    made = []
    for path in sorted(Path(settings.GATE_POLICY_FOLDER).glob("*.yaml")):
        source = path.read_text(encoding="utf-8")
        policy = parse(source)
        if PolicyVersion.objects.filter(kind=policy.kind).exists():
            continue
        check_satisfiable(policy)
        version = PolicyVersion.objects.create(
            kind=policy.kind,
            number=1,
            title=policy.title,
            source=source,
            digest=sha256_digest(source.encode()),
            note=_("The policy that Fourgate comes with"),
            state=State.PUBLISHED,
            published_at=now(),
        )
        _record("policy.imported", version, SYSTEM)
        made.append(version)
    return made
