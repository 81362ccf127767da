"""What every act on an ownership asks first, and the order in which it locks.

The order is: the chains of subjects (advisory), the people, the ownership, the offer. A deactivation holds the person
and then takes ownerships and offers, so no two acts wait for each other.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.actor import Actor
from apps.core.subjects import SubjectRef
from apps.owners.errors import DeputyIsHolder, KeptApart, NotEligible, OwnershipEnded, UnknownResponsibility
from apps.owners.models import Ownership, OwnershipOffer
from apps.owners.responsibilities import RESPONSIBILITIES, title
from apps.owners.separation import apart_from, between
from apps.people.identity import accounts_of, same_person
from apps.people.models import Team, User


def require(by: Actor, ownership: Ownership) -> None:
    """Ask for the permission, or for being the holder: one may give away what is one's own."""
    if by.id == ownership.holder_id and by.is_active:
        return
    access.require(by, "owner.assign", ownership.team_id)


def lock_chains(refs: Iterable[SubjectRef]) -> None:
    """Let one transaction at a time change who holds what on these subjects' chains."""
    roots = {chain[-1][0].id for chain in subjects.chains(refs).values()}
    with connection.cursor() as cursor:
        for root in sorted(roots):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"owners:{root}"])


def lock_people(*people: User | None) -> list[User | None]:
    """Return the people as they are now, locked against a deactivation that runs at the same time."""
    ids = {person.pk for person in people if person is not None}
    rows = User.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    fresh = {row.pk: row for row in rows}
    return [fresh[person.pk] if person is not None else None for person in people]


def lock_ownership(ownership: Ownership) -> Ownership:
    """Return the locked row; raise ``OwnershipEnded`` when it has ended meanwhile."""
    row = (
        Ownership.objects.select_for_update(of=("self",))
        .select_related("holder", "deputy", "team")
        .get(pk=ownership.pk)
    )
    if row.ended_at is not None:
        raise OwnershipEnded(
            _("This ownership ended in the meantime. Look at who holds “%(title)s” now.") % {"title": row.title},
        )
    return row


def holdable(responsibility: str, ref: SubjectRef) -> None:
    known = RESPONSIBILITIES.get(responsibility)
    if known is None or ref.type not in known.held_on:
        raise UnknownResponsibility(
            _("“%(name)s” can't be held on a %(kind)s.")
            % {"name": title(responsibility), "kind": str(subjects.kind(ref.type).title).lower()},
            errors={"/responsibility": [_("Choose a responsibility that can be held here.")]},
        )


def eligible(person: User, team: Team, pointer: str) -> None:
    """Refuse who can't hold: a service account, a deactivated account, somebody from outside the team."""
    if person.kind != User.Kind.PERSON:
        raise NotEligible(
            _("%(name)s is a service account. Name a person.") % {"name": person.name},
            errors={pointer: [_("Name a person, not a service account.")]},
        )
    if not person.is_active:
        raise NotEligible(
            _("%(name)s’s account is deactivated. Name somebody who is active.") % {"name": person.name},
            errors={pointer: [_("This account is deactivated.")]},
        )
    if not person.memberships.filter(team=team).exists():
        raise NotEligible(
            _("%(name)s is not a member of the team. Add them to the team first.") % {"name": person.name},
            errors={pointer: [_("Not a member of the team.")]},
        )


def another(holder: User, deputy: User) -> None:
    if same_person(holder, deputy):
        raise DeputyIsHolder(
            _("Holder and deputy are the same person. Name somebody else as deputy."),
            errors={"/deputy": [_("The same person as the holder.")]},
        )


def keep_apart(
    person: User,
    responsibility: str,
    ref: SubjectRef,
    pointer: str,
    *,
    besides: Ownership | None = None,
    asked: bool = False,
) -> None:
    """Refuse what the table of separations forbids on the subject's chain and below it; after ``lock_chains``.

    Standing in as a deputy counts like holding, and so does any account of the same person. With ``asked``, so do
    offers that wait for an answer; ``besides`` is the ownership that is being replaced.
    """
    others = apart_from(responsibility)
    if not others:
        return
    around = Q(pk__in=[])
    for found in [*(found for found, _obj in subjects.chain(ref)), *subjects.below(ref)]:
        around |= Q(subject_type=found.type, subject_id=found.id)
    held = Ownership.objects.active().filter(around, responsibility__in=others).select_related("holder", "deputy")
    bound = [
        (row, someone, how)
        for row in held
        if besides is None or row.pk != besides.pk
        for someone, how in ((row.holder_id, "holds"), (row.deputy_id, "stands_in"))
        if someone
    ]
    if asked:
        offers = OwnershipOffer.objects.pending().filter(around, responsibility__in=others)
        bound += [(row, row.to_id, "asked") for row in offers]  # type: ignore[misc]
    own = accounts_of(person, {someone for _row, someone, _how in bound})
    for row, someone, how in bound:
        if someone in own:
            raise _apart(person, responsibility, row, how, pointer)


def _apart(person: User, responsibility: str, row: Ownership | OwnershipOffer, how: str, pointer: str) -> KeptApart:
    sentences = {
        "holds": _("%(name)s is %(held)s of “%(where)s” and can't be %(wanted)s on the same chain: %(reason)s."),
        "stands_in": _(
            "%(name)s stands in for the %(held)s of “%(where)s” and can't be %(wanted)s on the same chain: %(reason)s."
        ),
        "asked": _(
            "%(name)s was asked to be %(held)s of “%(where)s” and can't be %(wanted)s on the same chain: %(reason)s."
        ),
    }
    separation = between(responsibility, row.responsibility)
    reason = str(separation.reason) if separation else ""
    words = {
        "name": person.name,
        "held": row.title.lower(),
        "where": subjects.label(row.ref),
        "wanted": str(title(responsibility)).lower(),
        "reason": reason[:1].lower() + reason[1:],
    }
    return KeptApart(
        sentences[how] % words,
        errors={pointer: [_("Not together with %(held)s.") % words]},
        extra={"kept_apart": sorted((responsibility, row.responsibility))},
    )


def described(row: Ownership | OwnershipOffer) -> dict[str, object]:
    """Return an ownership or an offer as the ledger tells it."""
    holder = row.holder if isinstance(row, Ownership) else row.to
    return {
        "responsibility": row.responsibility,
        "holder": {"id": str(holder.pk), "name": holder.name},
        "deputy": {"id": str(row.deputy_id), "name": row.deputy.name} if row.deputy else None,
        "note": row.note,
    }


def announce(refs: Iterable[SubjectRef], reason: str) -> None:
    """Say that who answers for the subjects changed, and for the roots of their chains, which rest on what is below."""
    wanted = list(dict.fromkeys(refs))
    roots = dict.fromkeys(chain[-1][0] for chain in subjects.chains(wanted).values())
    subjects.announce_changes([*roots, *wanted], reason)
