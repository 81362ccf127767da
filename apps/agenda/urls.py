from django.urls import path

from apps.agenda.views import notifications, overview, webhooks, work

app_name = "agenda"
HOOK = "settings/webhooks/<uuid:pk>/"
DELIVERY = "settings/webhooks/deliveries/<uuid:pk>/"
urlpatterns = [
    path("", work.MyWork.as_view(), name="my_work"),
    path("due/", overview.Overview.as_view(), name="overview"),
    path("due/nudge/", overview.Nudge.as_view(), name="nudge"),
    path("notifications/", notifications.NotificationList.as_view(), name="notification_list"),
    path("notifications/bell/", notifications.Bell.as_view(), name="bell"),
    path("notifications/read/", notifications.NotificationsRead.as_view(), name="notifications_read"),
    path("notifications/<uuid:pk>/", notifications.NotificationOpen.as_view(), name="notification_open"),
    path("notifications/unsubscribe/<str:token>/", notifications.Unsubscribe.as_view(), name="unsubscribe"),
    path("follow/<str:subject_type>/<uuid:subject_id>/", notifications.Follow.as_view(), name="follow"),
    path("settings/mails/", notifications.Preferences.as_view(), name="preferences"),
    path("settings/mails/sent/", notifications.MailList.as_view(), name="mail_list"),
    path("settings/mails/sent/<uuid:pk>/", notifications.MailDetail.as_view(), name="mail_detail"),
    path("settings/webhooks/", webhooks.WebhookList.as_view(), name="webhook_list"),
    path("settings/webhooks/new/", webhooks.WebhookCreate.as_view(), name="webhook_create"),
    path(HOOK, webhooks.WebhookDetail.as_view(), name="webhook_detail"),
    path(f"{HOOK}test/", webhooks.WebhookAct.as_view(verb="test"), name="webhook_test"),
    path(f"{HOOK}secret/", webhooks.WebhookRotate.as_view(), name="webhook_rotate"),
    path(f"{HOOK}off/", webhooks.WebhookAct.as_view(verb="off"), name="webhook_switch_off"),
    path(f"{HOOK}on/", webhooks.WebhookAct.as_view(verb="on"), name="webhook_switch_on"),
    path(f"{HOOK}again/", webhooks.WebhookSendDeadAgain.as_view(), name="webhook_send_dead_again"),
    path(f"{HOOK}delete/", webhooks.WebhookEnd.as_view(), name="webhook_end"),
    path(DELIVERY, webhooks.DeliveryDetail.as_view(), name="delivery_detail"),
    path(f"{DELIVERY}again/", webhooks.DeliverySendAgain.as_view(), name="delivery_send_again"),
]
