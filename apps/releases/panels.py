"""What this app shows on the pages of use cases and model versions: where they are live."""

from typing import Any

from apps.core import panels
from apps.releases.models import Release, ReleaseState
from apps.releases.reading import gate_states

MOST = 20


def _read(rows: Any) -> list[Release]:
    return list(rows.exclude(state=ReleaseState.ENDED).whole().order_by("state", "-id")[:MOST])


def _of_use_case(use_case: Any, user: Any) -> dict[str, Any]:
    rows = _read(Release.objects.visible_to(user).filter(model__use_case=use_case))
    return {"releases": gate_states(rows)}


def _of_version(version: Any, user: Any) -> dict[str, Any]:
    rows = _read(Release.objects.visible_to(user).filter(version=version))
    may_propose = user.may("release.propose", version.team.pk) and not version.is_withdrawn
    return {"releases": gate_states(rows), "version": version, "may_propose": may_propose}


USE_CASE = panels.Panel("releases/panel_use_case.html", _of_use_case)
VERSION = panels.Panel("releases/panel_version.html", _of_version)
