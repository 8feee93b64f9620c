"""How many octets come into streams, told from what they hold, beside a stream that counts them."""

from hypothesis import given
from hypothesis import strategies as st

from aelita.services.live.inflow import Inflow
from aelita.services.live.streams import StreamState


class Stream:
    """A stream that keeps so many messages at most, and counts what came in."""

    def __init__(self, most: int) -> None:
        self.most, self.held, self.first, self.came = most, list[int](), 1, 0

    def put(self, octets: int) -> None:
        self.held.append(octets)
        self.came += octets
        while len(self.held) > self.most:
            del self.held[0]
            self.first += 1

    def state(self) -> StreamState:
        return StreamState("S", len(self.held), sum(self.held), self.first, self.first + len(self.held) - 1, 1 << 40, 0.0)


@given(st.integers(1, 9), st.lists(st.lists(st.integers(1, 1000), max_size=6), max_size=12))
def test_what_comes_in_is_counted_exactly_until_something_is_dropped(most: int, told: list[list[int]]) -> None:
    stream, inflow = Stream(most), Inflow()
    assert inflow.take(stream.state()) == 0
    before = 0.0
    for some in told:
        for octets in some:
            stream.put(octets)
        count = inflow.take(stream.state())
        assert count >= before  # a rate is never below nothing
        before = count
        if stream.first == 1:
            assert count == stream.came


@given(st.integers(1, 9), st.integers(1, 5000), st.lists(st.integers(0, 30), max_size=12))
def test_messages_of_one_length_are_counted_exactly_though_old_ones_are_dropped(most: int, octets: int, told: list[int]) -> None:
    stream, inflow = Stream(most), Inflow()
    stream.put(octets)
    inflow.take(stream.state())
    for count in told:
        for _ in range(count):
            stream.put(octets)
        assert abs(inflow.take(stream.state()) - (stream.came - octets)) < 1e-6 * octets * (1 + sum(told))


def test_a_stream_that_is_made_anew_begins_with_what_it_holds() -> None:
    inflow, stream = Inflow(), Stream(9)
    for _ in range(5):
        stream.put(100)
    inflow.take(stream.state())
    anew = Stream(9)
    anew.put(30)
    assert inflow.take(anew.state()) == 30
