"""Celery entry points of the queue of record."""

import datetime as dt
import uuid

from celery import shared_task
from django.db.models.functions import Now

from apps.core import jobs
from apps.core.models import KeptAnswer


@shared_task(name="core.relay", ignore_result=True, expires=5)
def relay() -> None:
    """Wake a worker for every job that waits in PostgreSQL."""
    for job_id in jobs.due_for_waking():
        run_job.delay(str(job_id))


@shared_task(name="core.run_job", ignore_result=True, acks_late=True)
def run_job(job_id: str) -> None:
    jobs.run(uuid.UUID(job_id))


@shared_task(name="core.forget_answers", ignore_result=True)
def forget_answers() -> None:
    """Drop the answers kept for retried requests after 24 hours."""
    KeptAnswer.objects.filter(started_at__lt=Now() - dt.timedelta(hours=24)).delete()
