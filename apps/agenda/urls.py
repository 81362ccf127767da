from django.urls import path

from apps.agenda.views import notifications, overview, work

app_name = "agenda"
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
]
