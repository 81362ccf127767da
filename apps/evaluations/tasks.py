from celery import shared_task

from apps.evaluations import actions


@shared_task(name="evaluations.forget_imports", ignore_result=True)
def forget_imports() -> None:
    """Forget imports that nobody confirmed."""
    actions.forget_imports()
