"""Events on board, as packets report them: service 5 reports, and the failure reports of service 1 (ECSS-E-70-41)."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..link import Channel, Packets
from ..mdb import CompiledDatabase
from ..pus import SEVERITIES, VERIFICATIONS, HeaderLayout, RequestId, read_headers
from .columns import Column
from .decode import ContainerRows, Decoded

Rows = NDArray[np.int64]

FAILURES = (2, 4, 6, 8, 10)  # subtypes of service 1
FAILURE_SEVERITY = 3
UNJUDGED = 0  # severity of an event in a damaged packet
EVENT_OCTETS = 2  # of an event identifier that no database describes
IDENTIFIERS = ("event_id", "event_identifier", "event_definition_id", "eventid")
CHECKSUM_OCTETS = {"none": 0, "crc16": 2, "iso": 2}
LONGEST_TEXT = 64  # octets or characters of one field in a message; the details have all


@dataclass(frozen=True, slots=True)
class Events:
    """Events of a batch, one entry each; `packet` is the row of each in the batch, in rising order."""

    packet: list[int] = field(default_factory=list)
    severity: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    message: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    def columns(self) -> dict[str, Any]:
        """Return the columns of the archive's table of events, and `packet`."""
        return {
            "packet": np.array(self.packet, np.int64),
            "severity": np.array(self.severity, np.int16),
            "name": self.name,
            "message": self.message,
            "details": self.details,
            "data": self.data,
        }


def header_layout(channel: Channel) -> HeaderLayout | None:
    """Return the layout of the telemetry headers of a channel, None when its packets have none of PUS."""
    rules = channel.packets
    if rules.pus == "none":
        return None
    before = 3 + rules.counter_octets + rules.destination_octets
    time = rules.time.octets if rules.time is not None else 0
    octets = max(rules.secondary_header_octets or before + time, before)
    return HeaderLayout(rules.pus, rules.counter_octets, rules.destination_octets, octets - before)


class EventReader:
    """Finds the events in batches of packets. Without a database their fields stay octets."""

    def __init__(self, channel: Channel, compiled: CompiledDatabase | None) -> None:
        self._layout, self._compiled = header_layout(channel), compiled
        self._checksum = CHECKSUM_OCTETS[channel.packets.checksum]

    def read(self, packets: Packets, decoded: Decoded, engineering: dict[str, dict[str, Column]]) -> Events:
        """Return the events of a batch; those in damaged packets have severity 0."""
        rows = self._candidates(packets)
        events = Events()
        if self._layout is None or not rows.size:
            return events
        headers = read_headers(
            packets.buffer, packets.offset[rows], packets.length[rows], self._layout, checksum_octets=self._checksum
        )
        report = np.isin(headers.service, (1, 5)) & headers.valid
        report &= np.where(headers.service == 5, np.isin(headers.subtype, tuple(SEVERITIES)), np.isin(headers.subtype, FAILURES))
        fields = _Fields(self._compiled, decoded, engineering, rows[report], packets, self._layout, self._checksum)
        for at in np.flatnonzero(report):
            row, start, length = int(rows[at]), int(headers.data_offset[at]), int(headers.data_length[at])
            octets = packets.buffer[start : start + length].tobytes()
            severity, name, words, data = self._event(
                int(headers.service[at]), int(headers.subtype[at]), octets, fields.identifier(row)
            )
            decoded_fields = fields.of(row)
            if packets.quality[row]:
                severity, words = UNJUDGED, f"{words}, in a damaged packet"
            events.packet.append(row)
            events.severity.append(severity)
            events.name.append(name)
            events.message.append(_sentence(words, decoded_fields, data))
            events.details.append(json.dumps(decoded_fields or {"data": data.hex()}))
            events.data.append(data)
        return events

    def _candidates(self, packets: Packets) -> Rows:
        """Return the packets whose service is 1 or 5, should they have a header."""
        if self._layout is None or packets.buffer.size < 8:
            return np.empty(0, np.int64)
        able = packets.secondary_header & ~packets.telecommand & ~packets.idle
        service = packets.buffer[np.clip(packets.offset + 7, 0, packets.buffer.size - 1)]
        return np.flatnonzero(able & ((service == 5) | (service == 1)))

    def _event(self, service: int, subtype: int, octets: bytes, named: "Identifier | None") -> tuple[int, str, str, bytes]:
        """Return severity, name, first words of the message, and the octets after what these say."""
        if service == 5:
            width = named.octets if named is not None else EVENT_OCTETS
            number = int.from_bytes(octets[:width]) if len(octets) >= width else None
            name = named.label if named is not None else "event" if number is None else f"event {number}"
            return subtype, name, f"{name}, severity {SEVERITIES[subtype]}", octets[width:]
        name = f"request {VERIFICATIONS[subtype]}"
        try:
            request = RequestId.decode(octets[:4])
        except DataError:
            return FAILURE_SEVERITY, name, f"{name}; the report is too short to say which", octets
        words = f"request {request.sequence_count} to APID {request.apid}: {VERIFICATIONS[subtype]}"
        return FAILURE_SEVERITY, name, words, octets[4:]


@dataclass(frozen=True, slots=True)
class Identifier:
    """The identifier of an event as a database names it, and its width."""

    label: str
    octets: int


class _Fields:
    """The decoded fields of report packets, without headers and checksum."""

    def __init__(
        self,
        compiled: CompiledDatabase | None,
        decoded: Decoded,
        engineering: dict[str, dict[str, Column]],
        rows: Rows,
        packets: Packets,
        layout: HeaderLayout,
        checksum: int,
    ) -> None:
        self._compiled, self._engineering, self._packets = compiled, engineering, packets
        self._header, self._checksum = layout.octets, checksum
        self._place: dict[int, tuple[ContainerRows, int]] = {}
        for one in decoded.containers:
            at = np.searchsorted(one.packet, rows)
            here = (at < one.packet.size) & (one.packet[np.minimum(at, one.packet.size - 1)] == rows) if one.packet.size else ()
            for place in np.flatnonzero(here):
                self._place[int(rows[place])] = (one, int(at[place]))
        self._names: dict[str, tuple[str, ...]] = {}

    def of(self, row: int) -> dict[str, Any]:
        """Return the engineering values of a packet's fields by their local names."""
        if row not in self._place:
            return {}
        one, at = self._place[row]
        values = self._engineering.get(one.container, {})
        found: dict[str, Any] = {}
        for column in self._columns(one):
            held = values.get(column, one.raw[column])
            if held.valid is None or held.valid[at]:
                found[local(column)] = plain(held, at)
        return found

    def identifier(self, row: int) -> Identifier | None:
        """Return the event's identifier, when a parameter at the begin of the source data is one."""
        if self._compiled is None or row not in self._place:
            return None
        one, at = self._place[row]
        for item in self._compiled.layout(one.container).fields:
            if local(item.column).lower().endswith(IDENTIFIERS) and item.first_bit == 8 * (6 + self._header):
                held = self._engineering.get(one.container, {}).get(item.column, one.raw[item.column])
                word = plain(held, at)
                return Identifier(word if isinstance(word, str) else f"event {word}", item.reading.bits // 8)
        return None

    def _columns(self, one: ContainerRows) -> tuple[str, ...]:
        known = self._names.get(one.container)
        if known is None:
            assert self._compiled is not None
            headers = self._compiled.layout(one.container).headers(self._header)
            names = (name for name in one.raw if name not in headers and not (self._checksum and self._is_checksum(one, name)))
            known = self._names[one.container] = tuple(names)
        return known

    def _is_checksum(self, one: ContainerRows, column: str) -> bool:
        """Say whether a column repeats the last two octets of every packet."""
        held = one.raw[column]
        if held.values.dtype.kind not in "iu" or not held.mask().all():
            return False
        end = (self._packets.offset + self._packets.length)[one.packet]
        if end.min() < 2 or end.max() > self._packets.buffer.size:
            return False
        last = self._packets.buffer[end - 2].astype(np.int64) << 8 | self._packets.buffer[end - 1]
        return bool(np.array_equal(held.values.astype(np.int64) & 0xFFFF, last))


def local(column: str) -> str:
    """Return a column's name without its space systems."""
    return column.rpartition("/")[2]


def plain(column: Column, at: int) -> Any:
    """Return one value as JSON has it: a number, a word, octets in hexadecimal, a list; None for what is no number."""
    value = column.values[at]
    if column.labels is not None:
        return column.labels[int(value)]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float | str) else None


def _sentence(words: str, fields: dict[str, Any], data: bytes) -> str:
    """Return the first words, then every field but the identifier; the octets themselves when nothing is known of them."""
    told = {name: value for name, value in fields.items() if not name.lower().endswith(IDENTIFIERS)}
    if not told and data:
        told = {"data": data.hex()}
    return ", ".join([words, *(f"{name} {_short(value)}" for name, value in told.items())])


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
