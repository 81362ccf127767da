from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import JsonResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, ListPage, PageMixin
from apps.evidence import facts as registry
from apps.evidence.facts import Fact
from apps.registry.models import ModelVersion
from apps.registry.refs import model_version_ref, run_ref
from apps.registry.views.facts import shown
from apps.registry.views.gating import askable, whole_lane
from apps.releases import actions, attestation, forms
from apps.releases import change as changes
from apps.releases.actions.rolling_back import may_roll_back
from apps.releases.errors import NothingAttested
from apps.releases.filters import ReleaseFilter
from apps.releases.models import Environment, Rehearsal, Release, ReleaseAttestation, ReleaseState, Rollback
from apps.releases.reading import gate_states
from apps.releases.refs import release_ref
from apps.releases.views.environments import list_crumb

MOST_SHOWN = 20
GOOD = {
    "release.change": ("compares_with_live",),
    "release.rollback": ("target_stands", "first_release"),
    "release.rehearsal": ("fresh", "first_release"),
    "release.proof_gate": ("approved",),
}


def _state(fact: Fact) -> str:
    if fact.status != "known":
        return fact.status
    return "good" if any(fact.figures.get(figure) for figure in GOOD[fact.name]) else "missing"


class ReleaseList(ListPage):
    model = Release
    template_name = "releases/release_list.html"
    nav_key = "releases"
    title = lazy("All releases")
    subtitle = lazy("What was proposed, went live and ended, with who did it.")
    filterset_class = ReleaseFilter
    orderings = {"live_from": "live_from", "created": "id"}
    csv_name = "releases"
    csv_columns = (
        (lazy("Model"), lambda row: row.version.model.name),
        (lazy("Version"), lambda row: row.version.number),
        (lazy("Environment"), lambda row: row.environment.name),
        (lazy("Team"), lambda row: row.team.name),
        (lazy("State"), lambda row: row.state),
        (lazy("Ended"), lambda row: row.ending),
        (lazy("Proposed by"), lambda row: row.proposed_by.name),
        (lazy("Live from"), lambda row: row.live_from.isoformat() if row.live_from else ""),
        (lazy("Until"), lambda row: row.ended_at.isoformat() if row.ended_at else ""),
        (lazy("Artefact"), lambda row: row.artefact_digest),
        (lazy("Dossier"), lambda row: row.dossier_digest),
    )

    def get_queryset(self) -> QuerySet[Release]:
        return Release.objects.visible_to(self.request.user).whole()

    def decorate(self, rows: list[Any]) -> list[Any]:
        return gate_states(rows)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]


class OneRelease(PageMixin):
    """A page about one release that the reader may see."""

    nav_key = "releases"
    kwargs: dict[str, Any]

    @cached_property
    def release(self) -> Release:
        rows = Release.objects.visible_to(self.request.user).whole()
        found = (
            rows.select_related("live_by", "ended_by", "gate", "version__registered_by")
            .filter(pk=self.kwargs["pk"])
            .first()
        )
        if found is None:
            raise NotFound(_("There is no such release, or you may not see it."))
        return found

    @property
    def page_url(self) -> str:
        return reverse("releases:release_detail", args=[self.release.pk])

    def crumbs(self) -> Sequence[Crumb]:
        release = self.release
        place = reverse("releases:environment_detail", args=[release.environment_id])
        return [list_crumb(), (release.environment.name, place), (str(release), self.page_url)]


class ReleaseForm(OneRelease, ActionFormView):
    """A form about one release; ``permission`` is asked before it is shown."""

    permission = ""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self.permission:
            access.require(request.user, self.permission, self.release.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return str(self.release)

    def success_url_for(self, result: Any) -> str:
        return self.page_url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.page_url
        return super().get_context_data(release=self.release, **kwargs)


class ReleaseDetail(OneRelease, TemplateView):
    template_name = "releases/release_detail.html"

    def get_title(self) -> Text:
        return str(self.release)

    def get_subtitle(self) -> Text:
        release = self.release
        if release.restores is not None:
            return _("Brought back by a rollback.")
        return _("Release %(n)d of this model here, proposed by %(name)s.") % {
            "n": release.number,
            "name": release.proposed_by.name,
        }

    def crumbs(self) -> Sequence[Crumb]:
        return list(super().crumbs())[:-1]

    def tags(self) -> Sequence[dict[str, Any]]:
        release = self.release
        return [{"state": release.ending or release.state}, {"state": release.environment.kind}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        release, user = self.release, self.request.user
        origin, team = release.origin, release.team.pk
        uses = list(release.version.run.datasets.select_related("version__dataset"))
        refs = [release_ref(origin), model_version_ref(release.version), run_ref(release.version.run)]
        stops = whole_lane(refs, uses, user)
        known = registry.read(release_ref(release), release)
        (standing,) = gate_states([release])
        rollback = Rollback.objects.filter(release=release).select_related("rolled_back_by", "review").first()
        is_proposed, is_live = release.state == ReleaseState.PROPOSED, release.state == ReleaseState.LIVE
        return super().get_context_data(
            release=release,
            change=changes.read(release),
            change_sentence=known["release.change"].sentence,
            lane=stops,
            standing=standing,
            facts=shown(known, _state),
            way_back=known["release.rollback"],
            rehearsals=list(
                Rehearsal.objects.of_way_back(release)
                .select_related("rehearsed_by", "document")
                .order_by("-rehearsed_at")[:MOST_SHOWN]
            ),
            rollback=rollback,
            made_by=Rollback.objects.filter(restored=release).select_related("rolled_back_by").first(),
            askable=askable(release_ref(release), stops, user, team) if is_proposed else [],
            may_go_live=is_proposed and user.may("release.promote", team),
            may_compare=is_proposed and user.may("release.propose", team),
            may_withdraw=not release.ended_at and user.may("release.promote", team),
            may_rehearse=(is_proposed or is_live)
            and release.rollback_target_id is not None
            and user.may("release.propose", team),
            may_roll_back=is_live and release.rollback_target_id is not None and may_roll_back(release, user),
            is_attested=release.was_live,
            **kwargs,
        )


class ReleasePropose(ActionFormView):
    nav_key = "releases"
    title = lazy("Propose a release")
    form_class = forms.ProposeForm
    submit_label = lazy("Propose it")
    success_message = lazy("Proposed. Ask for its release gate next.")
    kwargs: dict[str, Any]

    @cached_property
    def version(self) -> ModelVersion:
        rows = ModelVersion.objects.visible_to(self.request.user)
        found = rows.select_related("model__use_case__team", "run", "withdrawal").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such model version, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "release.propose", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return _("%(version)s, compared with what is live where you propose it.") % {"version": self.version}

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def get_form_kwargs(self) -> dict[str, Any]:
        environments = Environment.objects.visible_to(self.request.user).filter(team=self.version.team)
        return {**super().get_form_kwargs(), "environments": environments.order_by("name")}

    def act(self, form: Any) -> Release:
        values = dict(form.cleaned_data)
        return actions.propose_release(self.version, values.pop("environment"), by=self.request.user, **values)

    def success_url_for(self, result: Release) -> str:
        return reverse("releases:release_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("registry:version_detail", args=[self.version.pk])
        return super().get_context_data(**kwargs)


class ReleaseCompare(ReleaseForm):
    title = lazy("Compare it anew")
    permission = "release.propose"
    form_class = forms.CompareForm
    submit_label = lazy("Compare it with what is live")
    success_message = lazy("Compared anew. What was signed is void where something differs.")

    def get_form_kwargs(self) -> dict[str, Any]:
        targets = Release.objects.whole().in_slot_of(self.release).filter(live_from__isnull=False)
        return {**super().get_form_kwargs(), "targets": targets.order_by("-id")}

    def act(self, form: Any) -> Release:
        return actions.compare_anew(self.release, by=self.request.user, **form.cleaned_data)


class ReleaseGoLive(ReleaseForm):
    title = lazy("Bring it live")
    permission = "release.promote"
    template_name = "releases/release_go_live.html"
    form_class = forms.NothingForm
    submit_label = lazy("Bring it live now")
    success_message = lazy("It is live.")

    def act(self, form: Any) -> Release:
        return actions.go_live(self.release, by=self.request.user)


class ReleaseWithdraw(ReleaseForm):
    title = lazy("Withdraw the release")
    permission = "release.promote"
    form_class = forms.ReasonForm
    submit_label = lazy("Withdraw it")
    success_message = lazy("The release is withdrawn.")

    def act(self, form: Any) -> Release:
        return actions.withdraw_release(self.release, by=self.request.user, **form.cleaned_data)


class ReleaseAttestationFile(OneRelease):
    """The signed attestation as a file."""

    def get(self, request: Any, pk: Any) -> JsonResponse:
        kept = ReleaseAttestation.objects.filter(release=self.release).first()
        if kept is None:
            raise NothingAttested(_("A release is attested when it goes live."))
        name = f"release-{self.release.pk}.intoto.json"
        return JsonResponse(
            attestation.envelope(kept), headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
