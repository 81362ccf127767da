"""Every change of policies and gates."""

from apps.gates.actions.conditions import answer_fulfilment, fulfil_condition
from apps.gates.actions.gates import open_gate, withdraw
from apps.gates.actions.policies import (
    import_default_policies,
    propose_policy,
    publish_policy,
    withdraw_proposal,
)
from apps.gates.actions.refresh import caught_up, refresh, refresh_all, refresh_expired, refresh_watching
from apps.gates.actions.signing import Terms, sign_off
from apps.gates.actions.threads import comment, open_thread, resolve_thread
from apps.gates.actions.waivers import revoke_waiver, waive

__all__ = [
    "Terms",
    "answer_fulfilment",
    "caught_up",
    "comment",
    "fulfil_condition",
    "import_default_policies",
    "open_gate",
    "open_thread",
    "propose_policy",
    "publish_policy",
    "refresh",
    "refresh_all",
    "refresh_expired",
    "refresh_watching",
    "resolve_thread",
    "revoke_waiver",
    "sign_off",
    "waive",
    "withdraw",
    "withdraw_proposal",
]
