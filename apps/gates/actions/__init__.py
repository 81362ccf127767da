"""Every change of policies and gates."""

from apps.gates.actions.gates import open_gate, withdraw
from apps.gates.actions.policies import (
    import_default_policies,
    propose_policy,
    publish_policy,
    withdraw_proposal,
)
from apps.gates.actions.refresh import refresh, refresh_all, refresh_expired, refresh_watching
from apps.gates.actions.signing import sign_off

__all__ = [
    "import_default_policies",
    "open_gate",
    "propose_policy",
    "publish_policy",
    "refresh",
    "refresh_all",
    "refresh_expired",
    "refresh_watching",
    "sign_off",
    "withdraw",
    "withdraw_proposal",
]
