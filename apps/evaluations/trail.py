"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "suite.created": (_("created the suite"), "list-check"),
        "suite.edited": (_("edited the suite"), "edit"),
        "suite.retired": (_("retired the suite"), "x"),
        "suite_version.drafted": (_("began to write"), "edit"),
        "suite_version.edited": (_("edited the draft of"), "edit"),
        "suite_version.published": (_("published"), "list-check"),
        "suite_version.thresholds_signed": (_("signed the thresholds of"), "signature"),
        "suite_version.leakage_checked": (_("looked for training rows among the rows of"), "eye"),
        "baseline.registered": (_("registered the baseline"), "upload"),
        "evaluation_run.registered": (_("registered the evaluation"), "upload"),
        "evaluation_run.failure_noted": (_("noted a failure of"), "alert"),
        "evaluation_run.failure_decided": (_("decided about a failure of"), "gavel"),
        "evaluation_run.review_drawn": (_("drew outputs to judge from"), "list-check"),
        "evaluation_run.review_closed": (_("closed the review of outputs of"), "circle-check"),
        "evaluation_run.compared": (_("compared"), "scale"),
        "model_version.finding_reported": (_("reported a red-team finding on"), "alert"),
        "model_version.finding_retested": (_("retested a red-team finding on"), "refresh"),
        "model_version.finding_closed": (_("closed a red-team finding on"), "circle-check"),
    }
)
