from django.urls import path

from apps.people.views import others, own

app_name = "people"
urlpatterns = [
    path("", own.Profile.as_view(), name="profile"),
    path("team/", own.TeamSwitch.as_view(), name="team_switch"),
    path("roles/", own.Roles.as_view(), name="roles"),
    path("tokens/new/", own.TokenCreate.as_view(), name="token_create"),
    path("tokens/<uuid:pk>/revoke/", own.TokenRevoke.as_view(), name="token_revoke"),
    path("absences/new/", own.AbsenceCreate.as_view(), name="absence_create"),
    path("absences/<uuid:pk>/cancel/", own.AbsenceCancel.as_view(), name="absence_cancel"),
    path("sessions/<int:pk>/end/", own.SessionEnd.as_view(), name="session_end"),
    path("people/", others.PersonList.as_view(), name="person_list"),
    path("people/invite/", others.PersonInvite.as_view(), name="person_invite"),
    path("people/<uuid:pk>/", others.PersonDetail.as_view(), name="person_detail"),
    path("people/<uuid:pk>/roles/<uuid:team>/", others.PersonRoles.as_view(), name="person_roles"),
    path("people/<uuid:pk>/organisation/", others.PersonOrganisationRole.as_view(), name="person_organisation_role"),
    path("people/<uuid:pk>/invite/", others.PersonInviteAgain.as_view(), name="person_invite_again"),
    path("people/<uuid:pk>/deactivate/", others.PersonSwitch.as_view(verb="deactivate"), name="person_deactivate"),
    path("people/<uuid:pk>/reactivate/", others.PersonSwitch.as_view(verb="reactivate"), name="person_reactivate"),
    path("people/<uuid:pk>/tokens/new/", others.ServiceToken.as_view(), name="service_token"),
    path("teams/", others.TeamList.as_view(), name="team_list"),
    path("teams/new/", others.TeamCreate.as_view(), name="team_create"),
    path("teams/<uuid:pk>/", others.TeamDetail.as_view(), name="team_detail"),
    path("teams/<uuid:pk>/edit/", others.TeamEdit.as_view(), name="team_edit"),
    path("teams/<uuid:pk>/service-accounts/new/", others.ServiceAccountCreate.as_view(), name="service_account_create"),
    path("sharing/<slug:subject_type>/<uuid:subject_id>/", others.Sharing.as_view(), name="sharing"),
    path(
        "sharing/<slug:subject_type>/<uuid:subject_id>/<uuid:pk>/end/",
        others.SharingEnd.as_view(),
        name="sharing_end",
    ),
]
