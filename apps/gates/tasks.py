from celery import shared_task

from apps.gates import actions


@shared_task(name="gates.refresh_due", ignore_result=True)
def refresh_due() -> None:
    """Let time pass for the live gates: documents expire."""
    actions.refresh_all()
