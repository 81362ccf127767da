"""Long work: PostgreSQL is the queue of record, Redis only wakes workers.

``enqueue`` writes the row in the caller's transaction. The relay (Celery beat, every second) wakes a worker for
each row that waits. ``run`` claims the row under a lease that a heartbeat renews, so that the job of a killed worker
is taken up again, and a job taken twice ends once.
"""

import threading
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.core.actor import Actor
from apps.core.errors import Refusal
from apps.core.identifiers import new_id
from apps.core.models import Job
from apps.core.subjects import SubjectRef

LEASE_SECONDS = 20
HEARTBEAT_SECONDS = 5
WAKE_AGAIN_SECONDS = 10
MOST_ATTEMPTS = 8
log = structlog.get_logger(__name__)


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how far the job is; cheap to call often."""


Handler = Callable[[Job, Progress], dict[str, Any]]
_handlers: dict[str, Handler] = {}


class LostClaim(Exception):
    """Another worker has taken this job over; what was computed here must not be written."""


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``; it must be safe to start again from the beginning."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def enqueue(
    kind: str,
    *,
    key: str,
    payload: dict[str, Any] | None = None,
    by: Actor | None = None,
    team_id: uuid.UUID | None = None,
    subject: SubjectRef | None = None,
) -> Job:
    """Queue one job in the caller's transaction; the same kind and key again returns the job that stands."""
    if kind not in _handlers:
        raise KeyError(f"No handler is registered for jobs of kind {kind!r}.")
    job, _created = Job.objects.get_or_create(
        kind=kind,
        key=key,
        defaults={
            "payload": payload or {},
            "requested_by": by.id if by else None,
            "team_id": team_id,
            "subject_type": subject.type if subject else "",
            "subject_id": subject.id if subject else None,
        },
    )
    return job


def retry(job: Job) -> None:
    """Queue a failed job again from the beginning."""
    Job.objects.filter(pk=job.pk, state=Job.State.FAILED).update(
        state=Job.State.QUEUED, attempts=0, error="", message="", woken_at=None, finished_at=None, done=0
    )


def _waiting() -> Q:
    return Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=Now())


def due_for_waking(limit: int = 100) -> list[uuid.UUID]:
    """Return the jobs that wait for a worker and mark them as woken, each at most once in ten seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE core_job SET woken_at = clock_timestamp() WHERE id IN (
                SELECT id FROM core_job
                WHERE (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
                  AND (woken_at IS NULL OR woken_at < clock_timestamp() - make_interval(secs => %s))
                ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [WAKE_AGAIN_SECONDS, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def claim(job_id: uuid.UUID) -> Job | None:
    """Take the job under a lease of 20 seconds, or return None when somebody else has it or it is finished."""
    token = new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE core_job SET state = 'running', claim = %s, attempts = attempts + 1, done = 0,
                lease_until = clock_timestamp() + make_interval(secs => %s),
                started_at = coalesce(started_at, clock_timestamp())
            WHERE id = %s AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
            """,
            [token, LEASE_SECONDS, job_id],
        )
        if cursor.rowcount == 0:
            return None
    return Job.objects.get(pk=job_id)


def hold(job: Job) -> None:
    """Lock the job's row in the current transaction; raise ``LostClaim`` when it is no longer this worker's."""
    held = Job.objects.select_for_update().filter(pk=job.pk, claim=job.claim, state=Job.State.RUNNING).exists()
    if not held:
        raise LostClaim(str(job.pk))


@contextmanager
def _heartbeat(job: Job) -> Any:
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "UPDATE core_job SET lease_until = clock_timestamp() + make_interval(secs => %s)"
                        " WHERE id = %s AND claim = %s AND state = 'running'",
                        [LEASE_SECONDS, job.pk, job.claim],
                    )
            except Exception:
                log.warning("job_heartbeat_failed", job=str(job.pk), exc_info=True)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=HEARTBEAT_SECONDS)


def _progress(job: Job) -> Progress:
    last: dict[str, Any] = {"at": -1, "message": None}

    def say(done: int, total: int | None = None, message: str = "") -> None:
        step = max(1, (total or 0) // 200)
        if message == last["message"] and done != total and done - last["at"] < step:
            return
        last.update(at=done, message=message)
        Job.objects.filter(pk=job.pk, claim=job.claim).update(done=done, total=total, message=message[:300])

    return say


def run(job_id: uuid.UUID) -> bool:
    """Claim and do one job; return whether it was this worker's to do."""
    job = claim(job_id)
    if job is None:
        return False
    bound = log.bind(job=str(job.pk), kind=job.kind)
    mine = Job.objects.filter(pk=job.pk, claim=job.claim, state=Job.State.RUNNING)
    if job.attempts > MOST_ATTEMPTS:
        error = _("Stopped after %(n)d attempts that did not come to an end.") % {"n": MOST_ATTEMPTS}
        mine.update(state=Job.State.FAILED, error=error, finished_at=Now())
        return True
    try:
        with _heartbeat(job):
            result = _handlers[job.kind](job, _progress(job))
        mine.update(
            state=Job.State.DONE,
            result=result,
            finished_at=Now(),
            done=F("total") if job.total else F("done"),
        )
    except LostClaim:
        bound.warning("job_lost_claim")
    except (OperationalError, InterfaceError):
        # NB: the database went away, which says nothing about the job: when its lease lapses it is taken up again.
        connection.close()
        bound.warning("job_lost_database", exc_info=True)
    except Refusal as refusal:
        mine.update(state=Job.State.FAILED, error=str(refusal.detail), finished_at=Now())
    except Exception as error:
        close_old_connections()
        bound.exception("job_failed")
        mine.update(state=Job.State.FAILED, error=f"{type(error).__name__}: {error}"[:2000], finished_at=Now())
    return True


def run_waiting(limit: int = 100) -> int:
    """Do what waits, here and now, and return how many jobs ran: for tests, the demo and one-process set-ups."""
    ran = 0
    for job_id in Job.objects.filter(_waiting()).order_by("id").values_list("id", flat=True)[:limit]:
        ran += run(job_id)
    return ran
