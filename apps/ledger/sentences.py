"""How an action reads in the trail: a verb phrase and an icon; the apps offer theirs."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class ActionKind:
    phrase: Text
    icon: str = "history"


_kinds: dict[str, ActionKind] = {}


def offer(kinds: dict[str, tuple[Text, str]]) -> None:
    """Register actions by name as (verb phrase, icon)."""
    _kinds.update({name: ActionKind(*pair) for name, pair in kinds.items()})


def of(action: str) -> ActionKind:
    """Return how the action reads; an unknown one reads as its name."""
    return _kinds.get(action) or ActionKind(action.replace(".", " ").replace("_", " "))


def names() -> list[str]:
    return sorted(_kinds)


offer(
    {
        "ledger.exported": (_("exported the trail"), "download"),
        "ledger.verified": (_("had the ledger verified"), "shield-check"),
    }
)
