"""What was decided: policies, gates, the dossiers that were shown, the sign-offs on them."""

from apps.gates.models.gates import (
    LIVE_STATES,
    SIGNABLE_STATES,
    DossierSnapshot,
    Gate,
    GateSeat,
    GateState,
    GateWatch,
)
from apps.gates.models.policies import PolicyVersion
from apps.gates.models.signing import SignOff

__all__ = [
    "LIVE_STATES",
    "SIGNABLE_STATES",
    "DossierSnapshot",
    "Gate",
    "GateSeat",
    "GateState",
    "GateWatch",
    "PolicyVersion",
    "SignOff",
]
