"""The identity of a request, as reports of its verification carry it."""

from dataclasses import dataclass

from ..errors import DataError, UsageError


@dataclass(frozen=True, slots=True)
class RequestId:
    """The telecommand that a verification report is about: the first four octets of its primary header."""

    version: int
    telecommand: bool
    secondary_header: bool
    apid: int
    sequence_flags: int
    sequence_count: int

    @staticmethod
    def decode(octets: bytes) -> "RequestId":
        """Return the request id in four octets. Raises DataError for any other length."""
        if len(octets) != 4:
            raise DataError(f"a request id has 4 octets, not {len(octets)}")
        word = int.from_bytes(octets)
        return RequestId(
            word >> 29, bool(word >> 28 & 1), bool(word >> 27 & 1), word >> 16 & 0x7FF, word >> 14 & 3, word & 0x3FFF
        )

    @staticmethod
    def of_packet(packet: bytes) -> "RequestId":
        """Return the request id of a whole packet, or of its beginning. Raises DataError below four octets."""
        return RequestId.decode(bytes(packet[:4]))

    @staticmethod
    def of_telecommand(apid: int, sequence_count: int) -> "RequestId":
        """Return the request id of an unsegmented telecommand with a secondary header, as requests are."""
        if not (0 <= apid < 0x800 and 0 <= sequence_count < 0x4000):
            raise UsageError(f"APID {apid} or sequence count {sequence_count} is out of range", remedy="0 to 2047, 0 to 16383")
        return RequestId(0, True, True, apid, 3, sequence_count)

    @property
    def word(self) -> int:
        """The four octets as one number."""
        packet_id = self.version << 13 | self.telecommand << 12 | self.secondary_header << 11 | self.apid
        return packet_id << 16 | self.sequence_flags << 14 | self.sequence_count

    def encode(self) -> bytes:
        """Return the four octets."""
        return self.word.to_bytes(4)

    def __str__(self) -> str:
        return f"{self.apid}/{self.sequence_count}"
