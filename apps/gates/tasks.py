from celery import shared_task

from apps.gates import actions


@shared_task(name="gates.refresh_expired", ignore_result=True)
def refresh_expired() -> None:
    """Let days pass for the live gates: documents expire."""
    actions.refresh_expired()


@shared_task(name="gates.refresh_all", ignore_result=True)
def refresh_all() -> None:
    """Look again at what changes outside the database: files in the storage."""
    actions.refresh_all()
