"""Everything that reaches a simulated spacecraft from outside: uplinks and faults. Its state follows from these alone.

An input is one line of JSON, so that whoever keeps them in a file can have the same spacecraft again after a restart.
"""

import json
from dataclasses import asdict, dataclass, fields
from fractions import Fraction

from ..errors import DataError, UsageError


@dataclass(frozen=True, slots=True)
class Uplinked:
    """Bits that reach the antenna: when the first of them begins to arrive (TAI ns), bits a second, and the bits, packed."""

    start_ns: int
    rate: Fraction
    octets: bytes

    def __post_init__(self) -> None:
        if not self.octets or self.rate <= 0:
            raise UsageError(f"{len(self.octets)} octets at {self.rate} bit/s are no uplink")

    @property
    def end_ns(self) -> int:
        """When the last bit has arrived."""
        return self.moment_ns(8 * len(self.octets))

    def moment_ns(self, bits: int) -> int:
        """Return when so many bits have arrived, rounded up."""
        return self.start_ns - (-bits * 1_000_000_000 * self.rate.denominator // self.rate.numerator)


@dataclass(frozen=True, slots=True)
class BitErrors:
    """Share of uplinked bits that are received wrong, until another of these."""

    share: float


@dataclass(frozen=True, slots=True)
class ReceiverOff:
    """The command receiver hears nothing for so many seconds."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class CorruptMemory:
    """One octet of a memory changes: these bits flip."""

    memory: int
    address: int
    flip: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The on-board computer starts anew: V(R) is 0, volatile memory and commands in progress are lost, perhaps the schedule."""

    keep_schedule: bool = False


@dataclass(frozen=True, slots=True)
class RefuseAcceptance:
    """The next `count` requests are not accepted, with this failure code."""

    count: int = 1
    code: int = 0


@dataclass(frozen=True, slots=True)
class DropReport:
    """The next `count` reports of service 1 of this subtype (1: acceptance, 3: start, 7: completion) are never made."""

    stage: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The on-board clock jumps by so many of its ticks."""

    ticks: int


@dataclass(frozen=True, slots=True)
class SafeMode:
    """The spacecraft enters safe mode by itself."""


Fault = BitErrors | ReceiverOff | CorruptMemory | Reset | RefuseAcceptance | DropReport | ClockJump | SafeMode
FAULTS: dict[str, type[Fault]] = {
    kind.__name__: kind
    for kind in (BitErrors, ReceiverOff, CorruptMemory, Reset, RefuseAcceptance, DropReport, ClockJump, SafeMode)
}


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault and when it happens (TAI nanoseconds)."""

    at_ns: int
    fault: Fault


Input = Uplinked | Injected


@dataclass(frozen=True, slots=True)
class Taken:
    """An input, and up to when the spacecraft had run when it came (TAI nanoseconds): what has to be kept."""

    taken_ns: int
    input: Input


def encode_input(taken: Taken) -> str:
    """Return an input as one line of JSON without its end."""
    one = taken.input
    if isinstance(one, Uplinked):
        rate = f"{one.rate.numerator}/{one.rate.denominator}"
        told = {"kind": "uplink", "start_ns": one.start_ns, "rate": rate, "octets": one.octets.hex()}
    else:
        told = {"kind": type(one.fault).__name__, "at_ns": one.at_ns, "with": asdict(one.fault)}
    return json.dumps({"taken_ns": taken.taken_ns, **told}, separators=(",", ":"))


def decode_input(line: str) -> Taken:
    """Return the input of a line. Raises DataError when it is none."""
    try:
        told = json.loads(line)
        if told["kind"] == "uplink":
            made: Input = Uplinked(int(told["start_ns"]), Fraction(told["rate"]), bytes.fromhex(told["octets"]))
        else:
            made = Injected(int(told["at_ns"]), _fault(told["kind"], told["with"]))
        return Taken(int(told["taken_ns"]), made)
    except (ValueError, KeyError, TypeError, ZeroDivisionError, UsageError) as error:
        raise DataError(f"this is no input of a spacecraft: {error!r}", remedy="Take the line out of the file") from error


def _fault(kind: str, told: dict[str, object]) -> Fault:
    made = FAULTS[kind](**told)  # type: ignore[arg-type]
    if any(type(getattr(made, one.name)) is not _TYPES[str(getattr(one.type, "__name__", one.type))] for one in fields(made)):
        raise ValueError(f"{kind} with {told}")
    return made


_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool}
