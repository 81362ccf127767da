"""People, roles and tokens: every act and every refusal."""

import datetime as dt

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import clock, jobs
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.ledger.models import Entry
from apps.people import actions
from apps.people.actions.accounts import send_invitation_job
from apps.people.errors import (
    EmailTaken,
    GrantNotPossible,
    LastAdministrator,
    MailNotSent,
    NothingToInvite,
    OwnAccount,
    RoleNotAllowed,
    ScopeNotAllowed,
)
from apps.people.models import ApiToken, Membership, User
from tests.api.client import Caller
from tests.people.factories import PASSWORD, make_team, make_user, member
from tests.scenery import make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return make_user("Ada Min", organisation_role="administrator")


def test_an_invited_person_chooses_a_password_by_the_link(admin: User) -> None:
    team = make_team()
    user = actions.invite("New@Example.org", "New Person", by=admin, team=team, roles=("data_steward",))
    jobs.run_waiting()
    assert user.email == "new@example.org"
    link = next(word for word in mail.outbox[0].body.split() if word.startswith("http"))
    client = Client()
    answer = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    url = answer.redirect_chain[-1][0]
    client.post(url, {"password1": "a new long password", "password2": "a new long password"})
    user.refresh_from_db()
    assert user.check_password("a new long password")
    with pytest.raises(EmailTaken):
        actions.invite("NEW@example.org", "Twice", by=admin)
    with pytest.raises(NothingToInvite):
        actions.invite_again(user, by=admin)


def test_an_invitation_that_the_mail_server_refuses_is_said_and_sent_again(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = actions.invite("late@example.org", "Late", by=admin)

    def refuse(*_args: object) -> None:
        raise OSError("no route")

    with monkeypatch.context() as broken:
        broken.setattr("apps.people.mail.send_mail", refuse)
        jobs.run_waiting()
        with pytest.raises(MailNotSent, match="no route"):
            send_invitation_job(Job.objects.get(), lambda *_args: None)
    client = Client()
    client.force_login(admin)
    page = f"/settings/people/{user.pk}/"
    assert "The invitation could not be sent" in client.get(page).text
    assert client.post(page + "invite/").status_code == 302
    jobs.run_waiting()
    assert [letter.to for letter in mail.outbox] == [["late@example.org"]]
    assert "The invitation was sent" in client.get(page).text


def test_an_administrator_of_a_team_invites_into_it_and_nowhere_else() -> None:
    team, other = make_team(), make_team()
    local = member(team, "administrator")
    assert actions.invite("a@example.org", "A", by=local, team=team).memberships.get().role == "member"
    with pytest.raises(NotPermitted):
        actions.invite("b@example.org", "B", by=local, team=other)


def test_nobody_deactivates_themselves_or_the_last_administrator(admin: User) -> None:
    with pytest.raises(OwnAccount):
        actions.deactivate(admin, by=admin)
    team = make_team()
    Membership.objects.create(team=team, user=admin, role="member")
    with pytest.raises(NotPermitted):
        actions.deactivate(admin, by=member(team, "administrator"))
    with pytest.raises(OwnAccount):
        actions.set_organisation_role(admin, "", by=admin)
    second = make_user(organisation_role="administrator")
    actions.deactivate(second, by=admin)
    assert not User.objects.get(pk=second.pk).is_active
    assert actions.reactivate(second, by=admin).is_active


def test_a_team_administrator_closes_only_accounts_of_teams_they_administer() -> None:
    one, other = make_team(), make_team()
    local, person = member(one, "administrator"), member(one)
    Membership.objects.create(team=other, user=person, role="member")
    with pytest.raises(NotPermitted):
        actions.deactivate(person, by=local)
    Membership.objects.filter(team=other, user=person).delete()
    assert not actions.deactivate(person, by=local).is_active


def test_two_administrators_cannot_remove_each_other(admin: User) -> None:
    second = make_user(organisation_role="administrator")
    at_the_same_time = User.objects.get(pk=second.pk)
    actions.deactivate(second, by=admin)
    with pytest.raises(LastAdministrator):
        actions.deactivate(admin, by=at_the_same_time)


def test_deactivation_makes_vacancies_at_once(admin: User) -> None:
    scene = make_scene()
    actions.deactivate(scene.people["sponsor"], by=admin)
    _status, rows = Caller(scene.lead).get("vacancies/")
    assert [(row["responsibility"], row["subject_label"]) for row in rows] == [("sponsor", "Support assistant")]
    assert Entry.objects.filter(action="ownership.vacated").count() == 1


def test_roles_are_changed_and_recorded(admin: User) -> None:
    team, user = make_team(), make_user()
    assert actions.change_roles(user, team, ["member", "auditor"], by=admin) == ["auditor", "member"]
    entry = Entry.objects.get(action="person.roles_changed")
    assert entry.payload["changed"]["roles"] == {"from": [], "to": ["auditor", "member"]}
    assert actions.change_roles(user, team, [], by=admin) == []
    with pytest.raises(InvalidInput):
        actions.change_roles(user, team, ["emperor"], by=admin)
    local = member(team, "administrator")
    with pytest.raises(LastAdministrator):
        actions.change_roles(local, team, ["member"], by=local)


def test_teams_are_edited_with_their_revision(admin: User) -> None:
    caller = Caller(admin)
    _status, team = caller.post("teams/", {"name": "One"})
    path = f"teams/{team['id']}/"
    assert caller.call("PATCH", path, {"name": "Two"})[0] == 428
    assert caller.call("PATCH", path, {"name": "Two"}, If_Match='"7"')[0] == 412
    status, changed = caller.call("PATCH", path, {"name": "Two"}, If_Match='"1"')
    assert (status, changed["revision"], caller.last.headers["ETag"]) == (200, 2, '"2"')
    assert caller.post("teams/", {"name": "TWO"})[1]["code"] == "name_taken"


def test_a_token_is_shown_once_and_stops_when_it_is_revoked_or_ends() -> None:
    person = make_user()
    token, secret = actions.create_token(person, "pipeline", ["read"], by=person, days=1)
    assert secret not in str(ApiToken.objects.values())
    client = Client(headers={"Authorization": f"Token {secret}"})
    assert client.get("/api/v1/users/me/").status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None
    ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - dt.timedelta(seconds=1))
    assert client.get("/api/v1/users/me/").status_code == 401
    ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now() + dt.timedelta(days=1))
    actions.revoke_token(token, by=person)
    assert client.get("/api/v1/users/me/").status_code == 401
    assert Client(headers={"Authorization": "Token fg_nonsense"}).get("/api/v1/users/me/").status_code == 401


def test_a_token_is_its_owners() -> None:
    person, other = make_user(), make_user()
    with pytest.raises(NotPermitted):
        actions.create_token(person, "t", ["read"], by=other)
    token, _secret = actions.create_token(person, "t", ["read"], by=person)
    with pytest.raises(NotPermitted):
        actions.revoke_token(token, by=other)
    for scopes, days in ((["own"], 9), ([], 9), (["read"], 0), (["read"], 4000)):
        with pytest.raises(InvalidInput):
            actions.create_token(person, "t", scopes, by=person, days=days)


def test_a_service_account_has_no_scope_to_sign() -> None:
    team = make_team()
    local = member(team, "administrator")
    robot = actions.create_service_account(team, "Robot", by=local)
    with pytest.raises(ScopeNotAllowed):
        actions.create_token(robot, "t", ["read", "sign"], by=local)
    _token, secret = actions.create_token(robot, "t", ["read", "write"], by=local)
    client = Client(headers={"Authorization": f"Token {secret}"})
    assert client.get("/api/v1/users/me/").json()["kind"] == "service"
    answer = Client().post("/accounts/login/", {"login": robot.email, "password": "!"})
    assert answer.status_code == 200
    assert b"not correct" in answer.content


def test_a_program_holds_no_role_that_decides() -> None:
    team = make_team()
    local = member(team, "administrator")
    with pytest.raises(RoleNotAllowed):
        actions.create_service_account(team, "Robot", by=local, role="compliance_reviewer")
    robot = actions.create_service_account(team, "Robot", by=local)
    with pytest.raises(RoleNotAllowed):
        actions.change_roles(robot, team, ["governance_lead"], by=local)


def test_the_first_administrator_comes_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_administrator", "--email", "first@example.org", "--name", "First")
    link = capsys.readouterr().out.strip()
    assert Client().get(link, follow=True).status_code == 200
    assert User.objects.get().organisation_role == "administrator"
    with pytest.raises(CommandError):
        call_command("create_administrator", "--email", "FIRST@example.org", "--name", "Again")


def test_five_failed_sign_ins_lock_for_a_while() -> None:
    person = make_user()
    client = Client()
    answers = [
        client.post("/accounts/login/", {"login": person.email, "password": "wrong password"}) for _try in range(6)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    assert "account/locked.html" in [template.name for template in answers[-1].templates]
    again = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert again.status_code == 429
    other = make_user()
    assert Client().post("/accounts/login/", {"login": other.email, "password": PASSWORD}).status_code == 302


def test_nobody_signs_themselves_up() -> None:
    answer = Client().post(
        "/accounts/signup/", {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.filter(email="x@example.org").exists()
    assert answer.status_code == 200


def test_a_profile_takes_only_time_zones_that_exist() -> None:
    person, other = make_user(), make_user()
    actions.edit_profile(person, by=person, name="New Name", time_zone="Asia/Tokyo")
    assert User.objects.get(pk=person.pk).name == "New Name"
    with pytest.raises(InvalidInput):
        actions.edit_profile(person, by=person, name="x", time_zone="Middle/Earth")
    with pytest.raises(NotPermitted):
        actions.edit_profile(person, by=other, name="x", time_zone="")


def test_an_absence_ends_after_it_starts_and_is_taken_back() -> None:
    person, day = make_user(), dt.date(2026, 2, 28)
    with pytest.raises(InvalidInput):
        actions.record_absence(person, day, day - dt.timedelta(days=1), by=person)
    absence = actions.record_absence(person, day, day, by=person)
    assert actions.cancel_absence(absence, by=person).cancelled_at is not None
    with pytest.raises(NotPermitted):
        actions.record_absence(person, day, day, by=make_user())


def test_only_use_cases_and_datasets_are_shared() -> None:
    scene = make_scene()
    with pytest.raises(GrantNotPossible):
        actions.give_grant(make_user(), SubjectRef("dataset_version", scene.version.pk), by=scene.lead)


def test_people_of_other_teams_are_not_seen() -> None:
    mine, theirs = member(make_team()), member(make_team())
    assert Caller(mine).get(f"users/{theirs.pk}/")[0] == 404
    auditor = make_user(organisation_role="auditor")
    assert Caller(auditor).get(f"users/{theirs.pk}/")[0] == 200


def test_a_token_ends_at_the_very_moment_of_its_end() -> None:
    person = make_user()
    start = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    with clock.replay(start):
        token, secret = actions.create_token(person, "Pipeline", ["read"], by=person, days=1)
    assert token.expiry == start + dt.timedelta(days=1)
    header = {"HTTP_AUTHORIZATION": f"Token {secret}"}
    with clock.replay(token.expiry - dt.timedelta(microseconds=1)):
        assert Client().get("/api/v1/teams/", **header).status_code == 200
    with clock.replay(token.expiry):
        assert Client().get("/api/v1/teams/", **header).status_code == 401


def test_a_session_in_use_is_noted_once_a_minute() -> None:
    client = Client()
    client.force_login(make_user())
    with CaptureQueriesContext(connection) as first:
        client.get("/settings/")
    with CaptureQueriesContext(connection) as second:
        client.get("/settings/")
    touched = [
        sum("usersession" in row["sql"] and "SELECT" not in row["sql"] for row in found) for found in (first, second)
    ]
    assert touched[0] > touched[1] == 0


def test_roles_in_a_team_that_one_does_not_see_are_not_shown() -> None:
    here, elsewhere = make_team("Here"), make_team("Elsewhere")
    reader, person = member(here), member(here, "business_owner", name="In two teams")
    Membership.objects.create(team=elsewhere, user=person, role="auditor")
    status, found = Caller(reader).get(f"users/{person.pk}/")
    assert status == 200
    assert found["roles"] == [{"team": str(here.pk), "role": "business_owner"}]
    client = Client()
    client.force_login(reader)
    for page in (f"/settings/people/{person.pk}/", "/settings/people/"):
        assert "Elsewhere" not in client.get(page).content.decode()
