"""Every change of environments, releases, rehearsals and rollbacks."""

from apps.releases.actions.environments import create_environment, edit_environment
from apps.releases.actions.going_live import go_live, withdraw_release
from apps.releases.actions.proposing import compare_anew, propose_release
from apps.releases.actions.rehearsing import record_rehearsal
from apps.releases.actions.rolling_back import review_rollback, roll_back

__all__ = [
    "compare_anew",
    "create_environment",
    "edit_environment",
    "go_live",
    "propose_release",
    "record_rehearsal",
    "review_rollback",
    "roll_back",
    "withdraw_release",
]
