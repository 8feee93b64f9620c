"""Recordings for tests of reception, made here; all answers of a receiver put together; channels of the missions."""

import itertools
from binascii import crc_hqx
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aelita.link import Channel, Received
from aelita.services.missions import find_mission
from aelita.telemetry import Reception

Row = tuple[Any, ...]


def mission_channel(mission: str, name: str = "") -> Channel:
    return Channel.from_toml(find_mission(mission).channel(name or None).read_text("utf-8"), name or mission)


def tm(*lines: str, octets: int = 40, fecf: str = "present") -> Channel:
    text = f'name="t"\nspacecraft="T"\nprotocol="TM"\nspacecraft_id=0x2A5\nframe_octets={octets}\nfecf="{fecf}"\nother_channels="packets"'
    return Channel.from_toml("\n".join([text, *lines]))


def packet(apid: int, count: int, data: bytes) -> bytes:
    return (apid & 0x7FF).to_bytes(2) + (0xC000 | count & 0x3FFF).to_bytes(2) + (len(data) - 1).to_bytes(2) + data


def checked(octets: bytes) -> bytes:
    return octets + crc_hqx(octets, 0xFFFF).to_bytes(2)


def tm_frame(body: bytes, count: int, pointer: int, *, channel: int = 0, spacecraft: int = 0x2A5, fecf: bool = True) -> bytes:
    word = spacecraft << 4 | channel << 1
    head = word.to_bytes(2) + bytes([count & 255, count & 255]) + (0x1800 | pointer).to_bytes(2)
    return checked(head + body) if fecf else head + body


def filled(stream: bytes, starts: Sequence[int], room: int) -> list[tuple[bytes, int]]:
    """Cut a stream of packets into data fields, each with its first header pointer; the last is filled with an idle packet."""
    short = -len(stream) % room
    if short:
        size = short if short >= 7 else short + room
        starts = [*starts, len(stream)]
        stream += packet(0x7FF, 0, bytes(size - 6))
    fields = []
    for at in range(0, len(stream), room):
        inside = [start - at for start in starts if at <= start < at + room]
        fields.append((stream[at : at + room], inside[0] if inside else 0x7FF))
    return fields


def tm_frames(packets: Iterable[bytes], octets: int = 40, *, channel: int = 0, fecf: bool = True) -> list[bytes]:
    stream, starts = b"", []
    for one in packets:
        starts.append(len(stream))
        stream += one
    room = octets - 6 - 2 * fecf
    return [
        tm_frame(body, count, pointer, channel=channel, fecf=fecf)
        for count, (body, pointer) in enumerate(filled(stream, starts, room))
    ]


@dataclass
class Everything:
    """All that a receiver gave, as plain rows."""

    frames: list[Row] = field(default_factory=list)
    packets: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    quarantined: list[Row] = field(default_factory=list)
    corrected: list[Row] = field(default_factory=list)

    def add(self, received: Received) -> None:
        f, p = received.frames, received.packets
        for i in range(len(f)):
            self.frames.append(
                (
                    f.octets(i), int(f.number[i]), int(f.position[i]), int(f.reason[i]), int(f.quality[i]), int(f.spacecraft_id[i]),
                    int(f.virtual_channel[i]), int(f.master_count[i]), int(f.channel_count[i]), int(f.ocf[i]),
                    int(f.data_start[i] - f.offset[i]), int(f.data_length[i]), int(f.pointer[i]),
                )
            )  # fmt: skip
        for i in range(len(p)):
            self.packets.append(
                (
                    p.octets(i), int(p.apid[i]), int(p.sequence_count[i]), int(p.virtual_channel[i]), int(p.frame[i]),
                    int(p.quality[i]), int(p.position[i]), bool(received.checked[i]),
                )
            )  # fmt: skip
        self.gaps += [(g.virtual_channel, g.after_frame, g.expected, g.found, g.lost) for g in received.gaps]
        self.quarantined += [(q.position, q.octets, q.reason) for q in received.quarantined]
        self.corrected += [tuple(row) for row in received.corrected.tolist()]

    def sorted(self) -> "Everything":
        """The order of quarantined pieces and gaps within one answer carries no meaning."""
        return Everything(self.frames, self.packets, sorted(self.gaps), sorted(self.quarantined), self.corrected)

    @property
    def whole(self) -> list[Row]:
        return [row for row in self.packets if not row[5] & 2]

    @property
    def good(self) -> list[Row]:
        return [row for row in self.frames if row[3] == 0]


def pieces_of(octets: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in itertools.pairwise(places)]


def received(channel: Channel, octets: bytes, cuts: Iterable[int] = (), make: Callable[[Channel], Any] = Reception) -> Everything:
    reception, found = make(channel), Everything()
    for piece in pieces_of(octets, cuts):
        found.add(reception.feed(piece))
    found.add(reception.finish())
    return found


def counts(values: Iterable[Any]) -> dict[Any, int]:
    numbers, times = np.unique(np.array(list(values)), return_counts=True)
    return dict(zip(numbers.tolist(), times.tolist(), strict=True))
