"""Space packets and TM, AOS and USLP transfer frames; virtual channels; the channel description."""

from .channel import Channel, Coding, PacketRules, VirtualChannel
from .clcw import ControlWords, control_words
from .delimiting import Delimited, Delimiter
from .frames import (
    AFTER_LOSS,
    FECF_BAD,
    GOOD,
    HEADER_BAD,
    LATE,
    NO_OCF,
    NO_PACKET_STARTS,
    NO_PACKETS,
    ONLY_IDLE,
    REASONS,
    RESENT,
    RESTARTED,
    UNCORRECTABLE,
    WRONG_LENGTH,
    WRONG_SPACECRAFT,
    WRONG_VERSION,
    Frames,
)
from .headers import Headers, read_headers
from .packet_file import PacketReceiver
from .packets import (
    CHECKSUM_BAD,
    DUPLICATE,
    ENCAPSULATION_APID,
    FRAME_BAD,
    IDLE_APID,
    INCOMPLETE,
    Packets,
    join_packets,
    no_packets,
    packets_at,
)
from .reassembly import StreamState, reassemble
from .received import Gap, Quarantined, Received, with_end
from .receiver import FrameReceiver, check_packets
from .states import State, branch, flat_state, leaf, nested_state, words_array, words_of
from .verifying import verify

__all__ = [
    "AFTER_LOSS", "CHECKSUM_BAD", "DUPLICATE", "ENCAPSULATION_APID", "FECF_BAD", "FRAME_BAD", "GOOD", "HEADER_BAD", "IDLE_APID",
    "INCOMPLETE", "LATE", "NO_OCF", "NO_PACKETS", "NO_PACKET_STARTS", "ONLY_IDLE", "REASONS", "RESENT", "RESTARTED",
    "UNCORRECTABLE", "WRONG_LENGTH", "WRONG_SPACECRAFT", "WRONG_VERSION", "Channel", "Coding", "ControlWords", "Delimited",
    "Delimiter", "FrameReceiver", "Frames", "Gap", "Headers", "PacketReceiver", "PacketRules", "Packets", "Quarantined",
    "Received", "State", "StreamState", "VirtualChannel", "branch", "check_packets", "control_words", "flat_state",
    "join_packets", "leaf", "nested_state", "no_packets", "packets_at", "read_headers", "reassemble", "verify", "with_end",
    "words_array", "words_of",
]  # fmt: skip
