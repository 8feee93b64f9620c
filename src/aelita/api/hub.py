"""Who is told what of live data: subscriptions of sockets, equal ones grouped, so that all of a group are sent the same text.

Nothing here reads a clock or sends: `now` is monotonic seconds, and each socket takes from its `Outbox` what it can send. A
subscription gets a snapshot when it begins, and of what came after that each update once, unless its socket is too slow.
"""

import fnmatch
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .live_updates import Batch, Body, Update, Waiting, encoded

LEAST_PAUSE_S = 0.01  # between two messages of a subscription without a rate
ROOM = 2_000  # updates that wait for a subscription without a rate before the newest of each parameter is all that is kept
MOST_IN_BATCH = 1_000
MOST_REMEMBERED = 50_000  # names of which it is known who wants them
PATTERN_SIGNS = "*?["
LIVE, STALE, LOST = "live", "stale", "lost"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription is about: a topic, patterns of names, a spacecraft (none: all), and how often at most.

    A pattern that begins with `/` is held against whole names, another one against their last part too. Without a rate every
    update is sent; with one, of each parameter the newest, `rate_hz` times a second at most.
    """

    topic: str
    names: tuple[str, ...] = ("*",)
    spacecraft: str = ""
    rate_hz: float = 0.0

    def chooser(self) -> Callable[[str, str], bool]:
        """Return a test of spacecraft and name."""
        patterns = [name for name in self.names if any(sign in name for sign in PATTERN_SIGNS)]
        exact, everything = {*self.names}.difference(patterns), "*" in self.names
        whole = _any_of(patterns)
        last = _any_of([name for name in patterns if not name.startswith("/")])

        def fits(spacecraft: str, name: str) -> bool:
            if self.spacecraft and spacecraft != self.spacecraft:
                return False
            short = name.rpartition("/")[2]
            if everything or name in exact or short in exact:
                return True
            return whole.match(name) is not None or last.match(short) is not None

        return fits


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")


class Topic(Protocol):
    """What can be subscribed to; `keyed` when a newer update takes the place of an older one of the same key."""

    name: str
    keyed: bool

    def snapshot(self, chosen: Callable[[str, str], bool]) -> Sequence[Body]:
        """Return what stands now of what is chosen by spacecraft and name."""


class Outbox:
    """What one socket has still to be sent. `wake` is called whenever something is put in."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._answers: deque[str] = deque()
        self._states: dict[str, str] = {}
        self._tick = ""
        self._ready: dict[Subscription, None] = {}
        self.subscriptions: dict[str, Subscription] = {}

    @property
    def answers(self) -> int:
        """How many snapshots and errors wait: who asks for more while they do had better wait as well."""
        return len(self._answers)

    def answer(self, text: str) -> None:
        """Put in what the socket asked for: it is sent in order, before all else."""
        self._answers.append(text)
        self._wake()

    def state(self, ident: str, text: str) -> None:
        """Put in the newest state of a subscription."""
        self._states[ident] = text
        self._wake()

    def tick(self, text: str) -> None:
        """Put in the newest tick."""
        self._tick = text
        self._wake()

    def ready(self, one: "Subscription") -> None:
        """Note that updates of a subscription wait."""
        self._ready[one] = None
        self._wake()

    def forget(self, one: "Subscription") -> None:
        """Send nothing more of a subscription."""
        self._ready.pop(one, None)
        self._states.pop(one.ident, None)

    def take(self) -> str | None:
        """Return the next message to send, None when there is none: answers first, then states, tick, subscriptions in turn."""
        if self._answers:
            return self._answers.popleft()
        if self._states:
            return self._states.pop(next(iter(self._states)))
        if self._tick:
            text, self._tick = self._tick, ""
            return text
        if not self._ready:
            return None
        one = next(iter(self._ready))
        del self._ready[one]
        text = one.waiting.take(one.ident)
        if one.waiting:
            self._ready[one] = None
        return text


class Subscription:
    """One subscription of one socket; `ident` is its ID as JSON, `since` the last update that its snapshot held."""

    __slots__ = ("group", "ident", "outbox", "since", "waiting")

    def __init__(self, outbox: Outbox, ident: str, group: "Group", since: int) -> None:
        self.outbox, self.ident, self.group, self.since = outbox, ident, group, since
        self.waiting = Waiting(0 if group.wanted.rate_hz else ROOM, keyed=group.keyed)

    def put(self, batch: Batch) -> None:
        """Let a batch wait until the socket can take it."""
        mine = batch.after(self.since)
        if mine.updates:
            self.waiting.put(mine)
            self.outbox.ready(self)


class Group:
    """Equal subscriptions, and the updates that they are to be sent next."""

    def __init__(self, wanted: Wanted, *, keyed: bool) -> None:
        self.wanted, self.keyed = wanted, keyed
        self.fits = wanted.chooser()
        self.members: dict[Subscription, None] = {}
        self.due = 0.0
        self._pause_s = 1 / wanted.rate_hz if wanted.rate_hz else LEAST_PAUSE_S
        self._newest = bool(wanted.rate_hz) and keyed
        self._pending: dict[object, Update] = {}
        self._first = 0
        self._sent = float("-inf")

    @property
    def pending(self) -> bool:
        """Whether updates are to be sent."""
        return bool(self._pending)

    def take(self, update: Update, now: float) -> None:
        """Take an update, to be sent when the last message is old enough."""
        if not self._pending:
            self._first, self.due = update.serial, max(now, self._sent + self._pause_s)
        key = update.key if self._newest else update.serial
        self._pending.pop(key, None)
        self._pending[key] = update

    def flush(self, now: float) -> None:
        """Give all members what is to be sent."""
        updates = list(self._pending.values())
        self._pending, self._sent = {}, now
        for start in range(0, len(updates), MOST_IN_BATCH):
            batch = Batch(updates[start : start + MOST_IN_BATCH], self._first)
            for member in self.members:
                member.put(batch)


class Hub:
    """All subscriptions of all sockets. `clock` gives monotonic seconds, `on_due` hears when the next `flush` is due."""

    def __init__(self, topics: Iterable[Topic], clock: Callable[[], float], on_due: Callable[[float], None]) -> None:
        self.topics = {topic.name: topic for topic in topics}
        self._clock, self._on_due = clock, on_due
        self._groups: dict[str, dict[Wanted, Group]] = {name: {} for name in self.topics}
        self._interested: dict[str, dict[tuple[str, str], tuple[Group, ...]]] = {name: {} for name in self.topics}
        self._dirty: dict[Group, None] = {}
        self._serial = 0
        self._states: dict[str, tuple[str, str]] = dict.fromkeys(self.topics, (LOST, "not reached yet"))
        self.outboxes: dict[Outbox, None] = {}

    def join(self, outbox: Outbox) -> None:
        """Take a socket in."""
        self.outboxes[outbox] = None

    def leave(self, outbox: Outbox) -> None:
        """Forget a socket and its subscriptions."""
        self.outboxes.pop(outbox, None)
        for ident in list(outbox.subscriptions):
            self.unsubscribe(outbox, ident)

    def subscribe(self, outbox: Outbox, ident: str, wanted: Wanted) -> None:
        """Begin a subscription with its snapshot and the state of its stream; one with the same ID ends."""
        self.unsubscribe(outbox, ident)
        topic, groups = self.topics[wanted.topic], self._groups[wanted.topic]
        group = groups.get(wanted)
        if group is None:
            group = groups[wanted] = Group(wanted, keyed=topic.keyed)
            known = self._interested[wanted.topic]
            known.update({key: (*others, group) for key, others in known.items() if group.fits(*key)})
        one = outbox.subscriptions[ident] = Subscription(outbox, ident, group, self._serial)
        group.members[one] = None
        outbox.answer(f'{{"id":{ident},"snapshot":{encoded(topic.snapshot(group.fits))}}}')
        outbox.state(ident, _state_text(ident, *self._states[wanted.topic]))

    def unsubscribe(self, outbox: Outbox, ident: str) -> bool:
        """End a subscription; return whether there was one."""
        one = outbox.subscriptions.pop(ident, None)
        if one is None:
            return False
        outbox.forget(one)
        one.group.members.pop(one, None)
        if not one.group.members:
            self._end(one.group)
        return True

    def _end(self, group: Group) -> None:
        topic = group.wanted.topic
        del self._groups[topic][group.wanted]
        self._dirty.pop(group, None)
        known = self._interested[topic]
        known.update({key: tuple(one for one in some if one is not group) for key, some in known.items() if group in some})

    def interested(self, topic: str, spacecraft: str, name: str) -> tuple[Group, ...]:
        """Return the groups that want what has this name."""
        known, key = self._interested[topic], (spacecraft, name)
        found = known.get(key)
        if found is None:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            found = known[key] = tuple(group for group in self._groups[topic].values() if group.fits(spacecraft, name))
        return found

    def publish(self, topic: str, updates: Iterable[Update]) -> None:
        """Tell what changed to those who want it."""
        now = self._clock()
        for update in updates:
            self._serial += 1
            update.serial = self._serial
            for group in self.interested(topic, update.spacecraft, update.name):
                if not group.pending:
                    self._dirty[group] = None
                    group.take(update, now)
                    self._on_due(group.due)
                else:
                    group.take(update, now)

    def flush(self, now: float) -> float | None:
        """Send what is due; return when more is, None for nothing."""
        later = None
        for group in list(self._dirty):
            if group.due <= now:
                del self._dirty[group]
                group.flush(now)
            elif later is None or group.due < later:
                later = group.due
        return later

    def tick(self, text: str) -> None:
        """Tell every socket the time."""
        for outbox in self.outboxes:
            outbox.tick(text)

    def set_state(self, topic: str, state: str, why: str = "") -> None:
        """Tell all subscriptions of a topic how the stream beneath is, when that changes."""
        if self._states[topic] == (state, why):
            return
        self._states[topic] = state, why
        for group in self._groups[topic].values():
            for one in group.members:
                one.outbox.state(one.ident, _state_text(one.ident, state, why))

    def state(self, topic: str) -> tuple[str, str]:
        """Return how the stream beneath a topic is, and why."""
        return self._states[topic]


def _state_text(ident: str, state: str, why: str) -> str:
    return f'{{"id":{ident},"state":"{state}","why":{encoded(why)}}}'
