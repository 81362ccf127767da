"""What the ledger tells of gates and releases: a pure function of its entries, in their order."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Ref = tuple[str, str]
Chain = Callable[[Ref], list[Ref]]


@dataclass
class ToldGate:
    subject: Ref
    kind: str
    needed: frozenset[str]
    opened_by: str
    state: str = "open"
    approved_on: str = ""
    sign_offs: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    waivers: dict[str, bool] = field(default_factory=dict)
    fulfilments: dict[str, bool | None] = field(default_factory=dict)

    def approvals(self, dossier: str) -> list[tuple[str, str]]:
        rows = [row for row in self.sign_offs.values() if row[3] == dossier and row[2] == "approve"]
        return [(who, responsibility) for who, responsibility, _verdict, _dossier in rows]


@dataclass
class ToldRelease:
    version: str
    environment: str
    digest: str
    compared_with: str | None
    rollback_target: str | None
    proposed_by: str
    state: str = "proposed"
    ending: str = ""
    restores: str | None = None
    gate: str | None = None
    dossier: str = ""
    live: tuple[str, str] | None = None
    ended: tuple[str, str] | None = None


@dataclass
class Told:
    """The world as the ledger tells it; ``needed`` are the signatures by the digest of a policy."""

    needed: Mapping[str, frozenset[str]]
    chain: Chain
    gates: dict[str, ToldGate] = field(default_factory=dict)
    releases: dict[str, ToldRelease] = field(default_factory=dict)
    held: dict[tuple[Ref, str], tuple[str, str | None]] = field(default_factory=dict)
    away: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    reviews: dict[str, str] = field(default_factory=dict)

    def hear(self, entry: Mapping[str, Any]) -> None:
        room, _, verb = entry["action"].partition(".")
        teller = getattr(self, f"_{room}", None)
        if teller is not None:
            subject = entry["subject"]["type"], entry["subject"]["id"]
            teller(verb, subject, entry["payload"], entry["actor"]["id"], entry["time"])

    def _ownership(self, verb: str, subject: Ref, payload: Any, _by: str, _time: str) -> None:
        key = subject, payload["responsibility"]
        if verb in ("assigned", "handed_over", "deputy_appointed", "deputy_removed"):
            deputy = payload["deputy"]
            self.held[key] = payload["holder"]["id"], deputy["id"] if deputy else None
        elif verb == "vacated":
            del self.held[key]

    def _absence(self, verb: str, subject: Ref, payload: Any, _by: str, _time: str) -> None:
        days = payload["from"], payload["to"]
        rows = self.away.setdefault(subject[1], [])
        rows.append(days) if verb == "recorded" else rows.remove(days)

    def _person(self, verb: str, subject: Ref, _payload: Any, _by: str, _time: str) -> None:
        if verb == "deactivated":
            self.gone.add(subject[1])
        elif verb == "reactivated":
            self.gone.discard(subject[1])

    def _entitled(self, gate: ToldGate, who: str, responsibility: str, time: str) -> bool:
        for ref in self.chain(gate.subject):
            if (ref, responsibility) in self.held:
                holder, deputy = self.held[ref, responsibility]
                away = any(first <= time[:10] <= last for first, last in self.away.get(holder, ()))
                return who not in self.gone and (who == holder or (away and who == deputy))
        return False

    def _gate(self, verb: str, subject: Ref, payload: Any, by: str, time: str) -> None:
        if verb == "opened":
            on = payload["subject"]["type"], payload["subject"]["id"]
            policy = payload["policy"]
            self.gates[subject[1]] = ToldGate(on, policy["kind"], self.needed[policy["digest"]], by)
            return
        gate = self.gates[subject[1]]
        if "changed" in payload:
            assert payload["changed"]["state"] == {"from": gate.state, "to": verb}
            assert gate.state not in ("rejected", "withdrawn"), "an ended gate moved"
            gate.state = verb
            if verb == "approved":
                self._approve(gate, payload["dossier"])
            assert verb != "lapsed" or gate.approved_on, "what was never approved lapsed"
        elif verb == "signed_off":
            assert gate.state in ("open", "in_review", "approved", "lapsed")
            gate.sign_offs[payload["sign_off"]] = by, payload["responsibility"], payload["verdict"], payload["dossier"]
            assert self._entitled(gate, by, payload["responsibility"], time), f"{payload} by somebody not entitled"
        elif verb == "waived":
            gate.waivers[payload["waiver"]] = True
        elif verb == "waiver_revoked":
            assert gate.waivers[payload["waiver"]]
            gate.waivers[payload["waiver"]] = False
        elif verb == "condition_fulfilled":
            gate.fulfilments[payload["fulfilment"]] = None
        elif verb == "fulfilment_answered":
            assert gate.fulfilments[payload["fulfilment"]] is None
            gate.fulfilments[payload["fulfilment"]] = payload["is_accepted"]

    def _approve(self, gate: ToldGate, dossier: str) -> None:
        given = gate.approvals(dossier)
        assert {responsibility for _who, responsibility in given} == gate.needed
        assert len({who for who, _responsibility in given}) == len(given) == len(gate.needed)
        gate.approved_on = dossier

    def _release(self, verb: str, subject: Ref, payload: Any, by: str, time: str) -> None:
        pk = subject[1]
        if verb == "proposed":
            self.releases[pk] = ToldRelease(payload["version"]["id"], payload["environment"]["id"], "", None, None, by)
        release = self.releases[pk]
        if verb in ("proposed", "compared"):
            assert release.state == "proposed"
            release.digest, release.compared_with = payload["digest"], payload["compared_with"]
            release.rollback_target = payload["rollback_target"]
        elif verb == "went_live":
            self._go_live(pk, release, payload, by, time)
        elif verb == "rolled_back":
            self._end(release, verb, by, time)
            self._restore(release, payload, by, time)
        elif verb == "superseded":
            assert release.state == "live"
            self._end(release, verb, by, time)
        elif verb == "withdrawn":
            assert payload["was"] == release.state
            self._end(release, verb, by, time)
        elif verb == "rollback_reviewed":
            assert payload["rollback"] not in self.reviews
            self.reviews[payload["rollback"]] = payload["verdict"]

    def _end(self, release: ToldRelease, ending: str, by: str, time: str) -> None:
        assert release.state != "ended"
        release.state, release.ending, release.ended = "ended", ending, (by, time)

    def _live(self, environment: str) -> list[str]:
        return [pk for pk, row in self.releases.items() if row.state == "live" and row.environment == environment]

    def _go_live(self, pk: str, release: ToldRelease, payload: Any, by: str, time: str) -> None:
        gate = self.gates[payload["gate"]]
        assert release.state == "proposed"
        assert gate.subject == ("release", pk)
        assert gate.state == "approved"
        assert gate.approved_on == payload["dossier"]
        proofs = [row for row in self.gates.values() if row.subject == ("model_version", release.version)]
        assert any(row.state == "approved" for row in proofs)
        assert payload["digest"] == release.digest
        assert payload["supersedes"] == release.compared_with
        assert not self._live(release.environment), "two were live"
        release.state, release.live = "live", (by, time)
        release.gate, release.dossier = payload["gate"], payload["dossier"]

    def _restore(self, taken: ToldRelease, payload: Any, by: str, time: str) -> None:
        origin = self.releases[payload["back_to"]["id"]]
        target = self.releases[taken.rollback_target or ""]
        assert payload["back_to"]["id"] in (taken.rollback_target, target.restores)
        assert not self._live(taken.environment), "two were live"
        assert payload["back_to"]["digest"] == origin.digest
        self.releases[payload["restored_as"]] = ToldRelease(
            origin.version,
            origin.environment,
            origin.digest,
            origin.compared_with,
            origin.rollback_target,
            origin.proposed_by,
            state="live",
            restores=payload["back_to"]["id"],
            gate=origin.gate,
            dossier=origin.dossier,
            live=(by, time),
        )


def retell(entries: Iterable[Mapping[str, Any]], needed: Mapping[str, frozenset[str]], chain: Chain) -> Told:
    """Return what the entries tell; assert that each follows from those before it."""
    told = Told(needed, chain)
    for entry in entries:
        told.hear(entry)
    return told


def moment_of(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
