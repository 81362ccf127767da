"""`./fourgate screenshots`: every page of the demo, light and dark, wide and narrow."""

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from config import browser
from config.demo.people import PASSWORD
from config.embedded.running import answers, children, manage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "screenshots"
PORT = int(os.environ.get("SCREENSHOT_PORT", "8765"))
URL = f"http://localhost:{PORT}"
SIZES = {"1440": (1440, 1000), "390": (390, 844)}
FIXED = {
    "my-work": "/",
    "due": "/due/",
    "notifications": "/notifications/",
    "reviews": "/reviews/",
    "reviews-calendar": "/reviews/calendar/",
    "reviews-overdue": "/reviews/overdue/",
    "review-templates": "/reviews/templates/",
    "review-feed": "/reviews/feed/",
    "mail-preferences": "/settings/mails/",
    "mails": "/settings/mails/sent/",
    "use-cases": "/use-cases/",
    "use-case-new": "/use-cases/new/",
    "datasets": "/datasets/",
    "sources": "/datasets/sources/",
    "source-new": "/datasets/sources/new/",
    "lineage": "/datasets/lineage/",
    "lineage-new": "/datasets/lineage/new/",
    "lineage-events": "/datasets/lineage/events/new/",
    "models": "/models/",
    "suites": "/evaluations/",
    "evaluation-runs": "/evaluations/runs/",
    "models-nothing": "/models/?search=nothing-like-this",
    "runs": "/models/runs/",
    "model-versions": "/models/versions/",
    "webhooks": "/settings/webhooks/",
    "webhook-new": "/settings/webhooks/new/",
    "environments": "/releases/",
    "environments-nothing": "/releases/?search=nothing-like-this",
    "environment-new": "/releases/environments/new/",
    "releases": "/releases/all/",
    "rollbacks": "/releases/rollbacks/",
    "rehearsals": "/releases/rehearsals/",
    "gates": "/gates/",
    "gates-nothing": "/gates/?search=nothing-like-this",
    "policies": "/gates/policies/",
    "policy-propose": "/gates/policies/propose/start/",
    "portfolio": "/readiness/",
    "frameworks": "/readiness/frameworks/",
    "framework-propose": "/readiness/frameworks/propose/readiness/",
    "owners": "/owners/",
    "owners-then": f"/owners/?as_of={dt.date.today() - dt.timedelta(weeks=2)}T09:12",
    "responsibilities": "/owners/responsibilities/",
    "offers": "/owners/offers/",
    "drills": "/owners/continuity/",
    "drill-ask": "/owners/continuity/run/",
    "trail": "/trail/",
    "seals": "/trail/seals/",
    "entry": "/trail/60/",
    "search": "/search/?q=card",
    "settings": "/settings/",
    "roles": "/settings/roles/",
    "people": "/settings/people/",
    "invite": "/settings/people/invite/",
    "teams": "/settings/teams/",
    "token-new": "/settings/tokens/new/",
    "two-factor": "/accounts/2fa/",
    "password": "/accounts/password/change/",
}
PEOPLE = {
    "invite": "ada",
    "trail": "audrey",
    "mails": "ada",
    "seals": "audrey",
    "entry": "audrey",
    "people": "ada",
    "teams": "ada",
}


def sign_in(page: Page, who: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{URL}/accounts/login/")
    page.fill("[name=login]", f"{who}@demo.example")
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{URL}/")


def found(page: Page) -> dict[str, tuple[str, str]]:
    """Return pages whose address is known only once the demo is there, with who looks at them."""
    sign_in(page, "ines")

    def first(path: str, text: str, within: str = "a") -> str:
        page.goto(URL + path)
        return str(page.locator(within, has_text=text).first.get_attribute("href"))

    dataset = first("/datasets/", "Customer questions")
    version = first(dataset, "v1")
    guidelines = f"{dataset}guidelines/"
    guideline, draft = first(guidelines, "Version 2", "td a"), first(guidelines, "Version 3", "td a")
    desk = first(first("/datasets/", "Identity questions"), "v2")
    metadata = first(f"{dataset}metadata/", "README.md")
    taken = first(f"{dataset}metadata/", "banking77-croissant.json")
    audits = f"{version}audits/"
    audit = first(audits, "Audit 1", "main table a")
    second = first(dataset, "v2")
    cards = first(first("/datasets/", "Card questions"), "v1")
    running = first(f"{cards}audits/", "Audit 1", "main table a")
    case = first("/use-cases/", "Support assistant")
    missed_review = first("/reviews/?state=missed", "review", "td a")
    open_review = first("/reviews/?state=open", "Weekly review", "td a")
    model = first("/models/", "Intent classifier", "td a")
    run, unapproved = first(model, "Run 1", "td a"), first(model, "Run 2", "td a")
    artefact, elsewhere = first(run, "0.1.0", "td a"), first(run, "0.1.0-q4", "td a")
    live = first("/releases/all/?state=live", "0.1.0", "td a")
    proposal = first("/releases/all/?state=proposed", "0.1.0-q4", "td a")
    staging = first("/releases/", "Staging", "td a")
    build = first("/gates/?kind=build", "Intent classifier", "td a")
    hook = first("/settings/webhooks/", "Deployment board", "td a")
    undelivered = first(f"{hook}?state=dead", "", "td a")
    drill = first("/owners/continuity/", "Bruno")
    offer = first("/owners/offers/?state=pending&search=luc", "Sponsor")
    bruno = first("/settings/people/", "Bruno")
    who = bruno.rstrip("/").rsplit("/", 1)[-1]
    blocked = first("/gates/?state=open", "Customer questions")
    approved = first("/gates/?state=approved", "Card questions")
    lapsed = first("/gates/?state=lapsed", "Identity questions")
    proposed = first("/gates/policies/", "version 2")
    assessment = first("/readiness/?search=Support", "Experimenting", "td a")
    history = first("/readiness/?search=Support", "Support assistant")
    copies = f"{version}copies/"
    overdue = first(f"{copies}?state=overdue", "Vector store")
    gone = first(f"{copies}?state=deleted", "Notebook server")
    identity = first(first("/datasets/", "Identity questions"), "v1")
    help_desk = first("/datasets/sources/", "Help desk export")
    sign_in(page, "magda")
    refunds = first(first("/datasets/", "Refund requests"), "v1")
    invoices = first("/datasets/sources/", "Invoice archive")
    invoices_key = invoices.rstrip("/").rsplit("/", 1)[-1]
    node = first("/datasets/lineage/?kind=run", "claims.join_refunds", "td a")
    sign_in(page, "teodora")
    export = first(f"{version}exports/?state=open", "Customer questions", "td a")
    link = first(export, "Open the link").removeprefix(URL)
    sign_in(page, "kofi")
    review = first("/gates/?state=in_review", "Disputed payments")
    callbacks = first(first("/datasets/", "Callback requests"), "v1")
    sign_in(page, "teodora")
    suite = first("/evaluations/", "Intents about cards", "td a")
    suite_version = first(suite, "Intents about cards v1")
    wide = first(first("/evaluations/", "All 77 intents", "td a"), "All 77 intents v1")
    missed = first("/evaluations/runs/", "Intent classifier 0.1.0-q4", "td a")
    judged = first("/evaluations/runs/", "Intent classifier 0.1.0", "td a")
    standing = first(missed, "The model version")
    finding = first(standing, "1. Any question")
    outputs = first(judged, "Review 1")
    baseline = first(suite, "Large model, five examples")
    return {
        "suite": (suite, "teodora"),
        "suite-version": (suite_version, "bruno"),
        "suite-draft": (wide, "teodora"),
        "suite-edit": (f"{wide}edit/", "teodora"),
        "evaluation-import": (f"{suite_version}import/", "teodora"),
        "evaluation-compare": (f"{suite_version}compare/", "teodora"),
        "evaluation-run": (missed, "teodora"),
        "evaluation-version": (standing, "ravi"),
        "evaluation-comparison": (first(suite_version, "Intent classifier", "#comparisons a"), "teodora"),
        "finding": (finding, "kofi"),
        "output-review": (outputs, "teodora"),
        "output-judging": (f"{outputs}judge/", "kofi"),
        "baseline": (baseline, "teodora"),
        "version-sensitive": (f"{callbacks}sensitive/", "kofi"),
        "version-sensitive-nothing": (f"{version}sensitive/", "kofi"),
        "sensitive-decide": (f"{callbacks}sensitive/phone/", "kofi"),
        "dataset": (dataset, "teodora"),
        "environment": (staging, "teodora"),
        "release": (live, "ines"),
        "release-proposed": (proposal, "teodora"),
        "release-rehearse": (f"{proposal}rehearse/", "teodora"),
        "release-compare": (f"{proposal}compare/", "teodora"),
        "release-withdraw": (f"{live}withdraw/", "teodora"),
        "release-roll-back": (f"{live}roll-back/", "teodora"),
        "rollback": (first("/releases/rollbacks/", "0.1.0", "td a"), "ines"),
        "release-propose": (artefact.replace("/models/versions/", "/releases/of-version/") + "propose/", "teodora"),
        "version": (version, "teodora"),
        "version-dirty": (callbacks, "kofi"),
        "annotation": (f"{version}annotation/", "bruno"),
        "annotation-add": (f"{version}annotation/add/", "teodora"),
        "annotation-items": (f"{version}annotation/items/", "ravi"),
        "guidelines": (guidelines, "ravi"),
        "guideline": (guideline, "ravi"),
        "guideline-draft": (draft, "ravi"),
        "guideline-changes": (f"{guideline}changes/", "ravi"),
        "guideline-edit": (f"{draft}edit/", "sanne"),
        "version-lineage": (f"{desk}lineage/", "hana"),
        "version-lineage-opened": (f"{desk}lineage/?whole=1", "hana"),
        "version-lineage-bad": (f"{refunds}lineage/", "magda"),
        "version-datasheet": (f"{version}datasheet/", "teodora"),
        "metadata-read": (f"{dataset}metadata/", "teodora"),
        "metadata": (metadata, "teodora"),
        "metadata-taken": (taken, "teodora"),
        "source": (invoices, "magda"),
        "source-edit": (f"{invoices}edit/", "magda"),
        "lineage-downstream": (f"/datasets/lineage/of/source/{invoices_key}/downstream/", "magda"),
        "lineage-node": (node, "magda"),
        "lineage-record": (refunds.replace("/versions/", "/lineage/of/dataset_version/") + "inputs/new/", "magda"),
        "version-copies": (copies, "teodora"),
        "version-copies-erased": (f"{identity}copies/", "ines"),
        "version-erase": (f"{version}erase/", "ines"),
        "version-access": (f"{version}access/", "kofi"),
        "version-unmask": (f"{version}unmask/", "kofi"),
        "version-exports": (f"{version}exports/", "teodora"),
        "export": (export, "teodora"),
        "export-new": (f"{version}exports/new/", "teodora"),
        "export-link": (link, "teodora"),
        "copy-overdue": (overdue, "sanne"),
        "copy-gone": (gone, "ines"),
        "copy-delete": (f"{overdue}delete/", "sanne"),
        "copy-extend": (f"{overdue}extend/", "kofi"),
        "copy-new": (f"{copies}new/", "teodora"),
        "source-copies": (f"{help_desk}copies/", "ines"),
        "work-with-copies": ("/", "sanne"),
        "version-audits": (audits, "sanne"),
        "audit": (audit, "sanne"),
        "audit-rows": (f"{audit}rows/", "sanne"),
        "audit-draw": (f"{second}audits/draw/", "sanne"),
        "audit-running": (running, "sanne"),
        "audit-review": (f"{running}review/", "bruno"),
        "audit-invite": (f"{running}reviewers/", "sanne"),
        "version-compare": (f"{second}compare/", "bruno"),
        "work-of-lead": ("/", "sanne"),
        "work-of-reviewer": ("/", "bruno"),
        "version-register": (f"{dataset}register/", "teodora"),
        "table-reads": (f"{dataset}tables/", "teodora"),
        "use-case": (case, "ines"),
        "review-missed": (missed_review, "ines"),
        "review-perform": (f"{open_review}perform/", "teodora"),
        "model": (model, "ravi"),
        "model-new": (case.replace("/use-cases/", "/models/new/"), "teodora"),
        "model-edit": (f"{model}edit/", "teodora"),
        "run": (run, "ravi"),
        "run-unapproved": (unapproved, "teodora"),
        "run-new": (f"{model}runs/new/", "teodora"),
        "run-lineage": (f"{run}lineage/", "teodora"),
        "model-version": (elsewhere, "teodora"),
        "model-version-checked": (artefact, "teodora"),
        "model-version-new": (f"{run}versions/new/", "teodora"),
        "model-version-lineage": (f"{elsewhere}lineage/", "bruno"),
        "model-version-withdraw": (f"{elsewhere}withdraw/", "teodora"),
        "model-card": (f"{elsewhere}card/", "bruno"),
        "gate-build": (build, "ravi"),
        "drill": (drill, "ines"),
        "drill-run": (f"/owners/continuity/run/?people={who}", "ines"),
        "drill-away": (f"/owners/continuity/run/?people={who}&mode=is_away", "ines"),
        "webhook": (hook, "ines"),
        "webhook-delivery": (undelivered, "ines"),
        "offer": (offer, "ines"),
        "offer-mine": (offer, "lucia"),
        "work-with-offer": ("/", "lucia"),
        "hand-over-all": (f"/owners/people/{who}/hand-over/", "ines"),
        "person": (bruno, "ines"),
        "assessment": (assessment, "ines"),
        "assessment-mine": (f"{assessment}?show=mine", "bruno"),
        "assessment-answer": (f"{assessment}answers/harm_controlled/", "ines"),
        "assessment-fit": (f"{assessment}fit/", "teodora"),
        "assessment-history": (history, "ines"),
        "gate-blocked": (blocked, "ines"),
        "gate-approved": (approved, "bruno"),
        "gate-lapsed": (lapsed, "kofi"),
        "gate-to-sign": (review, "kofi"),
        "policy-proposed": (proposed, "ines"),
        "document-add": (version.replace("/datasets/versions/", "/evidence/add/dataset_version/"), "teodora"),
        "refused": (f"{dataset}register/", "audrey"),
        "not-found": ("/use-cases/00000000-0000-7000-8000-000000000000/", "ines"),
    }


def take(page: Page, chosen: set[str]) -> None:
    pages = {name: (path, PEOPLE.get(name, "ines")) for name, path in FIXED.items()} | found(page)
    FOLDER.mkdir(exist_ok=True)
    signed_in = ""
    for name, (path, who) in sorted(pages.items(), key=lambda row: row[1][1]):
        if chosen and name not in chosen:
            continue
        if who != signed_in:
            sign_in(page, who)
            signed_in = who
        shoot(page, name, path)
    page.context.clear_cookies()
    for name, path in {"sign-in": "/accounts/login/", "reset": "/accounts/password/reset/"}.items():
        if not chosen or name in chosen:
            shoot(page, name, path)


def shoot(page: Page, name: str, path: str) -> None:
    for theme in ("light", "dark"):
        page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(URL + path)
            page.evaluate(f"document.documentElement.dataset.bsTheme = '{theme}'")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            page.screenshot(path=FOLDER / f"{name}-{theme}-{size}.png", full_page=True)
            if wide > 0:
                print(f"{name} {size}: {wide} pixels too wide")


def main() -> int:
    env = {**os.environ, "PUBLIC_URL": URL}
    home = Path(env["FOURGATE_HOME"])
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for command in ("migrate", "load_demo"):
        manage(command, env=env, log=logs / f"{command}.log")
    web = children(env, "127.0.0.1", PORT, {})[0]
    with (logs / "web.log").open("ab") as log:
        process = subprocess.Popen(web.command, env=env, stdout=log, stderr=log)
    try:
        while not answers("127.0.0.1", PORT):
            time.sleep(0.2)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser.find(), args=browser.ARGUMENTS)
            take(chromium.new_page(), set(sys.argv[1:]))
            chromium.close()
    finally:
        process.terminate()
        process.wait()
    print(f"Pictures are in {FOLDER}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
