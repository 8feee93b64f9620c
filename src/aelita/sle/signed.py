"""What a PDU is signed with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """ISP1 credentials exactly as they stand on the wire (8 to 256 octets)."""

    octets: bytes
