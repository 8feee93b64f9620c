"""Services 8, 9, 17 and 20: functions, time reports, connection tests and parameters, each of a few small messages."""

from dataclasses import dataclass

from .parts import Fixed, Many, Maybe, Number, Numbers, Rest, Value
from .rows import report, request


@dataclass(frozen=True, slots=True)
class PerformFunction:
    """Perform a function on board. The arguments are raw octets: what they are depends on the function (see `encode_values`)."""

    function: bytes
    arguments: bytes = b""


@dataclass(frozen=True, slots=True)
class ChangeTimeRate:
    """Report the on-board time once every 2 to the power of `exponent` telemetry frames (of virtual channel 0)."""

    exponent: int


@dataclass(frozen=True, slots=True)
class TimeReport:
    """The on-board time: the time field as one number. `exponent` and `status` are None where the mission has none."""

    code: str  # CUC or CDS
    time: int
    exponent: int | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class AreYouAlive:
    """Ask an application process whether it is alive."""


@dataclass(frozen=True, slots=True)
class Alive:
    """An application process is alive."""


@dataclass(frozen=True, slots=True)
class ProbeConnection:
    """Ask for a test of the connection to an application process."""

    apid: int


@dataclass(frozen=True, slots=True)
class ConnectionAlive:
    """The connection to an application process works."""

    apid: int


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter and its value, raw octets, as wide as `Widths.value_octets` says."""

    parameter: int
    value: bytes


@dataclass(frozen=True, slots=True)
class AskParameters:
    """Ask for the values of parameters."""

    parameters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParameterValues:
    """The values of parameters."""

    values: tuple[ParameterValue, ...]


@dataclass(frozen=True, slots=True)
class SetParameters:
    """Set parameters on board."""

    values: tuple[ParameterValue, ...]


VALUES = Many("values", ParameterValue, (Number("parameter", "parameter_octets"), Value("value")), "parameter")
TIME = Number("time", "time_octets")
_TIME_REPORT = (Maybe("exponent", "rate_octets"), TIME, Maybe("status", "time_status_octets"))
_APID = (Number("apid", "apid_octets", "the APID"),)

ROWS = (
    request(
        8, 1, PerformFunction, (Fixed("function", "function_octets"), Rest("arguments")),
        "perform function {m.function:hex} with arguments {m.arguments:hex}",
    ),
    request(
        9, 1, ChangeTimeRate, (Number("exponent", "rate_octets"),), "report the on-board time every 2^{m.exponent} frames"
    ),
    report(9, 2, TimeReport, _TIME_REPORT, "on-board time, field {m.time:#x}", code="CUC"),
    report(9, 3, TimeReport, _TIME_REPORT, "on-board time, field {m.time:#x}", variants="C", code="CDS"),
    request(17, 1, AreYouAlive, (), "ask whether the application process is alive", grade="V"),
    report(17, 2, Alive, (), "the application process is alive", grade="V"),
    request(17, 3, ProbeConnection, _APID, "test the connection to application process {m.apid}", variants="C"),
    report(17, 4, ConnectionAlive, _APID, "the connection to application process {m.apid} works", variants="C"),
    request(
        20, 1, AskParameters, (Numbers("parameters", "parameter_octets"),), "report parameters {m.parameters:list}", variants="C"
    ),
    report(20, 2, ParameterValues, (VALUES,), "values of {m.values:n} parameters", variants="C"),
    request(20, 3, SetParameters, (VALUES,), "set {m.values:n} parameters", variants="C"),
)  # fmt: skip
