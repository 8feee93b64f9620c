"""Space packets and TM, AOS and USLP transfer frames; virtual channels; telecommand frames and COP-1; the channel description."""
# isort: skip_file
# fmt: off

from . import sdls as security
from .channel import Channel, Coding, PacketRules, VirtualChannel
from .clcw import ControlWords, control_words
from .command_link import CommandLink, Cop1, ReportRules, SecurityRules
from .control_word import ControlWord
from .cop_records import (
    Abort, Alert, AlertReason, Directive, DirectiveAccepted, DirectiveConfirmed, DirectiveRejected, Fdu, FduAccepted,
    FduConfirmed, FduRejected, FopOutput, Identity, InitiateWithCheck, InitiateWithoutCheck, InitiateWithSetVr,
    InitiateWithUnlock, Refusal, Resume, SetLimit, SetTimeoutType, SetTimer, SetVs, SetWindow, Suspended, Terminate, TimeoutType,
    Transmit,
)
from .delimiting import Delimited, Delimiter
from .farm import FARM_TABLE, Farm1, FarmEvent, FarmSettings, FarmState, FarmVerdict
from .fop import Fop1
from .fop_events import FopSettings
from .fop_table import FOP_TABLE, FopEvent, FopState
from .frames import (
    AFTER_LOSS, FECF_BAD, GOOD, HEADER_BAD, LATE, NO_OCF, NO_PACKET_STARTS, NO_PACKETS, ONLY_IDLE, REASONS, RESENT, RESTARTED,
    UNCORRECTABLE, WRONG_LENGTH, WRONG_SPACECRAFT, WRONG_VERSION, Frames,
)
from .headers import Headers, read_headers
from .packet_file import PacketReceiver
from .packets import (
    CHECKSUM_BAD, DUPLICATE, ENCAPSULATION_APID, FRAME_BAD, IDLE_APID, INCOMPLETE, Packets, join_packets, no_packets, packets_at,
)
from .reassembly import StreamState, reassemble
from .received import Gap, Quarantined, Received, with_end
from .receiver import FrameReceiver, check_packets
from .states import State, branch, flat_state, leaf, nested_state, words_array, words_of
from .tc_frames import FrameKind, TcFault, TcFormat, TcFrame, TcRefused, decode_tc_frame, encode_tc_frame, tc_header, without_fill
from .tc_segments import (
    SegmentFault, SegmentFlags, SegmentRefused, SegmentRules, TcAssembler, TcPacket, block_packets, segment_packet,
)
from .verifying import verify

__all__ = [
    "AFTER_LOSS", "CHECKSUM_BAD", "DUPLICATE", "ENCAPSULATION_APID", "FARM_TABLE", "FECF_BAD", "FOP_TABLE", "FRAME_BAD", "GOOD",
    "HEADER_BAD", "IDLE_APID", "INCOMPLETE", "LATE", "NO_OCF", "NO_PACKETS", "NO_PACKET_STARTS", "ONLY_IDLE", "REASONS", "RESENT",
    "RESTARTED", "UNCORRECTABLE", "WRONG_LENGTH", "WRONG_SPACECRAFT", "WRONG_VERSION", "Abort", "Alert", "AlertReason", "Channel",
    "Coding", "CommandLink", "ControlWord", "ControlWords", "Cop1", "Delimited", "Delimiter", "Directive", "DirectiveAccepted",
    "DirectiveConfirmed", "DirectiveRejected", "Farm1", "FarmEvent", "FarmSettings", "FarmState", "FarmVerdict", "Fdu",
    "FduAccepted", "FduConfirmed", "FduRejected", "Fop1", "FopEvent", "FopOutput", "FopSettings", "FopState", "FrameKind",
    "FrameReceiver", "Frames", "Gap", "Headers", "Identity", "InitiateWithCheck", "InitiateWithSetVr", "InitiateWithUnlock",
    "InitiateWithoutCheck", "PacketReceiver", "PacketRules", "Packets", "Quarantined", "Received", "Refusal", "ReportRules",
    "Resume", "SecurityRules", "SegmentFault", "SegmentFlags", "SegmentRefused", "SegmentRules", "SetLimit", "SetTimeoutType",
    "SetTimer", "SetVs", "SetWindow", "State", "StreamState", "Suspended", "TcAssembler", "TcFault", "TcFormat", "TcFrame",
    "TcPacket", "TcRefused", "Terminate", "TimeoutType", "Transmit", "VirtualChannel", "block_packets", "branch", "check_packets",
    "control_words", "decode_tc_frame", "encode_tc_frame", "flat_state", "join_packets", "leaf", "nested_state", "no_packets",
    "packets_at", "read_headers", "reassemble", "security", "segment_packet", "tc_header", "verify", "with_end", "without_fill",
    "words_array", "words_of",
]
