"""Offers: who was asked, and the answer."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin
from apps.owners import actions, forms
from apps.owners.filters import OfferFilter
from apps.owners.models import OwnershipOffer
from apps.owners.places import place, with_subjects
from apps.owners.responsibilities import RESPONSIBILITIES, title
from apps.owners.separation import apart_from
from apps.owners.views.ownerships import owners_crumb


def offers_of(user: Any) -> QuerySet[OwnershipOffer]:
    rows: QuerySet[OwnershipOffer] = OwnershipOffer.objects.visible_to(user).select_related(
        "to", "deputy", "offered_by", "team", "replaces__holder"
    )
    return rows


class OfferList(ListPage):
    model = OwnershipOffer
    template_name = "owners/offer_list.html"
    nav_key = "owners"
    title = _("Offers")
    subtitle = _("Who was asked to answer for what, and what they said.")
    filterset_class = OfferFilter
    orderings = {"asked": "offered_at", "to": "to__name"}
    csv_name = "offers"
    csv_columns = (
        (_("Responsibility"), lambda row: row.title),
        (_("Subject type"), lambda row: row.subject_type),
        (_("Subject"), lambda row: row.subject_id),
        (_("Asked"), lambda row: row.to.name),
        (_("By"), lambda row: row.offered_by.name),
        (_("State"), lambda row: row.state),
        (_("Since"), lambda row: row.offered_at.isoformat()),
        (_("Decided"), lambda row: row.decided_at.isoformat() if row.decided_at else ""),
        (_("Why"), lambda row: row.why),
    )

    def get_queryset(self) -> QuerySet[OwnershipOffer]:
        return offers_of(self.request.user)

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb()]

    def decorate(self, rows: list[Any]) -> list[Any]:
        return with_subjects(rows)


class OfferDetail(DetailPage):
    """What is asked of whom; the asked person accepts or declines here."""

    model = OwnershipOffer
    template_name = "owners/offer_detail.html"
    context_name = "offer"
    nav_key = "owners"

    def get_queryset(self) -> QuerySet[OwnershipOffer]:
        return offers_of(self.request.user)

    def get_title(self) -> Text:
        return f"{self.object.title}: {self._place['label']}"

    @cached_property
    def _place(self) -> dict[str, Any]:
        return place(self.object.ref, subjects.find([self.object.ref]).get(self.object.ref))

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb(), (_("Offers"), reverse("owners:offer_list"))]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offer, user = self.object, self.request.user
        own = {offer.offered_by_id, offer.replaces.holder_id if offer.replaces else None}
        return super().get_context_data(
            place=self._place,
            responsibility=RESPONSIBILITIES.get(offer.responsibility),
            apart=[title(key) for key in apart_from(offer.responsibility)],
            is_mine=offer.is_pending and offer.to_id == user.pk,
            may_withdraw=offer.is_pending and (user.pk in own or user.may("owner.assign", offer.team_id)),
            decline_form=forms.DeclineForm(),
            **kwargs,
        )


class OneOffer:
    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def offer(self) -> OwnershipOffer:
        found = offers_of(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such offer, or you may not see it."))
        return found

    @property
    def url(self) -> str:
        return reverse("owners:offer_detail", args=[self.offer.pk])

    def crumbs(self) -> Sequence[Crumb]:
        return [owners_crumb(), (_("Offers"), reverse("owners:offer_list")), (self.offer.title, self.url)]

    def success_url_for(self, result: Any) -> str:
        return self.url


class OfferAccept(OneOffer, PageMixin):
    """The one click that takes a responsibility on."""

    nav_key = "owners"

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = actions.accept(self.offer, by=request.user)
        messages.success(request, now("You are %(title)s now.") % {"title": row.title.lower()})
        return HttpResponseRedirect(subjects.kind(row.subject_type).url(subjects.get(row.ref)))


class OfferDecline(OneOffer, ActionFormView):
    nav_key = "owners"
    title = _("Decline")
    form_class = forms.DeclineForm
    submit_label = _("Decline")
    success_message = _("Declined. Whoever asked you reads why.")

    def act(self, form: Any) -> OwnershipOffer:
        return actions.decline(self.offer, by=self.request.user, reason=form.cleaned_data["reason"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.url
        return super().get_context_data(**kwargs)


class OfferWithdraw(OneOffer, ActionFormView):
    nav_key = "owners"
    title = _("Withdraw the offer")
    form_class = forms.WithdrawForm
    submit_label = _("Withdraw it")
    success_message = _("The offer is withdrawn.")

    def act(self, form: Any) -> OwnershipOffer:
        return actions.withdraw_offer(self.offer, by=self.request.user, reason=form.cleaned_data["reason"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.url
        return super().get_context_data(**kwargs)
