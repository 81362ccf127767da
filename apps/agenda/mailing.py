"""Mails: written in PostgreSQL with what they carry, sent by a worker, tried again under the same Message-ID.

In the application everybody is told exactly once. A mail leaves at least once: a worker that dies between sending and
noting it sends it a second time, under the same Message-ID.
"""

import datetime as dt
import random
import time
from collections.abc import Sequence
from email.utils import formataddr
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agenda import duties, policy, preferences
from apps.agenda.models import Mail, Notification
from apps.core.clock import now
from apps.people.models import User

UNSUBSCRIBE = "agenda.unsubscribe"
LEASE = dt.timedelta(minutes=5)
TURN_SECONDS = 10.0
MOST_TRIES = 12
AT_ONCE = 500
log = structlog.get_logger(__name__)


def unsubscribe_url(user: User, group: str) -> str:
    token = signing.dumps({"user": str(user.pk), "group": group}, salt=UNSUBSCRIBE)
    return str(settings.PUBLIC_URL).rstrip("/") + reverse("agenda:unsubscribe", args=[token])


@transaction.atomic
def write_mails() -> int:
    """Write the mails whose moment has come; return how many.

    What was read in the application meanwhile, and duties that were done, need no mail. Rows that another worker writes
    right now are left to it.
    """
    moment = now()
    rows = list(
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(mail=None, mail_at__lte=moment)
        .select_related("user")
        .order_by("mail_at")[:AT_ONCE]
    )
    if not rows:
        return 0
    wanted = _still_wanted(rows)
    needless = [row.pk for row in rows if row not in wanted]
    Notification.objects.filter(pk__in=needless).update(mail_at=None)
    ways = preferences.Ways({row.user for row in wanted})
    digests: dict[tuple[User, dt.date], list[Notification]] = {}
    written = 0
    for row in wanted:
        way = ways.of(row.user_id, row.kind, row.step)
        if way == preferences.Way.DIGEST:
            day = moment.astimezone(policy.zone(row.user.time_zone)).date()
            digests.setdefault((row.user, day), []).append(row)
        else:
            written += _write(row.user, f"notification:{row.pk}", _headline(row), "notification", [row], moment)
    for (user, day), items in digests.items():
        n = len(items)
        headline = ngettext("%(n)d thing waits for you", "%(n)d things wait for you", n) % {"n": n}
        written += _write(user, f"digest:{user.pk}:{day}", headline, "digest", items, moment)
    return written


def _still_wanted(rows: Sequence[Notification]) -> list[Notification]:
    due = [row.due_at for row in rows if row.due_at is not None]
    still: set[str] = set()
    if due:
        still = {duty.key for duty in duties.between(min(due), max(due) + dt.timedelta(microseconds=1))}
    return [
        row for row in rows if row.read_at is None and row.user.is_active and (row.due_at is None or row.key in still)
    ]


def _headline(row: Notification) -> str:
    told = {"overdue": _("Overdue: %(title)s"), "due": _("Due today: %(title)s")}
    return told.get(row.step, "%(title)s") % {"title": row.title}


def _write(
    user: User, key: str, headline: str, template: str, rows: Sequence[Notification], moment: dt.datetime
) -> int:
    """Write one mail, once: where a digest of the day has left already, the rest waits for the next."""
    group = preferences.group_of(rows[0].kind, rows[0].step)
    url = unsubscribe_url(user, group)
    shown = {
        "user": user,
        "rows": sorted(rows, key=lambda row: (row.due_at is None, row.due_at, row.told_at)),
        "headline": headline,
        "public_url": settings.PUBLIC_URL.rstrip("/"),
        "unsubscribe_url": url,
        "group": preferences.GROUPS[group][0],
        "moment": moment,
    }
    values = {
        "user": user,
        "to": user.email,
        "subject": headline[:300],
        "text": render_to_string(f"agenda/mail/{template}.txt", shown),
        "html": render_to_string(f"agenda/mail/{template}.html", shown),
        "unsubscribe_url": url,
        "next_try_at": moment,
    }
    mail, is_new = Mail.objects.get_or_create(key=key, defaults=values)
    found = Notification.objects.filter(pk__in=[row.pk for row in rows])
    if is_new:
        found.update(mail=mail)
    else:
        zone = policy.zone(user.time_zone)
        later = policy.digest_after(moment + dt.timedelta(hours=12), zone, lambda day: False)
        found.update(mail_at=later)
    return int(is_new)


def claim() -> Mail | None:
    """Take the next mail that is to be tried now, for five minutes; nobody else tries it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE agenda_mail SET next_try_at = %s, tries = tries + 1 WHERE id = (
                SELECT id FROM agenda_mail WHERE state = 'waiting' AND next_try_at <= %s
                ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [now() + LEASE, now()],
        )
        row = cursor.fetchone()
    return Mail.objects.get(pk=row[0]) if row else None


def send_waiting() -> int:
    """Send what waits, for ten seconds; return how many mails left. One that can't be sent is tried again, ever later.

    Each is claimed when its turn comes: a slow mail server outlasts no lease, and a killed worker holds up one mail.
    """
    until = time.monotonic() + TURN_SECONDS
    sent = 0
    while time.monotonic() < until and (mail := claim()) is not None:
        try:
            message(mail).send(fail_silently=False)
        except Exception as error:
            _failed(mail, error)
        else:
            Mail.objects.filter(pk=mail.pk, state=Mail.State.WAITING).update(
                state=Mail.State.SENT, sent_at=now(), error="", next_try_at=None
            )
            sent += 1
    return sent


def message(mail: Mail) -> EmailMultiAlternatives:
    """Return the mail as it leaves: text and HTML, a Message-ID that stays, a way to unsubscribe (RFC 8058)."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "fourgate"
    headers = {
        "Message-ID": f"<{mail.pk}@{host}>",
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{mail.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    to = formataddr((mail.user.name, mail.to))
    found = EmailMultiAlternatives(mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [to], headers=headers)
    found.attach_alternative(mail.html, "text/html")
    return found


def wait_before(tries: int) -> dt.timedelta:
    """Return how long to wait after so many tries: doubling from half a minute to six hours, with full jitter."""
    most = min(30 * 2 ** (tries - 1), 6 * 3600)
    return dt.timedelta(seconds=most / 2 + random.uniform(0, most / 2))


def _failed(mail: Mail, error: Exception) -> None:
    told = f"{type(error).__name__}: {error}"[:500]
    log.warning("mail_failed", mail=str(mail.pk), tries=mail.tries, error=told)
    is_last = mail.tries >= MOST_TRIES
    Mail.objects.filter(pk=mail.pk, state=Mail.State.WAITING).update(
        state=Mail.State.FAILED if is_last else Mail.State.WAITING,
        error=told,
        next_try_at=None if is_last else now() + wait_before(mail.tries),
    )


def send_again(mail: Mail) -> None:
    """Have a mail that failed for good tried again."""
    Mail.objects.filter(pk=mail.pk, state=Mail.State.FAILED).update(
        state=Mail.State.WAITING, tries=0, next_try_at=now(), error=""
    )
