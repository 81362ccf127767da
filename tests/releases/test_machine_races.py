"""Random people act at the same instant around releases; what gates and releases say is true, and retold."""

import sys
from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import initialize
from hypothesis.stateful import run_state_machine_as_test as run

from apps.ledger.models import Entry
from tests.machines import at_random
from tests.releases.machine import World
from tests.releases.racing import Races
from tests.releases.test_machine import ReleaseMachine
from tests.tables import empty

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class RacingMachine(Races, ReleaseMachine):
    """Each example has tables of its own, for what is played is committed; the ledger is retold at its end."""

    seen: Counter[str]
    failures: list[BaseException]

    @initialize()
    def start(self) -> None:
        empty()
        self.world = World()
        self.past, self.stale, self.refused = self.world.past, False, ""
        for version in (0, 1):
            self.a_version_is_released(version, 0, True)

    def teardown(self) -> None:
        failure = sys.exc_info()[1]
        if failure is not None:
            self.failures.append(failure)
        elif hasattr(self, "past"):
            self._end()
            numbers = list(Entry.objects.order_by("seq").values_list("seq", flat=True))
            assert numbers == list(range(1, len(numbers) + 1))


def machine(seen: Counter[str], *, times: int = 7) -> Any:
    """Return a machine that has each race among its rules several ``times``, the rest once."""
    races = {name: vars(Races)[name] for name in vars(Races) if name.startswith(("others_act", "several_act"))}
    again = {f"{name}_{turn}": race for name, race in races.items() for turn in range(1, times)}
    return type("Machine", (RacingMachine,), {"seen": seen, "failures": [], **again})


def test_releases_say_what_is_true_whoever_acts_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    played = machine(seen)
    try:
        run(
            played,
            settings=at_random(6, 20),
        )
    except FlakyStrategyDefinition:
        raise played.failures[0] from None
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(sorted(seen.items()))}\n")
    assert seen["acts that met"] > 15
    assert {"approved", "lapsed", "went live"} <= set(seen)


def test_two_go_live_and_one_signature_is_missing_a_moment_later() -> None:
    seen: Counter[str] = Counter()
    walk = machine(seen)()
    walk.start()
    for step in (
        partial(walk.others_act_while_the_last_signature_is_given, 0, ["sign", "sign", "sign"], 0, True),
        partial(walk.others_act_while_a_release_goes_live, 2, ["go_live", "go_live"], 1, False),
        partial(walk.others_act_while_a_release_goes_live, 0, ["go_live", "withdraw_document"], 1, True),
        partial(walk.others_act_while_it_is_gone_back, 0, ["roll_back", "roll_back"], 0, True),
        partial(walk.several_act_at_once, 0, ["beat", "hand_over", "sign_otherwise"], 3, True),
    ):
        step()
        walk.a_gate_says_what_the_tables_say()
        walk.a_signature_counts_once_and_by_the_right_person()
        walk.one_release_of_a_model_is_live_and_rests_on_an_approval()
        walk.only_what_is_live_and_approved_may_be_deployed()
    walk.teardown()
    assert seen["at once: done"] >= 5, seen
