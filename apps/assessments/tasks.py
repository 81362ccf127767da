from celery import shared_task

from apps.assessments import actions


@shared_task(name="assessments.refresh_lapsed", ignore_result=True)
def refresh_lapsed() -> None:
    """Let days pass for the claims: old ones lapse."""
    actions.refresh_lapsed()


@shared_task(name="assessments.refresh_all", ignore_result=True)
def refresh_all() -> None:
    """Look again at what changes without a word: published policies, files in the storage."""
    actions.refresh_all()
