import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.clock import now
from apps.core.errors import NotFound, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage
from apps.gates.views.gates import confirmed
from apps.operations import actions, checklist, forms
from apps.operations.actions.following_up import may_settle
from apps.operations.actions.performing import FollowUpTerms, may_perform, meaning, ownership_of
from apps.operations.errors import NotTheFollowUpsOwner, NotTheReviewer, ReviewMissed, ReviewPerformed
from apps.operations.models import FollowUp, Review, ReviewState
from apps.operations.views.plans import list_crumb
from apps.people.models import User


def state_of(review: Review, moment: Any) -> str:
    """Return the state that a page shows: an open one past its due moment is overdue."""
    return "overdue" if review.state == ReviewState.OPEN and review.due_at <= moment else str(review.state)


class ReviewDetail(DetailPage):
    model = Review
    template_name = "operations/review_detail.html"
    context_name = "review"
    nav_key = "reviews"

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.visible_to(self.request.user).whole()

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def get_subtitle(self) -> Text:
        return str(self.object.template.title)

    def tags(self) -> Sequence[dict[str, Any]]:
        review = self.object
        return [{"state": state_of(review, now())}, {"text": review.team.name, "tone": "muted"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        review, user = self.object, self.request.user
        follow_up = FollowUp.objects.filter(review=review).select_related("owner", "done_by").first()
        is_open = review.state == ReviewState.OPEN
        performs = may_perform(review, user)
        return super().get_context_data(
            said=json.loads(review.body)["items"] if review.body else (),
            lines=() if review.body else checklist.read(review).lines,
            ownership=ownership_of(review),
            follow_up=follow_up,
            comments=list(review.comments.select_related("by").order_by("id")[:100]),
            may_perform=is_open and performs and now() < review.lapses_at,
            may_settle=follow_up is not None and follow_up.done_at is None and may_settle(follow_up, user),
            may_comment=not is_open and (performs or user.may("evidence.add", review.team.pk)),
            **kwargs,
        )


class OneReview(ActionFormView):
    """A form about one review that the reader may see."""

    nav_key = "reviews"

    @cached_property
    def review(self) -> Review:
        found = Review.objects.visible_to(self.request.user).whole().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such review, or you may not see it."))
        return found

    def get_subtitle(self) -> Text:
        return str(self.review)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (str(self.review), self.success_url_for(None))]

    def success_url_for(self, result: Any) -> str:
        return reverse("operations:review_detail", args=[self.review.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(review=self.review, **kwargs)


class ReviewPerform(OneReview):
    title = lazy("Perform the review")
    template_name = "operations/review_perform.html"
    form_class = forms.PerformForm
    submit_label = lazy("Sign the review")
    success_message = lazy("The review is performed and signed.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_perform(self.review, request.user):
            raise NotTheReviewer(
                _("Only the %(who)s performs it.") % {"who": str(self.review.responsibility_title).lower()}
            )
        if self.review.state == ReviewState.PERFORMED:
            raise ReviewPerformed(_("This review was performed before."))
        if self.review.state == ReviewState.MISSED:
            raise ReviewMissed(_("This review was missed, and stays so."))
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        people = User.objects.filter(
            memberships__team=self.review.team, kind=User.Kind.PERSON, is_active=True
        ).distinct()
        return {
            **super().get_form_kwargs(),
            "checklist": checklist.read(self.review),
            "people": people.order_by("name"),
        }

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["shown"].initial = form.checklist.digest
        return form

    def act(self, form: Any) -> Review:
        data = form.cleaned_data
        terms = None
        if data["outcome"] == "follow_up" and data["what"] and data["owner"] and data["due_on"]:
            terms = FollowUpTerms(data["what"], data["owner"], data["due_on"])
        return actions.perform_review(
            self.review,
            by=self.request.user,
            shown=data["shown"],
            answers=form.answers(),
            outcome=data["outcome"],
            notes=data["notes"],
            follow_up=terms,
            confirmation_id=confirmed(self.request, data["password"]),
        )

    def refuse(self, form: Any, refusal: Refusal) -> Any:
        """Put what is said of an item beside its answer, and show a checklist that has changed as it is now."""
        refusal.errors = {pointer.replace("/answers/", "/answer_"): texts for pointer, texts in refusal.errors.items()}
        if refusal.code == "stale_checklist":
            form.data = form.data.copy()
            form.data["shown"] = form.checklist.digest
        return super().refuse(form, refusal)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(meaning=meaning(self.review), **kwargs)


class ReviewNote(OneReview):
    title = lazy("Add a note")
    form_class = forms.CommentForm
    submit_label = lazy("Add the note")
    success_message = lazy("The note is added. The review stays as it is.")

    def act(self, form: Any) -> Any:
        return actions.comment_on_review(self.review, by=self.request.user, **form.cleaned_data)


class FollowUpSettle(ActionFormView):
    nav_key = "reviews"
    title = lazy("Say what was done")
    template_name = "operations/follow_up.html"
    form_class = forms.NoteForm
    submit_label = lazy("It is done")
    success_message = lazy("Recorded as done.")

    @cached_property
    def follow_up(self) -> FollowUp:
        rows = FollowUp.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"])
        found: FollowUp | None = rows.select_related("review__plan__use_case__team", "owner").first()
        if found is None:
            raise NotFound(_("There is no such follow-up, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_settle(self.follow_up, request.user):
            raise NotTheFollowUpsOwner(_("%(name)s was named to do this.") % {"name": self.follow_up.owner.name})
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.follow_up.review)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (str(self.follow_up.review), self.success_url_for(None))]

    def act(self, form: Any) -> FollowUp:
        return actions.settle_follow_up(self.follow_up, by=self.request.user, **form.cleaned_data)

    def success_url_for(self, result: Any) -> str:
        return reverse("operations:review_detail", args=[self.follow_up.review_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(follow_up=self.follow_up, **kwargs)
