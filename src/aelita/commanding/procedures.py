"""What a procedure is: a Python generator of typed requests, with its spacecraft and arguments declared by a decorator.

A procedure only describes. It yields a request, is given the outcome, and branches in plain Python; what becomes of a request is
the affair of who runs it. It must do nothing else: the same outcomes must bring the same requests, or no log can be resumed.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from inspect import Parameter, isgeneratorfunction, signature
from typing import Any

from ..errors import DefinitionError, TimeError, UsageError
from ..mdb import Comparison, Condition, Operator, Reference
from ..time import tai_ns_of
from .progress import State
from .requests import Call, Service

Value = int | float | str | bool | bytes | None
KINDS = ("integer", "number", "text", "flag", "choice", "time")
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Waited(StrEnum):
    """How a wait ended. FAILED: what was waited for cannot come any more."""

    MET = "met"
    TIMED_OUT = "timed out"
    FAILED = "failed"


class IfNot(StrEnum):
    """What a check that does not hold does: ask a person, stop the procedure, or only tell it the answer."""

    ASK = "ask"
    STOP = "stop"
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class Sent:
    """Outcome of `Send`: the name of the request, and whether it was taken. What becomes of it later is to be waited for."""

    request: str
    taken: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, TAI nanoseconds."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class Delay:
    """A time from now on, seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reached:
    """That a request which was sent gets at least as far as `state`."""

    sent: Sent
    state: State = State.COMPLETED


Awaited = Condition | Moment | Delay | Reached


@dataclass(frozen=True, slots=True)
class Send:
    """Request commands, together and in this order; the outcome is `Sent`. With `execute_ns` they wait on board for it."""

    calls: tuple[Call, ...]
    comment: str = ""
    service: Service = Service.BD
    execute_ns: int | None = None


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait; the outcome is `Waited`. The timeout counts from when evidence can be on Earth, None waits for ever."""

    what: Awaited
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Check a condition on values; the outcome is whether it holds. One whose values are not known does not hold."""

    condition: Condition
    if_not: IfNot = IfNot.ASK
    text: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """Read a value; the outcome is the value, None when it is not known."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person; the outcome is the chosen text, or any text when there are no choices."""

    question: str
    choices: tuple[str, ...] = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Say:
    """Tell people something; the outcome is None."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """Begin a section; the outcome is None."""

    name: str


@dataclass(frozen=True, slots=True)
class Now:
    """Ask for the time; the outcome is TAI nanoseconds."""


Step = Send | WaitFor | Check | Read | Ask | Say | Section | Now
Steps = Generator[Step, Any, None]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a procedure: its kind (one of `KINDS`), what it is, and its range. Times arrive as TAI nanoseconds.

    `default` is given as people write it; None means that the argument must be given.
    """

    name: str
    kind: str
    about: str = ""
    default: str | None = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS or (self.kind == "choice") != bool(self.choices):
            raise DefinitionError(
                f"argument {self.name} of kind {self.kind!r} with {len(self.choices)} choices",
                remedy=f"Kinds: {', '.join(KINDS)}",
            )
        if self.default is not None:
            self.read(self.default)

    def read(self, written: str) -> int | float | str | bool:
        """Return what a person wrote as the procedure gets it. Raises UsageError that says what was wanted."""
        try:
            value = self._value(written.strip())
        except (KeyError, ValueError, OverflowError, TimeError) as error:
            raise UsageError(f"{written!r} is no {self.kind}", where=f"argument {self.name}", remedy=self.about) from error
        if isinstance(value, float) and value != value:
            raise UsageError("not a number", where=f"argument {self.name}", remedy=self.about)
        low, high = self.least, self.most
        if not isinstance(value, str) and ((low is not None and value < low) or (high is not None and value > high)):
            raise UsageError(f"{written} is out of range", where=f"argument {self.name}", remedy=f"From {low} to {high}")
        return value

    def _value(self, written: str) -> int | float | str | bool:
        if self.kind == "integer":
            return int(written, 0)
        if self.kind == "number":
            return float(written)
        if self.kind == "flag":
            return FLAGS[written.lower()]
        if self.kind == "time":
            return tai_ns_of(written)
        if self.kind == "choice":
            return self.choices[self.choices.index(written)]
        return written


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of a mission. `body` takes the name of the spacecraft, then the arguments by name."""

    name: str
    title: str
    spacecraft: tuple[str, ...]
    arguments: tuple[Argument, ...]
    grade: str
    body: Callable[..., Steps] = field(compare=False)

    def begin(self, spacecraft: str, given: Mapping[str, str]) -> Steps:
        """Return the generator for a spacecraft. Raises UsageError that names every wrong argument, all at once."""
        if spacecraft not in self.spacecraft:
            raise UsageError(f"procedure {self.name} is not for {spacecraft}", remedy=f"It is for {', '.join(self.spacecraft)}")
        known = {one.name for one in self.arguments}
        wrong = [f"there is no argument {name}" for name in given if name not in known]
        values: dict[str, int | float | str | bool] = {}
        for one in self.arguments:
            written = given.get(one.name, one.default)
            try:
                if written is None:
                    raise UsageError("not given", where=f"argument {one.name}", remedy=one.about)
                values[one.name] = one.read(written)
            except UsageError as error:
                wrong.append(str(error))
        if wrong:
            raise UsageError("; ".join(wrong), where=f"procedure {self.name}")
        return self.body(spacecraft, **values)


def procedure(
    title: str, *, spacecraft: tuple[str, ...], arguments: tuple[Argument, ...] = (), grade: str = "assumed"
) -> Callable[[Callable[..., Steps]], Procedure]:
    """Declare a generator function as a procedure; its name is the function's. Raises DefinitionError for what does not fit."""

    def declare(body: Callable[..., Steps]) -> Procedure:
        where = f"procedure {body.__name__}"
        if not isgeneratorfunction(body):
            raise DefinitionError("its body yields nothing", where=where, remedy="Yield Send, WaitFor, Check, Ask, ...")
        taken = [one.name for one in signature(body).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
        declared = [one.name for one in arguments]
        if taken[1:] != declared or len(taken) < 1:
            raise DefinitionError(
                f"its body takes {', '.join(taken)}; declared are {', '.join(declared) or 'no arguments'}", where=where,
                remedy="The body takes the name of the spacecraft, then the arguments as declared",
            )  # fmt: skip
        if not spacecraft:
            raise DefinitionError("it is for no spacecraft", where=where)
        return Procedure(body.__name__, title, spacecraft, arguments, grade, body)

    return declare


def procedures_of(namespace: Mapping[str, object], where: str) -> dict[str, Procedure]:
    """Return the procedures in a module's namespace by name. Raises DefinitionError when it has none."""
    found = {one.name: one for one in namespace.values() if isinstance(one, Procedure)}
    if not found:
        raise DefinitionError("no procedure is declared", where=where, remedy="Put @procedure(...) above a generator function")
    return found


def call(command: str, **arguments: object) -> Call:
    """Return a command with its arguments as text; octets are written in hexadecimal."""
    return Call(command, tuple((name, _written(value)) for name, value in arguments.items()))


def value_is(parameter: str, operator: str, literal: object, *, calibrated: bool = True) -> Comparison:
    """Return the condition that a parameter, by its qualified name, compares so with a literal. Raises UsageError."""
    try:
        return Comparison(Reference(parameter, calibrated=calibrated), Operator(operator), str(literal))
    except ValueError as error:
        known = " ".join(one.value for one in Operator)
        raise UsageError(f"{operator!r} compares nothing", where=parameter, remedy=f"Use one of {known}") from error


def _written(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    return str(value)
