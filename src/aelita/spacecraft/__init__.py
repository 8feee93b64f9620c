"""Simulated spacecraft: the on-board end of the link, what runs there, its telemetry, and faults."""

from .board import Board, Clock, Code, Event, Mode
from .command_receiver import KEY_ID, CommandReceiver, FrameGatherer, SecurityRefused, cltu_rules, security_store
from .craft import Spacecraft
from .definition import Definition, Function, Memory, OnBoardParameter, Structure, Timing
from .downlink import Downlink
from .freezing import freeze, thaw
from .inputs import (
    FAULTS,
    BitErrors,
    ClockJump,
    CorruptMemory,
    DropReport,
    Fault,
    Injected,
    Input,
    ReceiverOff,
    RefuseAcceptance,
    Reset,
    SafeMode,
    Taken,
    Uplinked,
    decode_input,
    encode_input,
)

__all__ = [
    "FAULTS", "KEY_ID", "BitErrors", "Board", "Clock", "ClockJump", "Code", "CommandReceiver", "CorruptMemory", "Definition",
    "Downlink", "DropReport", "Event", "Fault", "FrameGatherer", "Function", "Injected", "Input", "Memory", "Mode",
    "OnBoardParameter", "ReceiverOff", "RefuseAcceptance", "Reset", "SafeMode", "SecurityRefused", "Spacecraft", "Structure",
    "Taken", "Timing", "Uplinked", "cltu_rules", "decode_input", "encode_input", "freeze", "security_store", "thaw",
]  # fmt: skip
