"""CRCs and checksums of the space standards, for one message or for every message of a batch.

A batch is one octet buffer with the offset and length of each message. Values were checked against published examples and
independent implementations (see the tests).
"""

import numpy as np
from numpy.typing import NDArray

from .kernels import compiled

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

CRC16_POLYNOMIAL, CRC16_PRESET = 0x1021, 0xFFFF  # frame and packet error control: CCSDS 132.0-B, 732.0-B; ECSS-E-70-41
CRC32_POLYNOMIAL, CRC32_PRESET = 0x00A00805, 0  # CCSDS 211.2-B
SLICES = 8


def _crc16_tables() -> NDArray[np.uint16]:
    """Return table[k][b]: what octet `b` followed by `k` zero octets adds to the register."""
    tables = np.zeros((SLICES, 256), np.uint16)
    for octet in range(256):
        register = octet << 8
        for _ in range(8):
            register = (register << 1) ^ (CRC16_POLYNOMIAL if register & 0x8000 else 0)
        tables[0, octet] = register & 0xFFFF
    for k in range(1, SLICES):
        tables[k] = (tables[k - 1] << 8) ^ tables[0][tables[k - 1] >> 8]
    return tables


def _crc32_table() -> NDArray[np.uint32]:
    table = np.zeros(256, np.uint32)
    for octet in range(256):
        register = octet << 24
        for _ in range(8):
            register = ((register << 1) ^ (CRC32_POLYNOMIAL if register & 0x80000000 else 0)) & 0xFFFFFFFF
        table[octet] = register
    return table


CRC16_TABLES = _crc16_tables()
CRC32_TABLE = _crc32_table()
_T0, _T1, _T2, _T3, _T4, _T5, _T6, _T7 = (CRC16_TABLES[k].copy() for k in range(SLICES))


@compiled
def crc16_between(buffer: Octets, start: int, end: int) -> int:
    """Return the CRC-16 of `buffer[start:end]`; the caller answers for the bounds. For use inside other kernels."""
    register = np.uint32(0xFFFF)
    at = start
    while end - at >= 8:
        a, b = buffer[at] ^ (register >> np.uint32(8)), buffer[at + 1] ^ (register & np.uint32(0xFF))
        register = np.uint32(
            _T7[a] ^ _T6[b] ^ _T5[buffer[at + 2]] ^ _T4[buffer[at + 3]] ^ _T3[buffer[at + 4]] ^ _T2[buffer[at + 5]]
            ^ _T1[buffer[at + 6]] ^ _T0[buffer[at + 7]]
        )  # fmt: skip
        at += 8
    while at < end:
        register = ((register << np.uint32(8)) & np.uint32(0xFFFF)) ^ np.uint32(_T0[(register >> np.uint32(8)) ^ buffer[at]])
        at += 1
    return int(register)


@compiled
def crc16_many(buffer: Octets, offset: Column, length: Column) -> NDArray[np.uint16]:
    """Return the CRC-16 of every message; a message that leaves the buffer gives the CRC of the part inside."""
    out = np.empty(offset.size, np.uint16)
    for i in range(offset.size):
        start = min(max(offset[i], 0), buffer.size)
        out[i] = crc16_between(buffer, start, min(max(start + length[i], start), buffer.size))
    return out


@compiled
def crc32_between(buffer: Octets, start: int, end: int) -> int:
    """Return the CCSDS CRC-32 of `buffer[start:end]`; the caller answers for the bounds."""
    register = np.int64(0)
    for at in range(start, end):
        register = ((register << 8) & 0xFFFFFFFF) ^ CRC32_TABLE[(register >> 24) ^ buffer[at]]
    return int(register)


@compiled
def crc32_many(buffer: Octets, offset: Column, length: Column) -> NDArray[np.uint32]:
    """Return the CCSDS CRC-32 of every message; a message that leaves the buffer gives the CRC of the part inside."""
    out = np.empty(offset.size, np.uint32)
    for i in range(offset.size):
        start = min(max(offset[i], 0), buffer.size)
        out[i] = crc32_between(buffer, start, min(max(start + length[i], start), buffer.size))
    return out


@compiled
def modular_checksum_between(buffer: Octets, start: int, end: int) -> int:
    """Return the CFDP modular checksum of `buffer[start:end]`; the caller answers for the bounds."""
    total = 0
    for at in range(start, end):
        total += int(buffer[at]) << (8 * (3 - ((at - start) & 3)))
    return int(total & 0xFFFFFFFF)


@compiled
def modular_checksum_many(buffer: Octets, offset: Column, length: Column) -> NDArray[np.uint32]:
    """Return the CFDP modular checksum of every message; a message that leaves the buffer gives that of the part inside."""
    out = np.empty(offset.size, np.uint32)
    for i in range(offset.size):
        start = min(max(offset[i], 0), buffer.size)
        out[i] = modular_checksum_between(buffer, start, min(max(start + length[i], start), buffer.size))
    return out


@compiled
def iso_checksum_between(buffer: Octets, start: int, end: int) -> int:
    """Return the ISO 16-bit checksum (ECSS packet error control, Fletcher modulo 255) of `buffer[start:end]`."""
    c0, c1 = 0xFF, 0xFF
    for at in range(start, end):
        c0 = (c0 + int(buffer[at])) % 255
        c1 = (c1 + c0) % 255
    first = (-(c0 + c1)) % 255
    return (255 if first == 0 else first) * 256 + (255 if c1 == 0 else c1)


@compiled
def iso_checksum_many(buffer: Octets, offset: Column, length: Column) -> NDArray[np.uint16]:
    """Return the ISO 16-bit checksum of every message; a message that leaves the buffer gives that of the part inside."""
    out = np.empty(offset.size, np.uint16)
    for i in range(offset.size):
        start = min(max(offset[i], 0), buffer.size)
        out[i] = iso_checksum_between(buffer, start, min(max(start + length[i], start), buffer.size))
    return out


def as_octets(data: bytes | bytearray | memoryview | Octets) -> Octets:
    """Return a one-dimensional uint8 view of `data`, without copying where possible."""
    return data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)


def crc16(data: bytes | bytearray | memoryview | Octets) -> int:
    """Return the CRC-16 (polynomial 1021, preset FFFF, most significant bit first, no final inversion) of `data`."""
    octets = as_octets(data)
    return crc16_between(octets, 0, octets.size)


def crc32(data: bytes | bytearray | memoryview | Octets) -> int:
    """Return the CCSDS CRC-32 (polynomial 00A00805, preset zero) of `data`: Proximity-1, USLP, CFDP checksum type 1."""
    octets = as_octets(data)
    return crc32_between(octets, 0, octets.size)


def iso_checksum(data: bytes | bytearray | memoryview | Octets) -> int:
    """Return the ISO 16-bit checksum of `data`, as ECSS-E-70-41 defines it: both octets in 1..255."""
    octets = as_octets(data)
    return iso_checksum_between(octets, 0, octets.size)


def modular_checksum(data: bytes | bytearray | memoryview | Octets) -> int:
    """Return the CFDP modular checksum: the sum modulo 2**32 of 4-octet words, the last one filled with zeros."""
    octets = as_octets(data)
    return modular_checksum_between(octets, 0, octets.size)
