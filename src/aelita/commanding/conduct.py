"""What operations build on requests, by name: procedures, the on-board schedule, packet stores, memory, files, octets read."""

from .command_files import CommandFile, CommandFileError, FileRequest, Mistake, read_command_file
from .forward_files import FORWARD_TABLE, Forward, ForwardEvent, ForwardFile, Forwards, ForwardState, forward_packets
from .memory import (
    KnownMemory,
    MemoryImage,
    MemoryMap,
    MemorySource,
    MemoryStretch,
    StretchKind,
    check_requests,
    dump_requests,
    image_areas,
    load_calls,
    load_requests,
    most_in_a_load,
)
from .procedure_dry_run import DryPath, DryRun, dry_run
from .procedure_effects import (
    RUN_TABLE,
    Effect,
    NeedAnswer,
    NeedState,
    NeedValues,
    Purpose,
    RehearseRequest,
    RunState,
    SendRequest,
    Tell,
    Turn,
)
from .procedure_records import step_text
from .procedure_running import ProcedureRun
from .procedures import (
    Argument,
    Ask,
    Check,
    Delay,
    IfNot,
    Moment,
    Now,
    Procedure,
    Reached,
    Read,
    Say,
    Section,
    Send,
    Sent,
    Steps,
    Waited,
    WaitFor,
    call,
    procedure,
    procedures_of,
    value_is,
)
from .reading import Discrepancy, OctetReader, PacketSaid, Reading
from .stores import READ_OUT_TABLE, ReadOut, ReadOutRules, ReadOutState, StoreReadOuts, read_out_requests
from .timeline import DIFFERENCES, Difference, Fate, Scheduled, Timeline

__all__ = [
    "DIFFERENCES", "FORWARD_TABLE", "READ_OUT_TABLE", "RUN_TABLE", "Argument", "Ask", "Check", "CommandFile", "CommandFileError",
    "Delay", "Difference", "Discrepancy", "DryPath", "DryRun", "Effect", "Fate", "FileRequest", "Forward", "ForwardEvent",
    "ForwardFile", "ForwardState", "Forwards", "IfNot", "KnownMemory", "MemoryImage", "MemoryMap", "MemorySource",
    "MemoryStretch", "Mistake", "Moment", "NeedAnswer", "NeedState", "NeedValues", "Now", "OctetReader", "PacketSaid",
    "Procedure", "ProcedureRun", "Purpose", "Reached", "Read", "ReadOut", "ReadOutRules", "ReadOutState", "Reading",
    "RehearseRequest", "RunState", "Say", "Scheduled", "Section", "Send", "SendRequest", "Sent", "Steps", "StoreReadOuts",
    "StretchKind", "Tell", "Timeline", "Turn", "WaitFor", "Waited", "call", "check_requests", "dry_run", "dump_requests",
    "forward_packets", "image_areas", "load_calls", "load_requests", "most_in_a_load", "procedure", "procedures_of",
    "read_command_file", "read_out_requests", "step_text", "value_is",
]  # fmt: skip
