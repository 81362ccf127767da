from celery import shared_task

from apps.operations import actions


@shared_task(name="operations.ensure_reviews", ignore_result=True)
def ensure_reviews() -> None:
    """Open the reviews whose period has begun."""
    actions.ensure_reviews()


@shared_task(name="operations.record_missed", ignore_result=True)
def record_missed() -> None:
    """Record what nobody performed in its time."""
    actions.record_missed()
