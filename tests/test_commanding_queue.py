"""The queue of a spacecraft at a gate: what people may do to it, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.commanding import Queue, Valve
from aelita.errors import UsageError


@pytest.mark.parametrize(
    ("valve", "action", "after"),
    [
        (Valve.OPEN, "hold", Valve.HELD), (Valve.OPEN, "block", Valve.BLOCKED), (Valve.HELD, "block", Valve.BLOCKED),
        (Valve.HELD, "release", Valve.OPEN), (Valve.BLOCKED, "release", Valve.OPEN), (Valve.OPEN, "release", Valve.OPEN),
        (Valve.HELD, "hold", Valve.HELD), (Valve.BLOCKED, "block", Valve.BLOCKED),
    ],
)  # fmt: skip
def test_what_can_be_done_to_a_queue(valve: Valve, action: str, after: Valve) -> None:
    queue = Queue("probe", "us", valve)
    queue.act(action)
    assert queue.valve is after and queue.is_used is (after is not Valve.OPEN)


def test_what_cannot_be_done_is_refused_and_changes_nothing() -> None:
    queue = Queue("probe", "us", Valve.BLOCKED)
    for action, words in (("hold", "'hold' cannot be done to a queue that is blocked"), ("explode", "'explode' cannot be done")):
        with pytest.raises(UsageError, match=words):
            queue.act(action)
    assert queue.valve is Valve.BLOCKED and queue.actions == ["release"]


@given(st.lists(st.sampled_from(("hold", "release", "block", "odd")), max_size=20))
def test_a_blocked_queue_is_opened_by_a_release_alone(actions: list[str]) -> None:
    queue = Queue("probe", "us")
    for action in actions:
        before = queue.valve
        try:
            queue.act(action)
        except UsageError:
            assert queue.valve is before
        assert before is not Valve.BLOCKED or queue.valve is Valve.BLOCKED or action == "release"
        assert set(queue.actions) <= {"hold", "release", "block"}
