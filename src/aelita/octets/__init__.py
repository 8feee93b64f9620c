"""Bit fields, CRCs and checksums."""

from .checksums import (
    as_octets,
    crc16,
    crc16_between,
    crc16_many,
    crc32,
    crc32_between,
    crc32_many,
    iso_checksum,
    iso_checksum_between,
    iso_checksum_many,
    modular_checksum,
    modular_checksum_between,
    modular_checksum_many,
)
from .fields import field_at, field_inside, put_field_at, read_field, write_field
from .kernels import compiled, kept

__all__ = [
    "as_octets", "compiled", "crc16", "crc16_between", "crc16_many", "crc32", "crc32_between", "crc32_many", "field_at",
    "field_inside", "iso_checksum", "iso_checksum_between", "iso_checksum_many", "kept", "modular_checksum",
    "modular_checksum_between", "modular_checksum_many", "put_field_at", "read_field", "write_field",
]  # fmt: skip
