from celery import shared_task

from apps.datasets import actions


@shared_task(name="datasets.forget_uploads", ignore_result=True)
def forget_uploads() -> None:
    """Forget uploads that nobody used."""
    actions.forget_uploads()
