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
from apps.gates.models.signing import Condition, Fulfilment, FulfilmentAnswer, SignOff
from apps.gates.models.threads import Comment, Thread, ThreadResolution
from apps.gates.models.waivers import Waiver, WaiverRevocation

__all__ = [
    "LIVE_STATES",
    "SIGNABLE_STATES",
    "Comment",
    "Condition",
    "DossierSnapshot",
    "Fulfilment",
    "FulfilmentAnswer",
    "Gate",
    "GateSeat",
    "GateState",
    "GateWatch",
    "PolicyVersion",
    "SignOff",
    "Thread",
    "ThreadResolution",
    "Waiver",
    "WaiverRevocation",
]
