"""The state of a gate as one function, for every history."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from apps.gates.models import GateState
from apps.gates.state import Signed, matched, state_of

PEOPLE = [uuid.UUID(int=number) for number in range(1, 5)]
NEEDED = ("business_owner", "compliance_reviewer")
signed = st.builds(
    Signed,
    digest=st.sampled_from(["a", "b"]),
    person=st.sampled_from(PEOPLE),
    responsibility=st.sampled_from(NEEDED),
    verdict=st.sampled_from(["approve", "request_changes"]),
    counts=st.booleans(),
)


@given(st.lists(signed, max_size=8), st.integers(0, 3))
def test_approved_needs_distinct_people_on_the_current_dossier(rows: list[Signed], unmet: int) -> None:
    state = state_of(digest="b", unmet=unmet, needed=NEEDED, sign_offs=rows)
    good = [row for row in rows if row.digest == "b" and row.verdict == "approve" and row.counts]
    business = {row.person for row in good if row.responsibility == "business_owner"}
    compliance = {row.person for row in good if row.responsibility == "compliance_reviewer"}
    distinct = any(one != other for one in business for other in compliance)
    asked = any(row.verdict == "request_changes" and row.digest == "b" for row in rows)
    assert (state == GateState.APPROVED) == (distinct and not unmet and not asked)


@given(st.lists(signed, max_size=8), st.integers(0, 3))
def test_a_rejection_and_a_withdrawal_end_a_gate(rows: list[Signed], unmet: int) -> None:
    rejected = [*rows, Signed("a", PEOPLE[0], "business_owner", "reject")]
    assert state_of(digest="b", unmet=unmet, needed=NEEDED, sign_offs=rejected) == GateState.REJECTED
    assert state_of(digest="b", unmet=unmet, needed=NEEDED, sign_offs=rejected, withdrawn=True) == GateState.WITHDRAWN


def test_enough_people_and_enough_responsibilities_are_not_a_matching() -> None:
    one, two = PEOPLE[:2]
    people = {"a": [one], "b": [one], "c": [one, two]}
    assert len(matched(["a", "b", "c"], people)) == 2
    assert len(matched(["a", "c"], people)) == 2
