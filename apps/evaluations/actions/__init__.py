"""Every change of suites, baselines, evaluation runs and what people make of them."""

from apps.evaluations.actions.catalogue import create_suite, edit_suite, register_baseline, retire_suite
from apps.evaluations.actions.comparing import compare_runs
from apps.evaluations.actions.findings import (
    close_finding,
    decide_failure,
    note_failure,
    report_finding,
    retest_finding,
)
from apps.evaluations.actions.imports import confirm_import, forget_imports, start_import
from apps.evaluations.actions.leakage import check_leakage
from apps.evaluations.actions.reviews import close_review, draw_review, judge_output
from apps.evaluations.actions.suites import (
    draft_suite_version,
    edit_suite_version,
    publish_suite_version,
    sign_thresholds,
)

__all__ = [
    "check_leakage",
    "close_finding",
    "close_review",
    "compare_runs",
    "confirm_import",
    "create_suite",
    "decide_failure",
    "draft_suite_version",
    "draw_review",
    "edit_suite",
    "edit_suite_version",
    "forget_imports",
    "judge_output",
    "note_failure",
    "publish_suite_version",
    "register_baseline",
    "report_finding",
    "retest_finding",
    "retire_suite",
    "sign_thresholds",
    "start_import",
]
