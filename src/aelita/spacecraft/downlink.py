"""Telemetry frames: packets, time packets and idle data in TM transfer frames (CCSDS 132.0-B), each made when it is emitted."""

from collections import deque
from collections.abc import Callable
from functools import cache

from ..errors import DefinitionError
from ..link import IDLE_APID, Channel
from ..octets import crc16
from ..time import Cuc

HEADER_OCTETS, OCF_OCTETS = 6, 4
ONLY_IDLE, NO_PACKET = 0x7FE, 0x7FF  # first header pointers
NO_SEGMENTS = 0x1800  # segment length identifier 11
TIME_APID = 0
LEAST_PACKET = 7
FILL = b"SIMULATED "
MOST_RATE = 8


class Downlink:
    """Makes frames. Packets wait in `live`, or in `stored` behind these; a frame carries packets if any wait, else idle data."""

    def __init__(self, channel: Channel) -> None:
        carrying = {one.carries: number for number, one in sorted(channel.virtual_channels.items(), reverse=True)}
        if "packets" not in carrying:
            raise DefinitionError("no virtual channel carries packets", where=f"channel {channel.name}")
        self.channel = channel
        self.packet_channel, self.idle_channel = carrying["packets"], carrying.get("idle")
        self.data_octets = channel.frame_octets - HEADER_OCTETS - OCF_OCTETS - (2 if channel.fecf == "present" else 0)
        self.live: deque[bytes] = deque()
        self.stored: deque[bytes] = deque()
        self.rate_exponent = 5  # a time packet every 32 frames of packets
        self.rest = b""  # of the packet that the last frame cut
        self.master = 0
        self.counts: dict[int, int] = {}
        self.packet_counts: dict[int, int] = {}

    @property
    def waiting(self) -> int:
        """Octets of packets that wait."""
        return len(self.rest) + sum(map(len, self.live)) + sum(map(len, self.stored))

    def count(self, apid: int) -> int:
        """Return the next sequence count of an application process."""
        number = self.packet_counts.get(apid, 0)
        self.packet_counts[apid] = (number + 1) & 0x3FFF
        return number

    def frame(self, control_word: int, time: Callable[[], bytes]) -> bytes:
        """Return the next frame, with this control word; `time` tells the time code of the moment its first bit leaves."""
        if self.rest or self.live or self.stored or self.idle_channel is None:
            pointer, data = self._packets()
            number = self.packet_channel
            if self.counts.get(number, 0) % (1 << self.rate_exponent) == 0:
                self.live.appendleft(self._time_packet(time()))  # goes in the next frame: it tells when this one began
        else:
            pointer, data, number = ONLY_IDLE, idle_data(self.data_octets), self.idle_channel
        return self._framed(number, pointer, data, control_word)

    def _packets(self) -> tuple[int, bytes]:
        """Return first header pointer and data field of a frame of packets, filled up with one idle packet."""
        room = self.data_octets
        data, self.rest = bytearray(self.rest[:room]), self.rest[room:]
        pointer = NO_PACKET
        while len(data) < room:
            pointer = len(data) if pointer == NO_PACKET else pointer
            waiting = self.live or self.stored
            packet = waiting.popleft() if waiting else idle_packet(max(room - len(data), LEAST_PACKET))
            left = room - len(data)
            data += packet[:left]
            self.rest = packet[left:]
        return pointer, bytes(data)

    def _framed(self, number: int, pointer: int, data: bytes, control_word: int) -> bytes:
        count = self.counts.get(number, 0)
        self.counts[number] = (count + 1) & 255
        first = self.channel.spacecraft_id << 4 | number << 1 | 1
        header = first.to_bytes(2) + bytes((self.master, count)) + (NO_SEGMENTS | pointer).to_bytes(2)
        self.master = (self.master + 1) & 255
        octets = header + data + control_word.to_bytes(OCF_OCTETS)
        return octets + crc16(octets).to_bytes(2) if self.channel.fecf == "present" else octets

    def _time_packet(self, time: bytes) -> bytes:
        """Return a time packet as TGO's: rate code, P-field, time; no secondary header, no checksum."""
        code = self.channel.packets.time
        assert isinstance(code, Cuc)
        told = bytes([0]) + (b"" if code.p_field else code.preamble) + time
        words = (TIME_APID, 0xC000 | self.count(TIME_APID), len(told) - 1)
        return b"".join(word.to_bytes(2) for word in words) + told


def idle_packet(octets: int) -> bytes:
    """Return an idle packet of so many octets; its data say that it is simulated."""
    body = octets - HEADER_OCTETS
    fill = (FILL * (body // len(FILL) + 1))[:body]
    return b"".join(word.to_bytes(2) for word in (IDLE_APID, 0xC000, body - 1)) + fill


@cache
def idle_data(octets: int) -> bytes:
    """Return idle data as TGO sends them: the sequence of x^9 + x^4 + 1 from a register of ones."""
    register, bits = 0x1FF, 0
    for _ in range(8 * octets):
        bits = bits << 1 | register & 1
        register = register >> 1 | ((register ^ register >> 4) & 1) << 8
    return bits.to_bytes(octets)
