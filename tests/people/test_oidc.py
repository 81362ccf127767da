"""Sign-in at an OpenID Connect provider: who gets in, who does not, and what confirms a signature."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.gates.models import SignOff
from apps.ledger.models import Entry
from apps.people import actions
from apps.people.errors import AccountDeactivated, AddressNotVerified, NotInvited, OtherIdentity
from apps.people.identity import same_person
from apps.people.mail import invitation_link
from apps.people.models import User
from config import single_sign_on
from tests.people import identity_provider
from tests.people.factories import PASSWORD, make_team, make_user, member
from tests.people.identity_provider import IdentityProvider
from tests.scenery import make_gate, make_scene

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/oidc/sso/login/"
AGAIN = "/accounts/oidc/sso/reauthenticate/"
ADDRESS = "ines@example.org"


def trust(found: IdentityProvider, settings: Any) -> None:
    """Set what the environment would set."""
    environment = {
        "OIDC_ISSUER": found.issuer,
        "OIDC_CLIENT_ID": identity_provider.CLIENT,
        "OIDC_CLIENT_SECRET": identity_provider.SECRET,
        "OIDC_NAME": "Example ID",
    }
    settings.SOCIALACCOUNT_PROVIDERS = single_sign_on.providers(environment)
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    origins = ["'self'", *single_sign_on.form_action(environment)]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": origins}}


@pytest.fixture
def provider(settings: Any) -> Iterator[IdentityProvider]:
    with identity_provider.running() as found:
        trust(found, settings)
        yield found


def invited(email: str = ADDRESS, **values: Any) -> User:
    """Return a person whom an administrator has invited and who has not been here yet."""
    return actions.invite(email, "Ines Invited", by=make_user(organisation_role="administrator"), **values)


def leave(client: Client, path: str = LOGIN, **form: str) -> str:
    """Press the button and return where at the provider it leads."""
    answer = client.post(path, form)
    assert answer.status_code == 302
    return answer.headers["Location"]


def come_back(client: Client, location: str) -> Any:
    """Follow the provider's redirect by hand to the page that it ends on here."""
    back = requests.get(location, allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith("http://testserver/accounts/oidc/sso/login/callback/?")
    return client.get(back.removeprefix("http://testserver"))


def sign_in(client: Client, path: str = LOGIN, **form: str) -> Any:
    return come_back(client, leave(client, path, **form))


def form_action(page: Any) -> str:
    """Return where the page's content security policy lets forms lead to."""
    policy = dict(row.strip().split(" ", 1) for row in page.headers["Content-Security-Policy"].split(";"))
    return policy["form-action"]


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_without_an_issuer_there_is_no_button_and_no_way_in(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = single_sign_on.providers({})
    page = Client().get("/accounts/login/")
    assert "/oidc/" not in page.content.decode()
    assert form_action(page) == "'self'"
    assert Client().post(LOGIN).status_code == 404
    assert Client().get(LOGIN + "callback/").status_code == 404
    client = Client()
    client.force_login(make_user())
    assert client.get(AGAIN).status_code == 302
    assert single_sign_on.form_action({}) == []


def test_an_environment_that_cannot_work_is_refused_at_the_start() -> None:
    for environment in (
        {"OIDC_ISSUER": "https://id.example"},
        {"OIDC_ISSUER": "http://id.example"},
        {"OIDC_ISSUER": "id"},
    ):
        with pytest.raises(ImproperlyConfigured):
            single_sign_on.providers(environment)
    with pytest.raises(ImproperlyConfigured):
        single_sign_on.form_action({"OIDC_ISSUER": "https://id.example", "OIDC_AUTHORIZATION_ORIGIN": "javascript:"})


def test_the_form_may_lead_to_the_issuers_origin_or_to_those_named() -> None:
    issuer = {"OIDC_ISSUER": "https://id.example:8443/realms/one/", "OIDC_CLIENT_ID": "x"}
    assert single_sign_on.form_action(issuer) == ["https://id.example:8443"]
    named = issuer | {"OIDC_AUTHORIZATION_ORIGIN": "https://login.example/, https://other.example"}
    assert single_sign_on.form_action(named) == ["https://login.example", "https://other.example"]
    (app,) = single_sign_on.providers(issuer)["openid_connect"]["APPS"]
    assert (app["name"], app["settings"]["server_url"]) == ("Single sign-on", "https://id.example:8443/realms/one")


def test_the_sign_in_page_offers_the_provider(provider: IdentityProvider) -> None:
    page = Client().get("/accounts/login/?next=/gates/")
    text = page.content.decode()
    assert "Sign in with Example ID" in text
    assert f'action="{LOGIN}?process=login&amp;next=%2Fgates%2F"' in text
    assert form_action(page) == f"'self' {provider.issuer}"
    assert Client().get(LOGIN).status_code == 200


def test_an_invited_person_signs_in_and_the_ledger_says_how(provider: IdentityProvider) -> None:
    person = invited()
    provider.sign_in("Ines@Example.org")
    client = Client()
    answer = sign_in(client, LOGIN + "?process=login&next=/settings/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/settings/")
    assert client.post("/settings/", {"name": "Ines Arrived", "time_zone": ""}).status_code == 302
    connected, edited = Entry.objects.filter(action__in=["person.identity_connected", "person.edited"]).order_by("id")
    assert connected.content["subject"]["id"] == edited.content["subject"]["id"] == str(person.pk)
    assert connected.content["actor"]["via"] == edited.content["actor"]["via"] == "single sign-on"
    assert ADDRESS not in connected.body
    assert EmailAddress.objects.get(user=person).verified
    assert User.objects.filter(email=ADDRESS).count() == 1


def test_a_connected_person_keeps_the_account_whatever_the_address_becomes(provider: IdentityProvider) -> None:
    person = invited()
    provider.sign_in(ADDRESS, "subject")
    sign_in(Client())
    provider.sign_in("ines.married@example.org", "subject", verified=False)
    client = Client()
    sign_in(client)
    assert client.session["_auth_user_id"] == str(person.pk)
    assert SocialAccount.objects.count() == 1
    assert Entry.objects.filter(action="person.identity_connected").count() == 1


def test_a_person_who_chose_a_password_by_the_invitation_keeps_it(provider: IdentityProvider) -> None:
    person = invited()
    client = Client()
    url = client.get(invitation_link(person), follow=True).redirect_chain[-1][0]
    client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    assert EmailAddress.objects.get(user=person).verified
    client.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
    provider.sign_in(ADDRESS)
    other = Client()
    sign_in(other)
    assert is_signed_in(other)
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


def test_the_request_carries_state_nonce_and_a_challenge_and_nothing_from_the_link(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    sign_in(Client(), LOGIN + "?auth_params=prompt%3Dnone%26nonce%3Dmine&scope=offline_access")
    (asked,) = provider.requests
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) == 32
    assert "prompt" not in asked
    assert len(provider.posts[0]["code_verifier"]) >= 43


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes"])
def test_an_unverified_address_is_not_connected(provider: IdentityProvider, verified: Any) -> None:
    invited()
    provider.sign_in(ADDRESS, verified=verified)
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == AddressNotVerified.status == 403
    assert "did not say that it verified your e-mail address" in answer.content.decode()
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("address", ["ıneſ@example.org", "\u212aurt@example.org"])
def test_an_address_that_only_looks_like_another_after_folding_is_nobodys(
    provider: IdentityProvider, address: str
) -> None:
    invited()
    invited("kurt@example.org")
    provider.sign_in(address)
    client = Client()
    assert sign_in(client).status_code == 403
    assert not is_signed_in(client)


def test_the_user_information_says_the_address_where_the_id_token_does_not(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    provider.email_in_id_token = False
    client = Client()
    sign_in(client)
    assert is_signed_in(client)
    provider.userinfo = {"sub": "somebody else"}
    other = Client()
    assert sign_in(other).status_code == 401
    assert not is_signed_in(other)


def test_a_stranger_is_told_to_ask_for_an_invitation_and_no_account_exists(provider: IdentityProvider) -> None:
    provider.sign_in("stranger@example.org")
    client = Client()
    answer = sign_in(client)
    text = answer.content.decode()
    assert answer.status_code == NotInvited.status == 403
    assert "There is no account for stranger@example.org. Ask an administrator of Fourgate to invite" in text
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()
    assert not EmailAddress.objects.exists()
    assert not is_signed_in(client)
    assert client.get("/accounts/3rdparty/signup/").headers["Location"] == reverse("account_login")


def test_a_deactivated_person_is_refused_with_a_sentence(provider: IdentityProvider) -> None:
    admin = make_user(organisation_role="administrator")
    person, never_here = invited(), invited("later@example.org")
    provider.sign_in(ADDRESS)
    sign_in(Client())
    for user in (person, never_here):
        actions.deactivate(user, by=admin)
        provider.sign_in(user.email)
        client = Client()
        answer = sign_in(client)
        assert answer.status_code == 403
        assert "Your account is deactivated. Ask an administrator" in answer.content.decode()
        assert not is_signed_in(client)
    assert not SocialAccount.objects.filter(user=never_here).exists()


def test_a_deactivation_of_the_same_moment_is_not_undone(provider: IdentityProvider) -> None:
    person = invited()
    User.objects.filter(pk=person.pk).update(is_active=False)
    with pytest.raises(AccountDeactivated):
        actions.connect_identity(person, SocialAccount(provider="sso", uid="x"), ADDRESS)
    assert not User.objects.get(pk=person.pk).is_active


def test_a_service_account_is_nobody_at_the_provider(provider: IdentityProvider) -> None:
    team = make_team()
    robot = actions.create_service_account(team, "Robot", by=member(team, "administrator"))
    provider.sign_in(robot.email)
    assert sign_in(Client()).status_code == 403


def test_an_address_given_to_somebody_else_does_not_open_the_account(provider: IdentityProvider) -> None:
    person = invited()
    provider.sign_in(ADDRESS, "the first")
    sign_in(Client())
    provider.sign_in(ADDRESS, "the second")
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == OtherIdentity.status
    assert "belongs to another identity at the provider" in answer.content.decode()
    assert not is_signed_in(client)
    assert SocialAccount.objects.filter(user=person).count() == 1


def test_an_address_that_somebody_wrote_into_their_own_account_is_not_theirs(provider: IdentityProvider) -> None:
    thief = make_user()
    EmailAddress.objects.create(user=thief, email=ADDRESS, verified=False)
    provider.sign_in(ADDRESS)
    assert sign_in(Client()).status_code == 403
    EmailAddress.objects.filter(user=thief).update(verified=False)
    User.objects.filter(pk=thief.pk).update(email=ADDRESS, last_login=timezone.now())
    client = Client()
    assert sign_in(client).status_code == 403
    assert not is_signed_in(client)
    EmailAddress.objects.filter(user=thief, email=ADDRESS).update(verified=True)
    sign_in(client)
    assert is_signed_in(client)


def test_the_same_subject_of_another_issuer_is_another_person(provider: IdentityProvider, settings: Any) -> None:
    first, second = invited(), invited("other@example.org")
    provider.sign_in(ADDRESS, "1")
    sign_in(Client())
    with identity_provider.running() as successor:
        trust(successor, settings)
        successor.sign_in("other@example.org", "1")
        client = Client()
        sign_in(client)
    assert client.session["_auth_user_id"] == str(second.pk)
    assert not same_person(first, second)


def test_a_wrong_state_is_refused(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    client = Client()
    location = leave(client)
    back = (
        requests.get(location, allow_redirects=False, timeout=5).headers["Location"].removeprefix("http://testserver")
    )
    assert Client().get(back).status_code == 401, "another browser"
    assert client.get(back.replace("state=", "state=x")).status_code == 401
    assert not is_signed_in(client)
    assert client.get(back).status_code == 302
    assert Client().get(back).status_code == 401
    assert client.get(back).status_code == 401, "a state is used once"


def test_the_answer_to_another_sign_in_is_refused_by_its_nonce(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    for nonce in ("another", None):
        provider.id_token = {"nonce": nonce}
        client = Client()
        answer = sign_in(client)
        assert answer.status_code == 401
        assert "Nothing was changed. Try again" in answer.content.decode()
        assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another client"},
        {"azp": "another client"},
        {"exp": 1_700_000_000},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": 7},
        {"exp": None},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_us_or_not_for_now_is_refused(
    provider: IdentityProvider, claims: dict[str, Any]
) -> None:
    invited()
    provider.sign_in(ADDRESS)
    provider.id_token = claims
    client = Client()
    assert sign_in(client).status_code == 401
    assert not is_signed_in(client)


def test_an_id_token_signed_by_another_key_is_refused(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    provider.key = identity_provider.make_key("another")
    client = Client()
    assert sign_in(client).status_code == 401
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": None},
        {"jwks_uri": 7},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_a_discovery_document_of_somebody_else_or_in_pieces_leads_nowhere(
    provider: IdentityProvider, discovery: dict[str, Any]
) -> None:
    provider.discovery = discovery
    answer = Client().post(LOGIN)
    assert answer.status_code == 401
    assert "Example ID did not answer as it should" in answer.content.decode()


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_an_endpoint_that_answers_nonsense_gets_a_page_and_no_server_error(
    provider: IdentityProvider, endpoint: str
) -> None:
    invited()
    provider.sign_in(ADDRESS)
    provider.email_in_id_token = False
    provider.discovery = {endpoint: f"{provider.issuer}/nowhere"}
    client = Client()
    assert sign_in(client).status_code == 401
    assert not is_signed_in(client)


def test_a_provider_that_is_away_gets_a_page_and_passwords_still_work(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    client = Client()
    back = requests.get(leave(client), allow_redirects=False, timeout=5).headers["Location"]
    provider.server.shutdown()
    provider.server.server_close()
    assert client.get(back.removeprefix("http://testserver")).status_code == 401
    assert client.post(LOGIN).status_code == 401
    person = make_user()
    assert client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}).status_code == 302


def test_a_person_who_calls_it_off_lands_on_a_page(provider: IdentityProvider) -> None:
    provider.error = "access_denied"
    client = Client()
    page = client.get(sign_in(client).headers["Location"])
    assert "You did not sign in" in page.content.decode()
    provider.error = "temporarily_unavailable"
    assert sign_in(client).status_code == 401


def test_the_way_back_never_leaves_this_site(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    assert sign_in(Client(), LOGIN + "?next=https://elsewhere.example/").headers["Location"] == "/"


def test_a_second_factor_is_asked_after_the_provider_and_both_are_recorded(provider: IdentityProvider) -> None:
    person, secret = make_user(email=ADDRESS), "JBSWY3DPEHPK3PXP"
    TOTP.activate(person, secret)
    provider.sign_in(ADDRESS)
    client = Client()
    assert sign_in(client).headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_authenticate"), {"code": code})
    client.post("/settings/", {"name": "New", "time_zone": ""})
    assert Entry.objects.get(action="person.edited").content["actor"]["via"] == "single sign-on and second factor"


def signer_at_a_gate(provider: IdentityProvider) -> tuple[Client, str, dict[str, str]]:
    """Return a signer who came by single sign-on and has nothing else, the gate's page, and the form to sign it."""
    scene = make_scene()
    gate, signer = make_gate(scene), scene.people["business_owner"]
    User.objects.filter(pk=signer.pk).update(password="!")
    provider.sign_in(signer.email)
    client = Client()
    sign_in(client)
    form = {"dossier_digest": gate.dossier_digest, "responsibility": "business_owner", "verdict": "approve"}
    return client, f"/gates/{gate.pk}/", form


def test_confirming_at_the_provider_confirms_a_signature(provider: IdentityProvider) -> None:
    client, page, form = signer_at_a_gate(provider)
    assert client.post(page, form).status_code == 403, "the sign-in itself does not confirm"
    ask = client.get(f"/accounts/reauthenticate/?next={page}")
    assert ask.headers["Location"].startswith(AGAIN)
    assert "Confirm with Example ID" in client.get(ask.headers["Location"]).content.decode()
    answer = sign_in(client, AGAIN, next=page)
    assert answer.headers["Location"] == page
    assert (provider.requests[-1]["prompt"], provider.requests[-1]["max_age"]) == ("login", "0")
    assert client.post(page, form).status_code == 302
    row = SignOff.objects.get()
    assert (row.via, row.confirmed_by) == ("single sign-on", "single sign-on")


def test_a_person_with_a_password_may_confirm_at_the_provider_instead(provider: IdentityProvider) -> None:
    person = make_user(email=ADDRESS)
    provider.sign_in(ADDRESS)
    client = Client()
    client.force_login(person)
    assert "Confirm with Example ID" not in client.get("/accounts/reauthenticate/").content.decode()
    sign_in(client)
    assert "Confirm with Example ID" in client.get("/accounts/reauthenticate/?next=/gates/").content.decode()


def test_a_provider_that_does_not_ask_again_confirms_nothing(provider: IdentityProvider) -> None:
    client, page, form = signer_at_a_gate(provider)
    provider.asks_again = False
    assert sign_in(client, AGAIN, next=page).status_code == 401
    for moment in (None, "now", int(time.time()) + 3600):
        provider.asks_again, provider.id_token = True, {"auth_time": moment}
        assert sign_in(client, AGAIN, next=page).status_code == 401
    assert client.post(page, form).status_code == 403
    assert is_signed_in(client)


def test_somebody_else_at_the_provider_confirms_nothing(provider: IdentityProvider) -> None:
    client, page, form = signer_at_a_gate(provider)
    for email in (invited().email, "stranger@example.org"):
        provider.sign_in(email)
        assert sign_in(client, AGAIN, next=page).status_code in (403, 409)
    assert client.post(page, form).status_code == 403
    assert not SocialAccount.objects.filter(user__email=ADDRESS).exists()


def test_without_a_session_there_is_nothing_to_confirm(provider: IdentityProvider) -> None:
    invited()
    provider.sign_in(ADDRESS)
    client = Client()
    assert client.post(AGAIN).headers["Location"].startswith("/accounts/login/")
    assert sign_in(client, LOGIN + "?process=reauthenticate").status_code == 409
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["account_set_password", "mfa_activate_totp", "mfa_add_webauthn"])
def test_whoever_finds_a_session_open_cannot_give_it_another_way_to_confirm(
    provider: IdentityProvider, name: str
) -> None:
    client, _page, _form = signer_at_a_gate(provider)
    url = reverse(name)
    assert client.get(url).headers["Location"].startswith(AGAIN)
    assert sign_in(client, AGAIN, next=url).headers["Location"] == url
    assert client.get(url).status_code == 200
    other = Client()
    sign_in(other)
    form = {"password1": PASSWORD, "password2": PASSWORD}
    assert other.post(url, form).headers["Location"].startswith(AGAIN)
    assert not User.objects.get(pk=other.session["_auth_user_id"]).has_usable_password()
    assert sign_in(other, AGAIN, next=url).status_code in (200, 302), "what was posted goes on after the confirmation"


def test_an_identity_is_connected_and_disconnected_by_its_owner_and_recorded(provider: IdentityProvider) -> None:
    person = make_user(email=ADDRESS)
    client = Client()
    client.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
    provider.sign_in(make_user().email)
    assert sign_in(client, LOGIN + "?process=connect").status_code == 409
    assert not SocialAccount.objects.filter(user=person).exists()
    provider.sign_in(ADDRESS)
    sign_in(client, LOGIN + "?process=connect")
    account = SocialAccount.objects.get(user=person)
    page = reverse("socialaccount_connections")
    assert ADDRESS in client.get(page).content.decode()
    assert client.post(page, {"account": account.pk}).headers["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post(page, {"account": account.pk})
    assert not SocialAccount.objects.filter(user=person).exists()
    actions_taken = Entry.objects.filter(action__startswith="person.identity").order_by("id")
    assert [row.action for row in actions_taken] == ["person.identity_connected", "person.identity_disconnected"]


def test_whoever_has_no_password_keeps_the_connection(provider: IdentityProvider) -> None:
    client, _page, _form = signer_at_a_gate(provider)
    account = SocialAccount.objects.get()
    sign_in(client, AGAIN, next="/")
    answer = client.post(reverse("socialaccount_connections"), {"account": account.pk})
    assert "no password" in answer.content.decode()
    assert SocialAccount.objects.exists()


def test_no_mail_and_no_token_leaves_a_sign_in(provider: IdentityProvider) -> None:
    invited()
    mail.outbox.clear()
    provider.sign_in(ADDRESS, name="Ines at the provider", groups=["everybody"])
    sign_in(Client())
    assert not mail.outbox
    account = SocialAccount.objects.get()
    assert set(account.extra_data) == {"issuer", "subject", "email"}
    assert not account.socialtoken_set.exists()
