"""The release gate: the only place where what may go to an antenna is made.

A request passes when its octets are those that people agreed to, the rules of the mission are satisfied, this agency has the
spacecraft, its window is open, nothing forbids it, and it never passed before. The gate holds the lines that turn packets into
CLTUs. Nobody else can make a `ReleasedCltu`, and the forward service of a station takes nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Any, NoReturn, final

from ..agencies import Authority
from ..errors import UsageError
from ..link import ControlWord, Directive
from .authority import Wanted, asked_of, wanted
from .credentials import Keyring
from .directives import directive_of
from .requests import FOR_EVER, PreparedCommand, digest_of
from .statements import SignedStatement
from .uplink import LineOutput, Outgoing, UplinkLine

MOST_DIGESTS = 1024  # fewer than packets go up before sequence counts, and so the same octets, rightly come again

_SEAL = object()  # only this module has it: what is made without it was not released


class _Sealed:
    """What only the gate can make: not copied, pickled or changed."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise UsageError(f"{type(self).__name__} cannot be changed", remedy="Ask the gate for another release")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise UsageError(f"{type(self).__name__} cannot be copied or stored", remedy="Ask the gate for another release")

    def _fill(self, seal: object, values: dict[str, Any]) -> None:
        if seal is not _SEAL:
            raise UsageError(f"only the release gate makes a {type(self).__name__}", remedy="Put a request through the gate")
        for name, value in values.items():
            object.__setattr__(self, name, value)


@final
class Grant(_Sealed):
    """A request that passed the gate: its digest, the statements that let it, the lease it went under, and when (TAI ns)."""

    __slots__ = ("at_ns", "digest", "epoch", "prepared", "request", "spacecraft", "statements", "units")
    request: str
    digest: str
    spacecraft: str
    statements: tuple[str, ...]
    epoch: int
    at_ns: int
    units: int  # how many frames carry it
    prepared: PreparedCommand

    def __init__(self, seal: object, **values: Any) -> None:
        self._fill(seal, values)

    def body(self) -> dict[str, Any]:
        """Return it as a journal keeps it."""
        return {
            "request": self.request,
            "digest": self.digest,
            "spacecraft": self.spacecraft,
            "statements": list(self.statements),
            "epoch": self.epoch,
            "released_ns": self.at_ns,
            "units": self.units,
        }


@final
class ReleasedCltu(_Sealed):
    """A CLTU that may go to an antenna. `request` is empty for a frame of the link's own protocol (COP-1)."""

    __slots__ = ("again", "earliest_ns", "id", "identity", "latest_ns", "octets", "request", "sha256", "spacecraft")
    id: int
    spacecraft: str
    request: str
    identity: str
    again: bool
    octets: bytes
    sha256: str
    earliest_ns: int
    latest_ns: int

    def __init__(self, seal: object, **values: Any) -> None:
        self._fill(seal, values)

    def body(self) -> dict[str, Any]:
        """Return it as a journal keeps it before it is sent."""
        return {
            "cltu": self.id,
            "request": self.request,
            "identity": self.identity,
            "again": self.again,
            "spacecraft": self.spacecraft,
            "sha256": self.sha256,
            "octets": len(self.octets),
        }


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that does not pass, with every reason in plain words, and what is still wanted of people."""

    request: str
    reasons: tuple[str, ...]
    wanted: Wanted | None = None


GateOutput = ReleasedCltu | LineOutput


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a spacecraft now, under which epoch of its lease (0: its owner, never lent), and until when (TAI ns) at most."""

    agency: str
    epoch: int = 0
    until_ns: int = FOR_EVER


class Gate:
    """The gate of one agency. `next_cltu` goes on from the greatest number in the journal, `released` from all that it tells."""

    def __init__(
        self, agency: str, rules: Authority, *, next_cltu: int = 1, released: Iterable[tuple[str, str]] = (), seen_ns: int = 0
    ) -> None:
        self.agency, self.rules = agency, rules
        self._lines: dict[str, UplinkLine] = {}
        self._next = next_cltu
        self._released: dict[str, str] = {}  # digest: request
        self._requests: set[str] = set()
        self._sent: set[str] = set()  # of those, what was given to its line in this life
        self._windows: dict[str, tuple[int, int]] = {}
        for request, digest in released:
            self._requests.add(request)
            self._keep(digest, request)
        self.may_go: Callable[[str], bool] = lambda spacecraft: True  # whether its queue lets anything go, asked each time
        self._seen_ns = seen_ns  # the latest instant that the gate knows of: time does not go back

    def hold_line(self, spacecraft: str, line: UplinkLine) -> None:
        """Take the command link of a spacecraft."""
        self._lines[spacecraft] = line
        line.may_go = lambda: self.may_go(spacecraft)

    @property
    def spacecraft(self) -> tuple[str, ...]:
        """The spacecraft whose command links it holds."""
        return tuple(self._lines)

    def line(self, spacecraft: str) -> UplinkLine:
        """Return the command link of a spacecraft. Raises UsageError when there is none."""
        if spacecraft not in self._lines:
            raise UsageError(f"this gate has no command link of {spacecraft!r}", remedy="Give the spacecraft an uplink file")
        return self._lines[spacecraft]

    def pace(self, spacecraft: str) -> tuple[Fraction, int]:
        """Return at how many bits a second a spacecraft's CLTUs are radiated, and the octets by which a carrier is acquired."""
        link = self._lines[spacecraft].link if spacecraft in self._lines else None
        return (link.bit_rates[0], link.acquisition_octets) if link is not None else (Fraction(2000), 0)

    def release(
        self,
        prepared: PreparedCommand,
        statements: Sequence[SignedStatement],
        keyring: Keyring,
        holding: Holding,
        now: int,
        *,
        forbidden: Sequence[str] = (),
        proven: frozenset[str] | set[str] = frozenset(),
    ) -> Grant | Refused:
        """Let a request pass, or say every reason why not. `forbidden` is what constraints, geometry and queue say against it."""
        asked = prepared.request
        reasons = [*self._clock(now), *self._again(prepared), *_window(prepared, now), *forbidden]
        if holding.agency != self.agency:
            reasons.append(f"{holding.agency or 'nobody'} has {asked.spacecraft} now, so this gate may not release to it")
        found = wanted(
            asked_of(prepared, digest_of(prepared)), self.rules, keyring, statements, now, holder=holding.agency, proven=proven
        )  # fmt: skip
        reasons += found.words()
        if not self.may_go(asked.spacecraft):
            reasons.append(f"the queue of {asked.spacecraft} is not open at this gate")
        if asked.spacecraft not in self._lines:
            reasons.append(f"this gate has no command link of {asked.spacecraft!r}")
        if reasons:
            return Refused(asked.id, tuple(dict.fromkeys(reasons)), found)
        self._seen_ns = max(self._seen_ns, now)
        self._requests.add(asked.id)
        self._keep(prepared.digest, asked.id)
        self._windows[asked.id] = (asked.earliest_ns, min(asked.latest_ns, holding.until_ns))  # a station heeds the loan too
        return Grant(
            _SEAL, request=asked.id, digest=prepared.digest, spacecraft=asked.spacecraft, statements=found.used,
            epoch=holding.epoch, at_ns=now, units=self._units(prepared), prepared=prepared,
        )  # fmt: skip

    def set_clock(self, now: int) -> None:
        """Take an instant for right though it is before the last release: people said so, and the journal keeps it."""
        self._seen_ns = min(self._seen_ns, now)

    def send(self, grant: Grant, now: int) -> list[GateOutput]:
        """Return the CLTUs of a granted request, and what FOP-1 says. Raises UsageError when nothing of it was sent."""
        if type(grant) is not Grant or digest_of(grant.prepared) != grant.digest:
            raise UsageError("not a grant of this gate", remedy="Put the request through `release`")
        if grant.request in self._sent:
            raise UsageError(f"request {grant.request} was sent before", remedy="A grant is good for once: make another request")
        if not self.may_go(grant.spacecraft):
            raise UsageError(f"the queue of {grant.spacecraft} is not open at this gate", remedy="Release the queue")
        line, prepared = self.line(grant.spacecraft), grant.prepared
        if prepared.directive:
            made = line.direct(directive_of(prepared.directive, grant.request), now)
        else:
            made = line.send(grant.request, prepared.packets, prepared.request.service, now)
        self._sent.add(grant.request)
        return self._sealed(grant.spacecraft, made)

    def go_on(self, spacecraft: str, now: int) -> list[GateOutput]:
        """Send what the queue kept back and now lets go."""
        return self._sealed(spacecraft, self.line(spacecraft).go_on(now))

    def on_control_word(self, spacecraft: str, word: ControlWord, now: int) -> list[GateOutput]:
        """Give a spacecraft's control word to its line: it may let more frames go, or the same ones again."""
        return self._sealed(spacecraft, self.line(spacecraft).on_control_word(word, now))

    def on_timer(self, spacecraft: str, now: int) -> list[GateOutput]:
        """Do what is due on a spacecraft's line."""
        return self._sealed(spacecraft, self.line(spacecraft).on_timer(now))

    def direct(self, spacecraft: str, directive: Directive, now: int) -> list[GateOutput]:
        """Give FOP-1 a directive that sends nothing (window, timer, limit). Raises UsageError for one that would send a frame."""
        made = self.line(spacecraft).direct(directive, now)
        if any(isinstance(one, Outgoing) for one in made):
            raise UsageError("a directive that sends a frame needs a request", remedy="Request /COP-1/...")
        return self._sealed(spacecraft, made)

    def _sealed(self, spacecraft: str, made: list[LineOutput]) -> list[GateOutput]:
        out: list[GateOutput] = []
        for one in made:
            if not isinstance(one, Outgoing):
                out.append(one)
                continue
            request = one.identity.rpartition("/")[0] or one.identity
            known = request if request in self._requests else ""
            earliest, latest = self._windows.get(known, (0, (1 << 63) - 1))
            out.append(
                ReleasedCltu(
                    _SEAL, id=self._next, spacecraft=spacecraft, request=known, identity=one.identity, again=one.again,
                    octets=one.octets, sha256=sha256(one.octets).hexdigest(), earliest_ns=earliest, latest_ns=latest,
                )
            )  # fmt: skip
            self._next += 1
        return out

    def _units(self, prepared: PreparedCommand) -> int:
        """Return how many frames carry a request, 0 where that cannot be told: then nothing of it can be sent."""
        try:
            return 1 if prepared.directive else self.line(prepared.request.spacecraft).frames_of(prepared.packets)
        except UsageError:
            return 0

    def _clock(self, now: int) -> list[str]:
        tolerance = round(self.rules.clock_tolerance_s * 1e9)
        if now + tolerance >= self._seen_ns:
            return []
        return [f"the clock was set back by {(self._seen_ns - now) / 1e9:.3f} s since the last release"]

    def _keep(self, digest: str, request: str) -> None:
        """Remember what octets were released, of the newest releases."""
        self._released[digest] = request
        if len(self._released) > MOST_DIGESTS:
            del self._released[next(iter(self._released))]

    def _again(self, prepared: PreparedCommand) -> list[str]:
        asked = prepared.request
        if asked.id in self._requests:
            return [f"request {asked.id} was released before"]
        if prepared.digest in self._released and not prepared.directive:  # a directive has no number of its own
            return [f"exactly these octets were released before, as request {self._released[prepared.digest]}"]
        return []


def _window(prepared: PreparedCommand, now: int) -> list[str]:
    asked = prepared.request
    if now > asked.latest_ns:
        return [f"its window of release ended {(now - asked.latest_ns) / 1e9:.3f} s ago"]
    if now < asked.earliest_ns:
        return [f"its window of release begins in {(asked.earliest_ns - now) / 1e9:.3f} s"]
    return []
