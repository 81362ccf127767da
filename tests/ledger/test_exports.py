"""Exports: who may, what is refused, what a failed one says."""

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from apps.core import jobs
from apps.core.errors import NotPermitted
from apps.ledger import actions
from apps.ledger.errors import FilterUnreadable
from apps.ledger.models import Export
from tests.api.client import Caller
from tests.people.factories import make_team, make_user, member

pytestmark = pytest.mark.django_db


def test_an_unreadable_filter_is_refused_before_a_job_is_queued() -> None:
    auditor = make_user(organisation_role="auditor")
    with pytest.raises(FilterUnreadable):
        actions.request_export({"since": "yesterday-ish"}, by=auditor)
    caller = Caller(auditor, "read", "write")
    status, problem = caller.post("ledger/exports/", {"filters": {"team": "not-a-team"}})
    assert (status, problem["code"], list(problem["errors"])) == (422, "filter_unreadable", ["/filters/team"])
    assert not Export.objects.exists()


def test_moments_without_an_offset_are_the_requesters_and_kept_in_utc() -> None:
    auditor = make_user(organisation_role="auditor")
    with timezone.override("Europe/Berlin"):
        export = actions.request_export({"since": "2026-07-01T09:00", "until": "2026-07-02T00:00:00Z"}, by=auditor)
    assert export.filters == {"since": "2026-07-01T07:00:00.000000Z", "until": "2026-07-02T00:00:00.000000Z"}


def test_members_export_nothing() -> None:
    with pytest.raises(NotPermitted):
        actions.request_export({}, by=member(make_team()))


def test_an_export_before_the_first_seal_fails_and_says_why() -> None:
    auditor = make_user(organisation_role="auditor")
    export = actions.request_export({}, by=auditor)
    jobs.run_waiting()
    caller = Caller(auditor)
    _status, job = caller.get(f"jobs/{export.job_id}/")
    assert job["state"] == "failed"
    assert "nothing_signed" in job["error"] or "not signed yet" in job["error"]
    assert caller.get(f"ledger/exports/{export.pk}/download/")[0] == 404
    page = Client()
    page.force_login(auditor)
    assert "not signed yet" in page.get("/trail/seals/").content.decode()
    assert not default_storage.exists(f"exports/{export.pk}.zip")
