"""Batches of packets for tests of processing, made from octet strings, and missions ready for a processor."""

from functools import cache

import numpy as np

from aelita.link import Channel, Packets
from aelita.link.packets import packets_at
from aelita.mdb import CompiledDatabase, compile_database
from aelita.mdb.load import load_database
from aelita.services.missions import find_mission
from aelita.time import SpacecraftClock

GOOD = 0


def batch(packets: list[bytes] | tuple[bytes, ...], quality: list[int] | None = None) -> Packets:
    """Return whole packets as a batch."""
    buffer = np.frombuffer(b"".join(packets), np.uint8)
    length = np.array([len(p) for p in packets], np.int64)
    offset = np.cumsum(length) - length
    octets = np.zeros(length.size, np.uint8)
    marks = octets if quality is None else np.array(quality, np.uint8)
    return packets_at(
        buffer, offset, length, virtual_channel=octets, frame=np.full(length.size, -1), quality=marks, position=offset
    )


def space_packet(apid: int, data: bytes, count: int = 0, *, secondary: bool = True) -> bytes:
    """Return an unsegmented telemetry packet."""
    words = (secondary << 11 | apid, 0xC000 | count & 0x3FFF, len(data) - 1)
    return b"".join(word.to_bytes(2) for word in words) + data


@cache
def mission(name: str, channel: str = "") -> tuple[Channel, CompiledDatabase, SpacecraftClock | None]:
    """Return channel, database and clock of a mission in the package."""
    found = find_mission(name)
    spacecraft = found.spacecraft_of(channel)
    clock = SpacecraftClock.from_toml(spacecraft.clock.read_text()) if spacecraft.clock else None
    database = compile_database(load_database(list(spacecraft.databases)))
    return Channel.from_toml(found.channel(channel).read_text()), database, clock
