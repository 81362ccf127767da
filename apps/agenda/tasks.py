from celery import shared_task

from apps.agenda import actions, following, mailing, overview, reminding
from apps.agenda.webhooks import reading, sending


@shared_task(name="agenda.remind", ignore_result=True)
def remind() -> None:
    reminding.remind()
    overview.count_today()


@shared_task(name="agenda.tell_followers", ignore_result=True)
def tell_followers() -> None:
    following.tell_followers()


@shared_task(name="agenda.mail", ignore_result=True)
def mail() -> None:
    mailing.write_mails()
    mailing.send_waiting()


@shared_task(name="agenda.tell_webhooks", ignore_result=True)
def tell_webhooks() -> None:
    """Read the trail on for webhooks, and send what is due."""
    reading.read_all()
    sending.send_due()


@shared_task(name="agenda.forget_deliveries", ignore_result=True)
def forget_deliveries() -> None:
    """Forget what was sent long ago."""
    actions.forget_deliveries()
