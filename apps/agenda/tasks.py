from celery import shared_task

from apps.agenda import actions
from apps.agenda.webhooks import reading, sending


@shared_task(name="agenda.tell_webhooks", ignore_result=True)
def tell_webhooks() -> None:
    """Read the trail on for webhooks, and send what is due."""
    reading.read_all()
    sending.send_due()


@shared_task(name="agenda.forget_deliveries", ignore_result=True)
def forget_deliveries() -> None:
    """Forget what was sent long ago."""
    actions.forget_deliveries()
