from celery import shared_task

from apps.agenda import following, mailing, overview, reminding


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
