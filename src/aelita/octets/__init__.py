"""Bit fields, CRCs and checksums."""

from .checksums import (
    as_octets,
    crc16,
    crc16_between,
    crc16_many,
    crc32,
    crc32_between,
    iso_checksum,
    iso_checksum_between,
    iso_checksum_many,
    modular_checksum,
)
from .compiled import compiled
from .fields import field_at, read_field, write_field

__all__ = [
    "as_octets", "compiled", "crc16", "crc16_between", "crc16_many", "crc32", "crc32_between", "field_at", "iso_checksum",
    "iso_checksum_between", "iso_checksum_many", "modular_checksum", "read_field", "write_field",
]  # fmt: skip
