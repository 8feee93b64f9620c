"""Service 2: commands to devices below the level of software."""

from dataclasses import dataclass

from .parts import Command, Fixed, Many, Number, Numbers, Rest
from .rows import report, request


@dataclass(frozen=True, slots=True)
class SwitchDevices:
    """Send an on/off command to each of these device addresses."""

    addresses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """A register and what is or shall be in it."""

    address: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LoadRegisters:
    """Load registers of devices."""

    registers: tuple[Register, ...]


@dataclass(frozen=True, slots=True)
class DumpRegisters:
    """Ask for the contents of registers."""

    addresses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RegisterDump:
    """The contents of registers."""

    registers: tuple[Register, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pulse on an output line; the duration is the exponent that the unit understands."""

    line: int
    duration: int


@dataclass(frozen=True, slots=True)
class PulseCommands:
    """Command pulses of one command pulse distribution unit."""

    pulses: tuple[Pulse, ...]


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One parameter of a logical device to be acquired, and the transaction that the answer will name."""

    transaction: int
    device: int
    parameter: int


@dataclass(frozen=True, slots=True)
class AcquireFromDevices:
    """Ask logical devices for parameters."""

    acquisitions: tuple[Acquisition, ...]


@dataclass(frozen=True, slots=True)
class DeviceData:
    """What a physical or a logical device answered in a transaction. `status` is the mission's code of how it went."""

    logical: bool
    transaction: int
    status: int
    data: bytes


_REGISTER = (Number("address", "device_octets"), Fixed("data", "register_octets"))
_REGISTERS = (Many("registers", Register, _REGISTER, "register"),)
_PULSES = (Many("pulses", Pulse, (Command(),), "pulse"),)
_ADDRESSES = (Numbers("addresses", "device_octets"),)
_ANSWER = (Number("transaction", "transaction_octets"), Number("status", "code_octets"), Rest("data"))
_ACQUISITION = (
    Number("transaction", "transaction_octets"), Number("device", "device_octets"), Number("parameter", "parameter_octets"),
)  # fmt: skip
_PULSED = "send {m.pulses:n} command pulses directly to devices"

ROWS = (
    request(2, 1, SwitchDevices, _ADDRESSES, "switch the devices at addresses {m.addresses:list}"),
    request(2, 2, LoadRegisters, _REGISTERS, "load {m.registers:n} registers of devices"),
    request(2, 3, PulseCommands, _PULSES, _PULSED, grade="K", variants="A"),
    request(2, 4, PulseCommands, _PULSES, _PULSED, variants="C"),
    request(2, 5, DumpRegisters, _ADDRESSES, "report the registers at addresses {m.addresses:list}", variants="C"),
    report(2, 6, RegisterDump, _REGISTERS, "contents of {m.registers:n} registers", variants="C"),
    report(2, 9, DeviceData, _ANSWER, "physical device answers transaction {m.transaction}", variants="C", logical=False),
    request(
        2, 11, AcquireFromDevices, (Many("acquisitions", Acquisition, _ACQUISITION, "acquisition"),),
        "acquire {m.acquisitions:n} parameters from logical devices", variants="C",
    ),
    report(2, 12, DeviceData, _ANSWER, "logical device answers transaction {m.transaction}", variants="C", logical=True),
)  # fmt: skip
