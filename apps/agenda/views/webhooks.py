"""Webhooks under Settings: made, looked at, tested, switched; their deliveries read and sent again."""

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.agenda import actions
from apps.agenda.filters import DeliveryFilter, WebhookFilter
from apps.agenda.forms import WebhookForm
from apps.agenda.models import Webhook, WebhookDelivery
from apps.agenda.webhooks.messages import body
from apps.agenda.webhooks.shown import require_reader, with_entries
from apps.core.clock import now
from apps.core.errors import NotFound, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, Page, PageMixin
from apps.ledger import sentences
from apps.ledger.actions import may_anywhere

MANAGE = "webhook.manage"


def list_crumbs() -> list[Crumb]:
    return [(_("Settings"), reverse("people:profile")), (_("Webhooks"), reverse("agenda:webhook_list"))]


def page_of(webhook: Webhook) -> str:
    return reverse("agenda:webhook_detail", args=[webhook.pk])


class WebhookList(ListPage):
    model = Webhook
    template_name = "agenda/webhook_list.html"
    nav_key = "settings"
    title = _("Webhooks")
    subtitle = _("Programs and chats outside that are told what happens.")
    filterset_class = WebhookFilter
    orderings = {"name": "name"}

    def crumbs(self) -> Sequence[Crumb]:
        return list_crumbs()[:1]

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.visible_to(self.request.user).standing().select_related("team")

    def decorate(self, rows: list[Any]) -> list[Any]:
        states = WebhookDelivery.objects.filter(webhook__in=rows).exclude(state="delivered").order_by()
        counted = states.values("webhook").annotate(
            waiting=Count("id", filter=Q(state="waiting")), dead=Count("id", filter=Q(state="dead"))
        )
        counts = {row["webhook"]: row for row in counted}
        return [{"webhook": row, "counts": counts.get(row.pk, {"waiting": 0, "dead": 0})} for row in rows]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(may_create=may_anywhere(self.request.user, MANAGE), **kwargs)


class WebhookCreate(ActionFormView):
    nav_key = "settings"
    title = _("New webhook")
    subtitle = _("It is told of what happens in the team from now on: who did what to what, and where to read on.")
    form_class = WebhookForm
    submit_label = _("Create the webhook")

    def crumbs(self) -> Sequence[Crumb]:
        return list_crumbs()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form: Any) -> HttpResponse:
        values = dict(form.cleaned_data)
        try:
            made = actions.create_webhook(values.pop("team"), by=self.request.user, **values)
        except Refusal as refusal:
            return self.refuse(form, refusal)
        return secret_page(self.request, *made)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("agenda:webhook_list")
        return super().get_context_data(**kwargs)


def secret_page(request: Any, webhook: Webhook, secret: str) -> HttpResponse:
    """Show a secret this once."""
    title = _("The secret of “%(name)s”") % {"name": webhook.name}
    page = Page(title, crumbs=[*list_crumbs(), (webhook.name, page_of(webhook)), (title, None)], nav_key="settings")
    answer = render(request, "agenda/webhook_secret.html", {"webhook": webhook, "secret": secret, "page": page})
    answer["Cache-Control"] = "no-store"
    return answer


class OfWebhook(PageMixin):
    """A page about one webhook that the reader may see."""

    nav_key = "settings"

    @cached_property
    def webhook(self) -> Webhook:
        rows = Webhook.objects.visible_to(self.request.user).select_related("team", "created_by")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such webhook, or you may not see it."))
        return found


class WebhookDetail(OfWebhook, ListPage):
    """The webhook and what was sent to it, newest first; the deliveries are for those who manage it."""

    model = WebhookDelivery
    template_name = "agenda/webhook_detail.html"
    filterset_class = DeliveryFilter

    @property
    def may_manage(self) -> bool:
        return bool(self.request.user.may(MANAGE, self.webhook.team_id))

    def get_title(self) -> Text:
        return self.webhook.name

    def crumbs(self) -> Sequence[Crumb]:
        return list_crumbs()

    def tags(self) -> Sequence[dict[str, Any]]:
        team = self.webhook.team.name if self.webhook.team else _("Every team")
        return [{"state": self.webhook.state}, {"text": team, "tone": "muted"}]

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        rows = WebhookDelivery.objects.filter(webhook=self.webhook)
        return rows if self.may_manage else rows.none()

    def decorate(self, rows: list[Any]) -> list[Any]:
        return [
            {"delivery": row, "entry": entry, "kind": sentences.of(entry.action)} for row, entry in with_entries(rows)
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        webhook, may_manage = self.webhook, self.may_manage
        rotating = webhook.old_secret_until is not None and now() < webhook.old_secret_until
        return super().get_context_data(
            webhook=webhook,
            may_manage=may_manage and webhook.ended_at is None,
            reads_deliveries=may_manage,
            has_dead=may_manage and webhook.is_active and webhook.deliveries.filter(state="dead").exists(),
            old_secret_until=webhook.old_secret_until if rotating else None,
            **kwargs,
        )


class WebhookAct(OfWebhook):
    """One act on a webhook by a button; ``verb`` is the name of the action."""

    verb: ClassVar[str] = ""
    ACTS: ClassVar[dict[str, tuple[Callable[..., Any], Text]]] = {
        "test": (actions.send_test, _("A test is on its way.")),
        "off": (actions.switch_off_webhook, _("The webhook is switched off.")),
        "on": (actions.switch_on_webhook, _("The webhook is switched on: it is told what happens from now on.")),
    }

    def post(self, request: Any, pk: Any) -> HttpResponse:
        act, said = self.ACTS[self.verb]
        act(self.webhook, by=request.user)
        messages.success(request, str(said))
        return HttpResponseRedirect(page_of(self.webhook))


class WebhookRotate(OfWebhook):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        return secret_page(request, *actions.rotate_secret(self.webhook, by=request.user))


class WebhookSendDeadAgain(OfWebhook):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        count = actions.send_dead_again(self.webhook, by=request.user)
        said = ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", count) % {"n": count}
        messages.success(request, said)
        return HttpResponseRedirect(page_of(self.webhook))


class WebhookEnd(OfWebhook, ActionFormView):
    """Ask before a webhook is deleted."""

    title = _("Delete the webhook")
    subtitle = _("It never sends again. Its address and secrets are wiped; its deliveries stay for 30 days.")
    form_class = forms.Form
    submit_label = _("Delete")
    success_message = _("The webhook is deleted.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        require_reader(self.webhook, request.user)
        return super().get(request, *args, **kwargs)

    def crumbs(self) -> Sequence[Crumb]:
        return [*list_crumbs(), (self.webhook.name, page_of(self.webhook))]

    def act(self, form: Any) -> Webhook:
        return actions.end_webhook(self.webhook, by=self.request.user)

    def success_url_for(self, result: Webhook) -> str:
        return reverse("agenda:webhook_list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = page_of(self.webhook)
        return super().get_context_data(**kwargs)


class DeliveryDetail(DetailPage):
    """One delivery: its tries, and what is sent."""

    model = WebhookDelivery
    template_name = "agenda/delivery_detail.html"
    context_name = "delivery"
    nav_key = "settings"

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        seen = Webhook.objects.visible_to(self.request.user)
        return WebhookDelivery.objects.filter(webhook__in=seen).select_related("webhook__team")

    def get_title(self) -> Text:
        return _("Delivery of entry %(n)d") % {"n": self.object.seq}

    def crumbs(self) -> Sequence[Crumb]:
        return [*list_crumbs(), (self.object.webhook.name, page_of(self.object.webhook))]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        delivery = self.object
        require_reader(delivery.webhook, self.request.user)
        ((_delivery, entry),) = with_entries([delivery])
        return super().get_context_data(
            entry=entry,
            tries=list(delivery.tries.order_by("-id")),
            sent=json.dumps(json.loads(body(delivery.webhook, entry)), indent=2, ensure_ascii=False),
            may_send_again=delivery.webhook.is_active and delivery.state != WebhookDelivery.State.WAITING,
            **kwargs,
        )


class DeliverySendAgain(DeliveryDetail):
    http_method_names = ["post"]

    def post(self, request: Any, pk: Any) -> HttpResponse:
        actions.send_again(self.object, by=request.user)
        messages.success(request, str(_("It is sent again.")))
        return HttpResponseRedirect(reverse("agenda:delivery_detail", args=[pk]))
