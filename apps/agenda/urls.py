from django.urls import path

from apps.agenda import views
from apps.agenda.views import webhooks

app_name = "agenda"
HOOK = "settings/webhooks/<uuid:pk>/"
DELIVERY = "settings/webhooks/deliveries/<uuid:pk>/"
urlpatterns = [
    path("", views.MyWork.as_view(), name="my_work"),
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
