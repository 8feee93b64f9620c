"""Who is told what: no gap, no double, what is left out is counted, and nothing that anybody sends does harm."""

import fnmatch
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.api.hub import LEAST_PAUSE_S, LIVE, ROOM, STALE, Hub, Outbox, Wanted
from aelita.api.live_requests import MOST_NAMES, MOST_OCTETS, RequestError, Subscribe, Unsubscribe, request_of
from aelita.api.live_updates import MOST_KEPT, Update, encoded, value_of

NAMES = ("/T/a", "/T/b", "/T/sub/a", "/T/c_1")
PATTERNS = (*NAMES, "*", "a", "/T/*", "c_?", "*_[12]", "/T/?", "nothing", "A")
TOPICS = ("parameters", "events")


class Numbers:
    """A topic whose values are numbers: what stands is the last of each name."""

    keyed = True

    def __init__(self, name: str = "parameters") -> None:
        self.name = name
        self.latest: dict[tuple[str, str], int] = {}

    def snapshot(self, chosen: Callable[[str, str], bool]) -> Sequence[dict[str, Any]]:
        return [{"n": name, "s": craft, "v": v} for (craft, name), v in self.latest.items() if chosen(craft, name)]

    def tell(self, hub: Hub, craft: str, name: str, value: int) -> None:
        self.latest[craft, name] = value
        hub.publish(self.name, [Update((craft, name), name, craft, {"n": name, "s": craft, "v": value})])


class Reports(Numbers):
    """A topic of which nothing stands and each update is its own."""

    keyed = False

    def tell(self, hub: Hub, craft: str, name: str, value: int) -> None:
        hub.publish(self.name, [Update(value, name, craft, {"n": name, "s": craft, "v": value})])


class World:
    """A hub with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.numbers, self.reports = Numbers(), Reports("events")
        self.due: list[float] = []
        self.hub = Hub([self.numbers, self.reports], lambda: self.now, self.due.append)

    def joined(self) -> Outbox:
        outbox = Outbox(lambda: None)
        self.hub.join(outbox)
        return outbox

    def flush(self, after_s: float = 10.0) -> None:
        self.now += after_s
        self.hub.flush(self.now)


def taken(outbox: Outbox, most: int = 1_000_000) -> list[dict[str, Any]]:
    texts = itertools.takewhile(lambda text: text is not None, (outbox.take() for _ in range(most)))
    return [json.loads(text) for text in texts]  # type: ignore[arg-type]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from(("tgo", "hera")), st.sampled_from(NAMES)),
        st.tuples(
            st.just("subscribe"),
            st.integers(0, 2),
            st.integers(0, 1),
            st.lists(st.sampled_from(PATTERNS), max_size=3),
            st.sampled_from(("", "tgo")),
            st.sampled_from((0.0, 2.0, 50.0)),
        ),
        st.tuples(st.just("unsubscribe"), st.integers(0, 2), st.integers(0, 1)),
        st.tuples(st.just("flush"), st.floats(0.0, 1.0)),
        st.tuples(st.just("take"), st.integers(0, 2), st.integers(1, 3)),
    ),
    max_size=60,
)


def fits(wanted: Wanted, craft: str, name: str) -> bool:
    """The rule of names once more, in the plainest words."""
    short = name.split("/")[-1]
    return (not wanted.spacecraft or craft == wanted.spacecraft) and any(
        fnmatch.fnmatchcase(name, one) or (not one.startswith("/") and fnmatch.fnmatchcase(short, one)) for one in wanted.names
    )


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_what_a_subscription_was_told_is_what_stands(steps: list[tuple[Any, ...]]) -> None:
    """Whatever comes in whatever order: snapshot and updates end at the truth, and each update came once or was counted."""
    world = World()
    outboxes = [world.joined() for _ in range(3)]
    wanted: dict[tuple[int, int], Wanted] = {}
    expected: dict[tuple[int, int], list[tuple[str, str, int]]] = {}
    told: dict[int, list[dict[str, Any]]] = {n: [] for n in range(3)}
    numbers = itertools.count(1)
    for step in steps:
        match step:
            case ("tell", craft, name):
                value = next(numbers)
                world.numbers.tell(world.hub, craft, name, value)
                for key, one in wanted.items():
                    if fits(one, craft, name):
                        expected[key].append((craft, name, value))
            case ("subscribe", socket, ident, names, craft, rate):
                told[socket] += taken(outboxes[socket])
                made = Wanted("parameters", tuple(sorted(set(names))), craft, rate)
                world.hub.subscribe(outboxes[socket], str(ident), made)
                wanted[socket, ident], expected[socket, ident] = made, []
            case ("unsubscribe", socket, ident):
                assert world.hub.unsubscribe(outboxes[socket], str(ident)) == ((socket, ident) in wanted)
                wanted.pop((socket, ident), None)
            case ("flush", after_s):
                world.flush(after_s)
            case ("take", socket, most):
                told[socket] += taken(outboxes[socket], most)
    world.flush()
    for socket, outbox in enumerate(outboxes):
        told[socket] += taken(outbox)
    for (socket, ident), one in wanted.items():
        _check(one, expected[socket, ident], [m for m in told[socket] if m.get("id") == ident], world)


def _check(wanted: Wanted, expected: list[tuple[str, str, int]], messages: list[dict[str, Any]], world: World) -> None:
    begun = max(at for at, message in enumerate(messages) if "snapshot" in message)
    state = {(one["s"], one["n"]): one["v"] for one in messages[begun]["snapshot"]}
    mine = [message for message in messages[begun:] if "updates" in message]
    updates = [(one["s"], one["n"], one["v"]) for message in mine for one in message["updates"]]
    for craft, name, value in updates:
        assert state.get((craft, name), 0) < value
        state[craft, name] = value
    assert state == {key: value for key, value in world.numbers.latest.items() if fits(wanted, *key)}
    assert set(updates) <= set(expected) and len(set(updates)) == len(updates)
    if not wanted.rate_hz:
        assert len(updates) + sum(message.get("dropped", 0) for message in mine) == len(expected)


@given(
    st.lists(st.sampled_from(PATTERNS)), st.sampled_from(("", "tgo")), st.sampled_from(("tgo", "hera")), st.sampled_from(NAMES)
)
def test_names_are_chosen_as_patterns_say(names: list[str], wanted: str, craft: str, name: str) -> None:
    made = Wanted("parameters", tuple(names), wanted)
    assert made.chooser()(craft, name) == fits(made, craft, name)


def test_equal_subscriptions_are_sent_the_very_same_text() -> None:
    world = World()
    outboxes = [world.joined() for _ in range(50)]
    for outbox in outboxes:
        world.hub.subscribe(outbox, '"page"', Wanted("parameters"))
        taken(outbox)
    world.numbers.tell(world.hub, "tgo", "/T/a", 1)
    world.flush()
    texts = [outbox.take() for outbox in outboxes]
    assert len({id(text) for text in texts}) == 1


def test_a_rate_is_kept_and_the_first_update_goes_at_once() -> None:
    world = World()
    outbox = world.joined()
    world.hub.subscribe(outbox, "1", Wanted("parameters", rate_hz=2.0))
    taken(outbox)
    world.numbers.tell(world.hub, "tgo", "/T/a", 1)
    assert world.due == [world.now] and world.hub.flush(world.now) is None
    assert [m["updates"][0]["v"] for m in taken(outbox)] == [1]
    for value in range(2, 10):
        world.numbers.tell(world.hub, "tgo", "/T/a", value)
    assert world.due[-1] == world.now + 0.5 and world.hub.flush(world.now + 0.4) == world.now + 0.5
    assert taken(outbox) == []
    world.flush(0.5)
    told = taken(outbox)
    assert [m["updates"] for m in told] == [[{"n": "/T/a", "s": "tgo", "v": 9}]] and "dropped" not in told[0]


def test_a_slow_socket_keeps_the_newest_and_others_are_not_hurt() -> None:
    """Ten thousand updates of two parameters: the fast one has all, the slow one the last of each and a count of the others."""
    world = World()
    slow, fast = world.joined(), world.joined()
    for outbox in (slow, fast):
        world.hub.subscribe(outbox, "1", Wanted("parameters"))
        taken(outbox)
    got = []
    for value in range(1, 10_001):
        world.numbers.tell(world.hub, "tgo", NAMES[value % 2], value)
        if value % 10 == 0:
            world.flush(LEAST_PAUSE_S)
            world.hub.tick("{}")
            got += [one["v"] for message in taken(fast) for one in message.get("updates", ())]
    assert got == list(range(1, 10_001))
    told = taken(slow)
    assert [message for message in told if not message] == [{}]  # one tick of a thousand
    (message,) = (message for message in told if message)
    assert [one["v"] for one in message["updates"]] == [9_999, 10_000] and message["dropped"] == 9_998
    world.numbers.tell(world.hub, "tgo", NAMES[0], 10_001)
    world.flush()
    assert [message["updates"][0]["v"] for message in taken(slow)] == [10_001]  # it has caught up, and nothing more is dropped


def test_a_slow_socket_misses_the_oldest_of_what_only_comes_and_goes() -> None:
    world = World()
    outbox = world.joined()
    world.hub.subscribe(outbox, "1", Wanted("events"))
    taken(outbox)
    count = ROOM + 3 * MOST_KEPT
    for value in range(count):
        world.reports.tell(world.hub, "tgo", "x", value)
        if value % 100 == 99:
            world.flush(LEAST_PAUSE_S)
    (message,) = taken(outbox)
    assert [one["v"] for one in message["updates"]] == list(range(count - MOST_KEPT, count))
    assert message["dropped"] == count - MOST_KEPT


def test_states_and_ticks_do_not_pile_up() -> None:
    world = World()
    outbox = world.joined()
    world.hub.subscribe(outbox, '"p"', Wanted("parameters"))
    for number in range(100):
        world.hub.set_state("parameters", LIVE if number % 2 else STALE, "silent")
        world.hub.tick(f'{{"tick":{number}}}')
    told = taken(outbox)
    assert [list(message) for message in told] == [["id", "snapshot"], ["id", "state", "why"], ["tick"]]
    assert told[1] == {"id": "p", "state": "live", "why": "silent"} and told[2] == {"tick": 99}


def test_who_leaves_is_forgotten() -> None:
    world = World()
    outbox = world.joined()
    for number in range(5):
        world.hub.subscribe(outbox, str(number), Wanted("parameters", (f"/T/{number}",)))
    world.numbers.tell(world.hub, "tgo", "/T/1", 1)
    world.hub.leave(outbox)
    assert world.hub.interested("parameters", "tgo", "/T/1") == () and world.hub.flush(world.now + 1) is None
    assert not world.hub.outboxes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), '"NaN"'), (float("-inf"), '"-Infinity"'), (b"\x01\xff", '"01ff"'), (2**70, f'"{2**70}"'), (2**63, str(2**63)),
        ((1, 2.5, b"\x00"), '[1,2.5,"00"]'), (None, "null"), ("ж\x00", '"ж\\u0000"'), (True, "true"),
    ],
)  # fmt: skip
def test_values_of_every_kind_are_told(value: Any, text: str) -> None:
    assert encoded(value_of(value)) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ALMOST = st.fixed_dictionaries(
    {"subscribe": JSON | st.integers(0, 9) | st.text(max_size=5)},
    optional={
        "topic": st.sampled_from(TOPICS) | JSON,
        "names": st.lists(st.text(max_size=20)) | JSON,
        "spacecraft": st.sampled_from(("", "tgo")) | JSON,
        "rate_hz": st.floats() | JSON,
        "more": JSON,
    },
)


@settings(max_examples=100, deadline=None)
@given(st.text() | JSON.map(json.dumps) | ALMOST.map(json.dumps))
def test_whatever_is_sent_is_answered_or_done(message: str) -> None:
    try:
        asked = request_of(message, TOPICS, {"tgo"})
    except RequestError as error:
        assert error.what
        assert not error.ident or type(json.loads(error.ident)) in (int, str)
        return
    assert type(orjson.loads(asked.ident)) in (int, str)
    if isinstance(asked, Subscribe):
        asked.wanted.chooser()("tgo", "/T/a")
        assert asked.wanted.topic in TOPICS and asked.wanted.spacecraft in ("", "tgo") and 0 <= asked.wanted.rate_hz <= 100
    else:
        assert isinstance(asked, Unsubscribe)


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("7", "no object"),
        ("{}", "neither"),
        ('{"subscribe": true, "topic": "events"}', "no ID"),
        ('{"subscribe": 1.5, "topic": "events"}', "no ID"),
        (json.dumps({"subscribe": "x" * 101, "topic": "events"}), "no ID"),
        ('{"subscribe": 1, "topic": "nothing"}', "no such topic"),
        ('{"subscribe": 1, "topic": ["events"]}', "no such topic"),
        ('{"subscribe": 1, "topic": "events", "spacecraft": "voyager"}', "no such spacecraft"),
        ('{"subscribe": 1, "topic": "events", "names": "x"}', "no list of names"),
        ('{"subscribe": 1, "topic": "events", "names": [""]}', "no list of names"),
        (json.dumps({"subscribe": 1, "topic": "events", "names": [str(n) for n in range(MOST_NAMES + 1)]}), "too many"),
        (json.dumps({"subscribe": 1, "topic": "events", "names": [f"{n}*" for n in range(101)]}), "too many patterns"),
        ('{"subscribe": 1, "topic": "events", "rate_hz": 0}', "no such rate"),
        ('{"subscribe": 1, "topic": "events", "rate_hz": true}', "no such rate"),
        ('{"subscribe": 1, "topic": "events", "rate_hz": 1e999}', "no JSON"),
        ('{"subscribe": 1, "topic": "events", "rate_hz": 1e9}', "no such rate"),
        ('{"subscribe": 1, "topic": "events", "rate": 1}', "unknown: rate"),
        ('{"unsubscribe": 1, "topic": "events"}', "neither"),
        ('"' + "x" * MOST_OCTETS + '"', "too long"),
    ],
)
def test_what_is_wrong_is_told(message: str, word: str) -> None:
    with pytest.raises(RequestError, match=word):
        request_of(message, TOPICS, {"tgo"})


def test_a_pattern_that_backtracks_costs_little() -> None:
    """Hostile patterns against the longest names: `fnmatch` makes them of atomic groups."""
    hostile = Wanted("parameters", tuple(f"{'*a' * 9}{n}*b" for n in range(10)))
    assert not hostile.chooser()("tgo", "/" + "a" * 300)
