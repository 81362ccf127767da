from django.urls import path

from apps.owners.views import continuity, offers, ownerships

app_name = "owners"
urlpatterns = [
    path("", ownerships.OwnershipList.as_view(), name="ownership_list"),
    path("responsibilities/", ownerships.Responsibilities.as_view(), name="responsibilities"),
    path(
        "assign/<slug:subject_type>/<uuid:subject_id>/<slug:responsibility>/",
        ownerships.Assign.as_view(),
        name="ownership_assign",
    ),
    path("<uuid:pk>/hand-over/", ownerships.HandOver.as_view(), name="ownership_hand_over"),
    path("<uuid:pk>/deputy/", ownerships.AppointDeputy.as_view(), name="ownership_deputy"),
    path("<uuid:pk>/vacate/", ownerships.Vacate.as_view(), name="ownership_vacate"),
    path("people/<uuid:pk>/hand-over/", ownerships.HandOverPerson.as_view(), name="person_hand_over"),
    path("offers/", offers.OfferList.as_view(), name="offer_list"),
    path("offers/<uuid:pk>/", offers.OfferDetail.as_view(), name="offer_detail"),
    path("offers/<uuid:pk>/accept/", offers.OfferAccept.as_view(), name="offer_accept"),
    path("offers/<uuid:pk>/decline/", offers.OfferDecline.as_view(), name="offer_decline"),
    path("offers/<uuid:pk>/withdraw/", offers.OfferWithdraw.as_view(), name="offer_withdraw"),
    path("continuity/", continuity.DrillList.as_view(), name="drill_list"),
    path("continuity/run/", continuity.DrillRun.as_view(), name="drill_run"),
    path("continuity/<uuid:pk>/", continuity.DrillDetail.as_view(), name="drill_detail"),
]
