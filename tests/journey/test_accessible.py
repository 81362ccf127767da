"""axe-core finds nothing on any page, light and dark, wide and narrow; no page is wider than the window."""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.management import call_command
from django.urls import reverse

from apps.datasets.actions import link_token
from tests.journey.test_browser_journey import sign_in
from tests.people.factories import member
from tests.scenery import make_export
from tests.test_pages import OF_ITS_HOLDER, ONLY_POST, arguments, furnished, pages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
OTHERS = ("/accounts/2fa/", "/accounts/password/change/", "/accounts/sessions/", "/search/?q=zz", "/gates/?search=zz")
SIGNED_OUT = ("/accounts/login/", "/accounts/password/reset/", "/not-there/")
THEMES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": ["cat.color"], "rules": {"color-contrast-enhanced": {"enabled": False}}},
}
FRAGMENTS = {
    "agenda:bell",
    "datasets:inspection_panel", "datasets:annotation_panel", "ledger:job_panel", "ledger:export_download",
    "evidence:document_download",
    "datasets:version_datasheet_pdf", "datasets:version_croissant",
    "datasets:export_file", "registry:version_card_pdf", "registry:version_check_panel", "evaluations:run_file",
    "datasets:audit_panel", "datasets:version_compare_panel", "datasets:version_derivation_panel",
    "datasets:table_read_panel", "gates:gate_pdf", "releases:release_attestation",
}  # fmt: skip


def problems(page: Any, url: str) -> list[str]:
    """Return what is wrong with a page: all rules in light; in dark, where only colours differ, those about them."""
    page.goto(url)
    page.evaluate(AXE_SCRIPT)
    found = []
    for theme, rules in THEMES.items():
        page.evaluate(f"document.documentElement.dataset.bsTheme = '{theme}'")
        options = {"resultTypes": ["violations"], **rules}
        for row in page.evaluate("options => axe.run(options).then(results => results.violations)", options):
            nodes = "; ".join(str(node["target"]) for node in row["nodes"][:3])
            found.append(f"{url} {theme}: {row['id']} {nodes}")
    page.set_viewport_size({"width": 390, "height": 844})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{url}: wider than a phone")
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


def test_axe_finds_nothing_on_any_page(page: Any, live_server: Any) -> None:
    scene, gate = furnished()
    scene.sign(gate, "business_owner", "request_changes", comment="Look again")
    call_command("notary", "--once")
    roles = ("administrator", "governance_lead", "auditor", "technical_owner")
    admin = member(scene.team, *roles, name="Ada Min", organisation_role="administrator")
    sign_in(page, live_server.url, admin)
    found = []
    for name, keys in pages():
        if name not in ONLY_POST | FRAGMENTS | OF_ITS_HOLDER:
            found += problems(page, live_server.url + reverse(name, kwargs=arguments(name, keys, scene, gate)))
    for path in OTHERS:
        found += problems(page, live_server.url + path)
    page.context.clear_cookies()
    link = reverse("datasets:export_link", args=[link_token(make_export(scene, is_for_anyone=True))])
    for path in (*SIGNED_OUT, link):
        found += problems(page, live_server.url + path)
    assert not found, "\n".join(found)


def test_no_page_breaks_the_content_security_policy(page: Any, live_server: Any) -> None:
    scene, gate = furnished()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Content Security" in message.text else None)
    sign_in(page, live_server.url, scene.people["business_owner"])
    for path in ("/", f"/gates/{gate.pk}/", f"/datasets/versions/{scene.version.pk}/", "/settings/", "/accounts/2fa/"):
        page.goto(live_server.url + path)
    assert not broken
