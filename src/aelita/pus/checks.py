"""Checksums of memory blocks and procedure codes inside reports and requests."""

from ..octets import crc16, iso_checksum


def checksum_of(octets: bytes, kind: str) -> bytes:
    """Return the checksum of these octets: two octets of kind `iso` or `crc16`, nothing of kind `none`."""
    if kind == "none":
        return b""
    return (iso_checksum(octets) if kind == "iso" else crc16(octets)).to_bytes(2)
