from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import subjects
from apps.core.api.views import ApiView, ReadView, expected_revision, set_etag
from apps.core.errors import NotFound
from apps.core.subjects import SubjectRef
from apps.people import actions, confirmations
from apps.people.filters import PersonFilter, TeamFilter
from apps.people.models import Absence, ApiToken, Confirmation, Team, User
from apps.people.roles import OrganisationRole, Role
from apps.people.visibility import roles_seen_by, visible_people


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["id", "name", "description", "revision", "created_at", "updated_at"]
        read_only_fields = ["id", "revision", "created_at", "updated_at"]
        validators: list[Any] = []


class MemberSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))


class TeamViewSet(ReadView):
    """Teams that the caller may see; created and changed by administrators."""

    model = Team
    serializer_class = TeamSerializer
    filterset_class = TeamFilter
    orderings = {"name": "name"}

    def _answer(self, team: Team, code: int) -> Response:
        response = Response(TeamSerializer(team).data, status=code)
        set_etag(response, team)
        return response

    def create(self, request: Any) -> Response:
        serializer = TeamSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        team = actions.create_team(by=request.user, **serializer.validated_data)
        return self._answer(team, status.HTTP_201_CREATED)

    def partial_update(self, request: Any, pk: str) -> Response:
        team = self.get_object()
        serializer = TeamSerializer(team, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changed = actions.edit_team(
            team.pk, by=request.user, revision=expected_revision(request), **serializer.validated_data
        )
        return self._answer(changed, status.HTTP_200_OK)

    @extend_schema(responses=MemberSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def members(self, request: Any, pk: str) -> Response:
        found: dict[Any, dict[str, Any]] = {}
        for row in self.get_object().memberships.select_related("user").order_by("user__name", "role"):
            found.setdefault(row.user_id, {"id": row.user_id, "name": row.user.name, "roles": []})["roles"].append(
                row.role
            )
        return Response(list(found.values()))


class RoleInTeamSerializer(serializers.Serializer[Any]):
    team = serializers.UUIDField(source="team_id")
    role = serializers.ChoiceField(choices=Role.choices)


class UserSerializer(serializers.ModelSerializer[User]):
    roles = RoleInTeamSerializer(source="memberships", many=True, read_only=True)
    organisation_role = serializers.CharField(read_only=True, help_text="Empty, `auditor` or `administrator`.")

    class Meta:
        model = User
        fields = ["id", "name", "kind", "is_active", "organisation_role", "roles", "created_at"]
        read_only_fields = fields


class InviteSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField(max_length=120)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.all(), required=False, allow_null=True, default=None
    )
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices), required=False, default=list)


class ChangeRolesSerializer(serializers.Serializer[Any]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))


class OrganisationRoleSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=OrganisationRole.choices, allow_blank=True)


class ProfileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    time_zone = serializers.CharField(max_length=60, allow_blank=True, default="")


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""


class UserViewSet(ReadView):
    """People and service accounts that the caller may see; managed by administrators."""

    model = User
    serializer_class = UserSerializer
    filterset_class = PersonFilter
    orderings = {"name": "name"}

    def get_queryset(self) -> QuerySet[User]:
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        return visible_people(self.request.user).prefetch_related(roles_seen_by(self.request.user))

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(serializer.validated_data)
        return data

    def _answer(self, pk: Any, code: int = status.HTTP_201_CREATED) -> Response:
        user = User.objects.prefetch_related(roles_seen_by(self.request.user)).get(pk=pk)
        return Response(UserSerializer(user).data, status=code)

    @extend_schema(request=InviteSerializer, responses={201: UserSerializer})
    def create(self, request: Any) -> Response:
        """Invite a person: they get an e-mail with a link to choose a password."""
        data = self._data(InviteSerializer)
        roles = tuple(data.pop("roles"))
        return self._answer(actions.invite(by=request.user, roles=roles, **data).pk)

    @extend_schema(methods=["GET"], responses=UserSerializer, filters=False)
    @extend_schema(methods=["POST"], request=ProfileSerializer, responses={200: UserSerializer}, filters=False)
    @action(detail=False, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def me(self, request: Any) -> Response:
        """Read one's own account, or change one's name and time zone."""
        if request.method == "POST":
            actions.edit_profile(request.user, by=request.user, **self._data(ProfileSerializer))
        return self._answer(request.user.pk, status.HTTP_200_OK)

    @extend_schema(request=NothingSerializer, responses={201: UserSerializer})
    @action(detail=True, methods=["post"])
    def invitations(self, request: Any, pk: str) -> Response:
        """Send the link to choose a password again; refused once the person has joined."""
        return self._answer(actions.invite_again(self.get_object(), by=request.user).pk)

    @extend_schema(request=NothingSerializer, responses={201: UserSerializer})
    @action(detail=True, methods=["post"])
    def deactivations(self, request: Any, pk: str) -> Response:
        return self._answer(actions.deactivate(self.get_object(), by=request.user).pk)

    @extend_schema(request=NothingSerializer, responses={201: UserSerializer})
    @action(detail=True, methods=["post"])
    def reactivations(self, request: Any, pk: str) -> Response:
        return self._answer(actions.reactivate(self.get_object(), by=request.user).pk)

    @extend_schema(request=ChangeRolesSerializer, responses={201: UserSerializer})
    @action(detail=True, methods=["post"])
    def roles(self, request: Any, pk: str) -> Response:
        """Give the user exactly these roles in the team."""
        user, data = self.get_object(), self._data(ChangeRolesSerializer)
        actions.change_roles(user, data["team"], data["roles"], by=request.user)
        return self._answer(user.pk)

    @extend_schema(request=OrganisationRoleSerializer, responses={201: UserSerializer})
    @action(detail=True, methods=["post"], url_path="organisation-roles")
    def organisation_roles(self, request: Any, pk: str) -> Response:
        data = self._data(OrganisationRoleSerializer)
        return self._answer(actions.set_organisation_role(self.get_object(), data["role"], by=request.user).pk)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    prefix = serializers.CharField(source="token_key", read_only=True)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created", "expiry", "last_used_at", "revoked_at"]
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=["read", "write", "sign"]), min_length=1)
    days = serializers.IntegerField(min_value=1, max_value=366, default=90)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(kind=User.Kind.SERVICE),
        required=False,
        allow_null=True,
        default=None,
        help_text="A service account; without it the token is your own.",
    )


class TokenSecretSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class TokenViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView):
    """One's own tokens: created (the secret is shown once) and revoked."""

    model = ApiToken
    serializer_class = TokenSerializer
    lookup_field = "id"
    lookup_value_regex = "[0-9a-f-]{36}"
    lookup_url_kwarg = "pk"
    default_ordering = ("-created", "-id")

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return ApiToken.objects.none()
        return ApiToken.objects.filter(user=self.request.user)

    @extend_schema(request=NewTokenSerializer, responses={201: TokenSecretSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        owner = data.pop("owner") or request.user
        token, secret = actions.create_token(owner, data.pop("name"), data.pop("scopes"), by=request.user, **data)
        return Response({**TokenSerializer(token).data, "token": secret}, status=status.HTTP_201_CREATED)

    def destroy(self, request: Any, pk: str) -> Response:
        actions.revoke_token(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ServiceAccountSerializer(serializers.Serializer[Any]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    name = serializers.CharField(max_length=120)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.DATA_STEWARD)


class ServiceAccountViewSet(ApiView):
    """Accounts for programs: they submit evidence and never sign."""

    serializer_class = ServiceAccountSerializer

    @extend_schema(responses={201: UserSerializer})
    def create(self, request: Any) -> Response:
        serializer = ServiceAccountSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = actions.create_service_account(by=request.user, **serializer.validated_data)
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)


class AbsenceSerializer(serializers.ModelSerializer[Absence]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False)

    class Meta:
        model = Absence
        fields = ["id", "user", "starts_on", "ends_on", "note", "cancelled_at"]
        read_only_fields = ["id", "cancelled_at"]


class AbsenceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView):
    """Days on which people are away: one's own, or those of people one manages."""

    model = Absence
    serializer_class = AbsenceSerializer

    def get_queryset(self) -> QuerySet[Absence]:
        if getattr(self, "swagger_fake_view", False):
            return Absence.objects.none()
        return Absence.objects.filter(user__in=visible_people(self.request.user))

    def create(self, request: Any) -> Response:
        serializer = AbsenceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        user = data.pop("user", request.user)
        absence = actions.record_absence(user, by=request.user, **data)
        return Response(AbsenceSerializer(absence).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Any, pk: str) -> Response:
        actions.cancel_absence(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GrantSerializer(serializers.Serializer[Any]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()


class GrantViewSet(ApiView):
    """Exceptional grants: one thing shared with one person from outside its team; ``withdrawals`` takes it back."""

    serializer_class = GrantSerializer

    def _shared(self, request: Any) -> tuple[User, SubjectRef]:
        serializer = GrantSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        ref = SubjectRef.parse(data["subject_type"], data["subject_id"])
        subjects.get(ref, request.user)
        return data["user"], ref

    def create(self, request: Any) -> Response:
        user, ref = self._shared(request)
        actions.give_grant(user, ref, by=request.user)
        return Response(request.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=GrantSerializer, responses={201: GrantSerializer})
    @action(detail=False, methods=["post"])
    def withdrawals(self, request: Any) -> Response:
        user, ref = self._shared(request)
        actions.withdraw_grant(user, ref, by=request.user)
        return Response(request.data, status=status.HTTP_201_CREATED)


class ConfirmSerializer(serializers.Serializer[Any]):
    password = serializers.CharField(
        max_length=4096, required=False, default="", trim_whitespace=False, allow_blank=True
    )
    code = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class ConfirmationSerializer(serializers.ModelSerializer[Confirmation]):
    class Meta:
        model = Confirmation
        fields = ["id", "method", "expires_at"]
        read_only_fields = fields


class ConfirmationViewSet(ApiView):
    """Confirm that it is you, with your password or one-time code: for one signature within ten minutes."""

    serializer_class = ConfirmSerializer
    required_scope = "sign"
    undoes_refused = False

    @extend_schema(responses={201: ConfirmationSerializer})
    def create(self, request: Any) -> Response:
        serializer = ConfirmSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        confirmation = confirmations.confirm(request.user, **serializer.validated_data)
        return Response(ConfirmationSerializer(confirmation).data, status=status.HTTP_201_CREATED)


class SessionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    ip = serializers.CharField()
    user_agent = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


class SessionViewSet(ApiView):
    """One's own sessions."""

    serializer_class = SessionSerializer
    pagination_class = None
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(responses=SessionSerializer(many=True))
    def list(self, request: Any) -> Response:
        return Response(SessionSerializer(request.user.usersession_set.order_by("-last_seen_at"), many=True).data)

    def destroy(self, request: Any, pk: str) -> Response:
        if not request.user.usersession_set.filter(pk=pk).exists():
            raise NotFound(_("There is no such session of yours."))
        actions.end_session(int(pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("teams", TeamViewSet, basename="team")
    router.register("users", UserViewSet, basename="user")
    router.register("tokens", TokenViewSet, basename="token")
    router.register("service-accounts", ServiceAccountViewSet, basename="service-account")
    router.register("absences", AbsenceViewSet, basename="absence")
    router.register("grants", GrantViewSet, basename="grant")
    router.register("sessions", SessionViewSet, basename="session")
    router.register("me/confirmations", ConfirmationViewSet, basename="confirmation")
