"""A live subscription as a machine without any I/O: texts and `now` (monotonic seconds) in, items and texts out.

The centre tells every socket the time once a second. When it falls silent the subscription is stale, and when it stays silent,
or the connection breaks, it is lost and begins anew after a while, with a snapshot. Every item says how things are.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson

from ...errors import UsageError
from .core import Answer, Broken, Patience, error_of
from .errors import AnswerError, RequestError

Topic = Literal["parameters", "events", "alarms", "commands", "links", "packets", "status", "clock"]
State = Literal["live", "stale", "lost"]
Kind = Literal["snapshot", "updates", "state"]
Row = Mapping[str, Any]

SILENT_S = 2.5  # without a tick, after which nothing counts as live
DEAD_S = 7.5  # without a tick, after which the connection is given up
ANSWER_S = 10.0  # for the snapshot of a new connection
REFUSED_FOR_GOOD = (400, 401, 403, 404)
WHERE = "WebSocket live"
IDENT = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a subscription tells: what stands (`snapshot`), what is new (`updates`), or that the `state` is another.

    `state` is how things are by now: "live", "stale" when nothing new comes, "lost" without a connection or stream; `why` says
    the reason. `rows` are as the topic has them; iterate over the item for them. `dropped` counts updates that were left out
    since this client was too slow for all of them. `mission` is the newest time of the mission's clock, RFC 3339.
    """

    kind: Kind
    state: State
    why: str = ""
    rows: tuple[Row, ...] = ()
    dropped: int = 0
    mission: str | None = None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is subscribed to: a topic, names or patterns of names, a spacecraft (none: all), and how often at most."""

    topic: Topic
    names: tuple[str, ...] = ("*",)
    spacecraft: str = ""
    rate_hz: float | None = None

    def text(self) -> str:
        """Return the message that asks for it."""
        told: dict[str, Any] = {"subscribe": IDENT, "topic": self.topic, "names": list(self.names)}
        told |= {"spacecraft": self.spacecraft} if self.spacecraft else {}
        return orjson.dumps(told | ({"rate_hz": self.rate_hz} if self.rate_hz is not None else {})).decode()


def wanted(topic: Topic, names: str | list[str] | tuple[str, ...], spacecraft: str, rate_hz: float | None) -> Wanted:
    """Return what is subscribed to. Raises UsageError for no names."""
    several = (names,) if isinstance(names, str) else tuple(names)
    if not several:
        raise UsageError("no name to subscribe to", remedy='Give names or patterns, or "*" for all')
    return Wanted(topic, several, spacecraft, rate_hz)


@dataclass(slots=True)
class Subscription:
    """One subscription over any number of connections. `chance` gives numbers from 0 to 1 that keep clients apart.

    While it is `open` what comes goes to `received`; at `deadline` `timed_out` is to be called. When `open` is False after a
    call the connection is to be closed, and the next one to be opened at `deadline`.
    """

    wanted: Wanted
    patience: Patience
    chance: Callable[[], float]
    open: bool = False
    deadline: float = 0.0
    state: State = "lost"
    why: str = "not connected yet"
    _told: tuple[State, str] | None = None  # what the last item said
    _beneath: tuple[State, str] = ("live", "")  # how the centre says that the stream is
    _attempts: int = 0
    _ticked: float = 0.0
    _mission: str | None = None
    _held: Item | None = field(default=None)  # a snapshot that waits for the state of its stream
    _begun: bool = False  # this connection has given its snapshot

    def opened(self, now: float) -> str:
        """Take a new connection; return the text to send."""
        self.open, self._begun, self._held = True, False, None
        self._ticked, self.deadline = now, now + ANSWER_S
        return self.wanted.text()

    def received(self, text: str | bytes, now: float) -> list[Item]:
        """Take a message, return what it tells. Raises RequestError when the centre does not take the subscription."""
        try:
            told = orjson.loads(text)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return self.broken("a message that is none of this interface", now)
        if "error" in told:
            raise _refused(told["error"])
        if "tick" in told:
            return self._tick(told["tick"], now)
        if "snapshot" in told:
            self._held, self._ticked = Item("snapshot", "live", rows=tuple(told["snapshot"])), now
            return []
        if "state" in told:
            state, why = str(told["state"]), str(told.get("why", ""))
            self._beneath = (state if state in ("live", "stale") else "lost"), why  # type: ignore[assignment]
            return self._settled(now)
        found = self._settled(now) if self._held else []
        if "updates" not in told or not self._begun:
            return found
        rows, dropped = tuple(told["updates"]), int(told.get("dropped", 0))
        return [*found, Item("updates", self.state, self.why, rows, dropped, self._mission)]

    def _tick(self, tick: Any, now: float) -> list[Item]:
        self._ticked = now
        if isinstance(tick, dict) and isinstance(tick.get("mission"), str):
            self._mission = tick["mission"]
        return self._settled(now)

    def _settled(self, now: float) -> list[Item]:
        """Say how things are after a sign of life: the snapshot that was held, or a state when it is another."""
        if not self._begun and self._held is None:
            return []  # until the snapshot has come nothing is known
        silent = now > self._ticked + SILENT_S  # a state that the centre tells is no tick
        still: tuple[State, str] = "stale", f"nothing heard for {SILENT_S:g} s"
        self.state, self.why = still if silent and self._beneath[0] == "live" else self._beneath
        self.deadline = self._ticked + (DEAD_S if silent else SILENT_S)
        held, self._held = self._held, None
        if held is None:
            return self._state()
        self._begun, self._attempts, self._told = True, 0, (self.state, self.why)
        return [replace(held, state=self.state, why=self.why, mission=self._mission)]

    def _state(self) -> list[Item]:
        if self._told == (self.state, self.why):
            return []
        self._told = self.state, self.why
        return [Item("state", self.state, self.why, mission=self._mission)]

    def timed_out(self, now: float) -> list[Item]:
        """Do what is due at the deadline of an open connection."""
        if not self._begun:
            return self.broken(f"no snapshot for {ANSWER_S:g} s", now)
        if now >= self._ticked + DEAD_S:
            return self.broken(f"nothing heard for {DEAD_S:g} s", now)
        self.state, self.why = "stale", f"nothing heard for {SILENT_S:g} s"
        self.deadline = self._ticked + DEAD_S
        return self._state()

    def broken(self, why: str, now: float, *, after_s: float | None = None) -> list[Item]:
        """Take the end of a connection, or of an attempt at one."""
        self.open, self.state, self.why, self._beneath = False, "lost", why, ("live", "")
        pause = self.patience.pause_s(self._attempts, self.chance()) if after_s is None else after_s
        self._attempts += 1
        self.deadline = now + pause
        return self._state()

    def denied(self, outcome: Answer | Broken, now: float) -> list[Item]:
        """Take what came instead of a connection. Raises InterfaceError when another attempt would not help."""
        if isinstance(outcome, Broken):
            if outcome.hopeless:
                raise AnswerError(outcome.why, where=WHERE, remedy=outcome.remedy)
            return self.broken(outcome.why, now)
        error = error_of(outcome, WHERE)
        if outcome.status in REFUSED_FOR_GOOD:
            raise error
        return self.broken(error.what, now, after_s=outcome.retry_after_s)


def _refused(told: Any) -> RequestError:
    told = told if isinstance(told, dict) else {"detail": str(told)}
    what, where, remedy = (str(told.get(name) or "") for name in ("detail", "where", "remedy"))
    return RequestError(what or "the subscription is refused", where=where or WHERE, remedy=remedy, status=400)
