"""Every change of frameworks and assessments."""

from apps.assessments.actions.answers import answer, state_fit
from apps.assessments.actions.assessments import reopen, sign, start, submit
from apps.assessments.actions.frameworks import (
    import_default_frameworks,
    propose_framework,
    publish_framework,
    withdraw_framework,
)
from apps.assessments.actions.refresh import refresh, refresh_all, refresh_lapsed, refresh_on_change

__all__ = [
    "answer",
    "import_default_frameworks",
    "propose_framework",
    "publish_framework",
    "refresh",
    "refresh_all",
    "refresh_lapsed",
    "refresh_on_change",
    "reopen",
    "sign",
    "start",
    "state_fit",
    "submit",
    "withdraw_framework",
]
