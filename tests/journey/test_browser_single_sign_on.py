"""Single sign-on in a real browser: the content security policy lets the form lead to the provider alone."""

from typing import Any

import pytest
from playwright.sync_api import TimeoutError as Late

from apps.gates.models import SignOff
from tests.journey.test_browser_journey import posted
from tests.people import identity_provider
from tests.people.test_oidc import trust
from tests.scenery import make_gate, make_scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_person_signs_in_at_the_provider_and_confirms_a_signature_there(
    page: Any, live_server: Any, settings: Any
) -> None:
    scene = make_scene()
    gate, signer = make_gate(scene), scene.people["business_owner"]
    with identity_provider.running() as provider:
        trust(provider, settings)
        provider.sign_in(signer.email)
        page.goto(live_server.url + "/accounts/login/")
        page.get_by_role("button", name="Sign in with Example ID").click()
        page.get_by_role("heading", name="My work").wait_for()
        page.goto(f"{live_server.url}/accounts/reauthenticate/?next=/gates/{gate.pk}/")
        page.get_by_role("link", name="Confirm with Example ID").click()
        page.get_by_role("button", name="Confirm with Example ID").click()
        page.wait_for_url(f"**/gates/{gate.pk}/")
        with posted(page):
            page.get_by_role("button", name="Sign", exact=True).click()
    assert SignOff.objects.get().confirmed_by == "single sign-on"


def test_a_form_leads_to_no_other_origin(page: Any, live_server: Any, settings: Any) -> None:
    with identity_provider.running() as provider:
        trust(provider, settings)
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": ["'self'"]}}
        page.goto(live_server.url + "/accounts/login/")
        page.get_by_role("button", name="Sign in with Example ID").click()
        with pytest.raises(Late):
            page.wait_for_url(f"{provider.issuer}/**", timeout=1000)
        assert not provider.requests
