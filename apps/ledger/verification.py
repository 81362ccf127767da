"""Verification of the whole ledger: streaming, flat memory, and a finding that names the entry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core import jobs
from apps.core.errors import Refusal
from apps.core.models import Job
from apps.ledger import keys, notes, tree
from apps.ledger.models import Checkpoint, head
from apps.ledger.notary import Rewritten, checked_leaf, rows


class LedgerBroken(Refusal):
    code, status, title = "ledger_broken", 409, lazy("The ledger is not what was signed")


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found in order: entries read, the signed size, the root, checkpoints compared."""

    entries: int
    signed: int
    root: str
    checkpoints: int


def _signed_statements(verifier: notes.VerifierKey) -> list[notes.Statement]:
    statements = []
    for checkpoint in Checkpoint.objects.order_by("size").iterator():
        try:
            statement = notes.read(checkpoint.note, verifier)
        except ValueError as error:
            raise LedgerBroken(
                _("The checkpoint over %(size)d entries is not signed by the notary's key: %(why)s")
                % {"size": checkpoint.size, "why": error}
            ) from error
        if statement.size != checkpoint.size or statement.root != bytes(checkpoint.root):
            raise LedgerBroken(
                _("The checkpoint over %(size)d entries contradicts its signed note.") % {"size": checkpoint.size}
            )
        statements.append(statement)
    return statements


def verify(
    progress: Callable[[int, int | None, str], None] = lambda done, total, message: None,
    pinned: notes.Statement | None = None,
) -> Verified:
    """Hash every entry in order and compare with every signed checkpoint; ``pinned`` is one kept elsewhere.

    Raise ``LedgerBroken`` that names the first entry, or the range between two checkpoints, that is not as signed.
    """
    verifier = keys.verifier()
    statements = _signed_statements(verifier) if verifier else []
    if pinned is not None:
        statements = sorted([*statements, pinned], key=lambda statement: statement.size)
    total = head()
    frontier, compared, good = tree.Frontier(), 0, 0
    try:
        for seq, body, stored in rows("default", 0, total):
            frontier.append(checked_leaf(frontier.size + 1, seq, body, stored))
            while compared < len(statements) and statements[compared].size == frontier.size:
                if statements[compared].root != frontier.root():
                    raise Rewritten(
                        _("An entry between %(from)d and %(to)d is not the one that was signed.")
                        % {"from": good + 1, "to": frontier.size}
                    )
                good, compared = frontier.size, compared + 1
            if frontier.size % 2000 == 0:
                progress(frontier.size, total, "")
    except Rewritten as error:
        raise LedgerBroken(str(error)) from error
    if compared < len(statements):
        raise LedgerBroken(
            _("Entry %(next)d is missing: the ledger ends after %(have)d, but %(signed)d were signed.")
            % {"next": frontier.size + 1, "have": frontier.size, "signed": statements[-1].size}
        )
    return Verified(frontier.size, good, frontier.root().hex(), compared)


@jobs.handler("verify_ledger")
def verify_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    found = verify(progress)
    return {
        "entries": found.entries,
        "signed": found.signed,
        "root": found.root,
        "checkpoints": found.checkpoints,
    }
