"""Pages of gates."""

from apps.gates.views.acts import GateOpen, GateWithdraw, RequirementState
from apps.gates.views.gates import GateDetail, GateList

__all__ = ["GateDetail", "GateList", "GateOpen", "GateWithdraw", "RequirementState"]
