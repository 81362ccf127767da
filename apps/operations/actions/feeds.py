"""The calendar feed of one person: an address that only they know."""

import secrets

from django.utils.translation import gettext as _

from apps.core.canonical import sha256_digest
from apps.core.clock import now
from apps.core.errors import NotPermitted
from apps.core.transactions import atomic
from apps.ledger.actions import record
from apps.operations.models import ReviewFeed
from apps.people.models import User

TOKEN_BYTES = 32


@atomic
def renew_feed(*, by: User) -> tuple[ReviewFeed, str]:
    """Make the address of the caller's calendar feed, or make it anew: an earlier one is none any more.

    Return it with its token, which is kept nowhere. Raise ``NotPermitted`` for what is no active person.
    """
    if not by.is_active or by.kind != User.Kind.PERSON:
        raise NotPermitted(_("Only an active person has a calendar feed."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed, _made = ReviewFeed.objects.update_or_create(
        user=by, defaults={"token_digest": sha256_digest(token.encode()), "renewed_at": now()}
    )
    record("review_feed.renewed", by=by, subject=("user", by.pk, by.name), team=None, payload={"feed": str(feed.pk)})
    return feed, token
