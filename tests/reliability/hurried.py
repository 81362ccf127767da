"""The schedule of Fourgate for a second beat: the same looks, each once a second."""

from config.celery import app

LOOKS = ("agenda.remind", "agenda.tell_followers", "agenda.mail", "agenda.tell_webhooks")
app.conf.beat_schedule = {
    name: {**row, "schedule": 1.0} for name, row in app.conf.beat_schedule.items() if row["task"] in LOOKS
}
