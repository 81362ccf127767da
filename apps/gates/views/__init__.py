"""Pages of gates."""

from apps.gates.views.acts import GateOpen, GateWithdraw, RequirementState
from apps.gates.views.exceptions import (
    ConditionAnswer,
    ConditionFulfil,
    RequirementComment,
    RequirementWaive,
    ThreadComment,
    ThreadResolve,
    WaiverRevoke,
)
from apps.gates.views.gates import GateDetail, GateList, GatePdf

__all__ = [
    "ConditionAnswer",
    "ConditionFulfil",
    "GateDetail",
    "GateList",
    "GateOpen",
    "GatePdf",
    "GateWithdraw",
    "RequirementComment",
    "RequirementState",
    "RequirementWaive",
    "ThreadComment",
    "ThreadResolve",
    "WaiverRevoke",
]
