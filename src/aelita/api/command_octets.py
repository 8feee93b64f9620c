"""What the exact octets of requests say, read here whatever their requests say of them: as answers, and as a bar to signing."""

import math
import threading
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from fastapi import HTTPException
from pydantic import BaseModel

from ..commanding import Discrepancy, OctetReader, PacketSaid, PreparedCommand, Reading
from ..errors import AelitaError
from ..link import CommandLink
from ..mdb import CompiledCommands, EncodedField, compile_commands, load_database
from ..services import live, read_clock
from .answers import UtcText, utc_text

MOST_READ = 2_000  # readings that are remembered


class PacketField(BaseModel):
    """A field of a packet; `kind` is argument, assigned (an argument that the command fixes), fixed, parameter or sender.

    `raw` and `value` are texts where JSON has no such number, octets as hex digits.
    """

    name: str
    kind: str
    first_bit: int
    bits: int
    raw: bool | int | float | str | None
    value: bool | int | float | str | None
    units: str = ""


class PacketReading(BaseModel):
    """What the octets of a packet say by this centre's mission database, whatever the request says of them.

    `packet` is which of the request's it is or stands in, from octet `offset` on; `scheduled` is when the on-board schedule
    releases it, to a millisecond (null: on arrival). `command` is empty for octets that are no command; `others` are commands
    that they could be as well. `service` and `subtype` are of PUS. `named`: the request has a name of it; what has none stands in
    another's argument.
    """

    packet: int
    offset: int
    octets: int
    command: str
    sentence: str
    apid: int
    sequence_count: int
    service: int | None
    subtype: int | None
    checksum: Literal["right", "wrong", "none"]
    scheduled: UtcText
    named: bool
    others: list[str]
    remarks: list[str]


class OctetDifference(BaseModel):
    """Something in which octets are not what their request says: its `code`, in which packet, what is said, what was found.

    Codes: unread, count, unknown, command, argument, sentence, significance, damaged, octets, schedule, way, directive.
    """

    code: str
    packet: int | None
    said: str
    found: str
    text: str


class Readers:
    """Reads the octets of requests to all spacecraft, each request once."""

    def __init__(self, installation: live.Installation, commands: Callable[[str], CompiledCommands]) -> None:
        self.installation, self.commands = installation, commands
        self._readers: dict[str, OctetReader] = {}
        self._read: dict[str, tuple[PreparedCommand, Reading]] = {}
        self._lock = threading.Lock()

    def read(self, prepared: PreparedCommand) -> Reading:
        """Return what the octets of a request say. Where they cannot be read that is a difference, too."""
        name = prepared.request.id
        with self._lock:
            known = self._read.get(name)
        if known is not None and known[0] == prepared:
            return known[1]
        try:
            made = self._reader(prepared.request.spacecraft).read(prepared)
        except (AelitaError, HTTPException) as error:
            why = str(error.detail) if isinstance(error, HTTPException) else str(error)
            return Reading((), (Discrepancy("unread", None, "", why),))  # not remembered: it may be mended
        with self._lock:
            if len(self._read) >= MOST_READ:
                self._read.clear()
            self._read[name] = prepared, made
        return made

    def _reader(self, spacecraft: str) -> OctetReader:
        with self._lock:
            known = self._readers.get(spacecraft)
        if known is not None:
            return known
        commands, craft = self.commands(spacecraft), self.installation.mission.craft(spacecraft)
        link = CommandLink.from_toml(craft.uplink.read_text("utf-8"), str(craft.uplink)) if craft.uplink is not None else None
        clock = read_clock(craft.clock) if craft.clock is not None else None
        made = OctetReader(commands, link) if clock is None else OctetReader(
            commands, link, lambda at: int(clock.ticks(np.array([at], np.int64))[0]),
            lambda ticks: int(clock.tai_ns(np.array([ticks], np.int64))[0]),
        )  # fmt: skip
        with self._lock:
            return self._readers.setdefault(spacecraft, made)


def read_octets(installation: live.Installation, prepared: PreparedCommand) -> Reading:
    """Return what the octets of one request say, where no centre is at work."""

    def commands(spacecraft: str) -> CompiledCommands:
        return compile_commands(load_database(installation.mission.craft(spacecraft).command_databases))

    return Readers(installation, commands).read(prepared)


def reading_items(reading: Reading, packets: int) -> dict[str, Any]:
    """Return a reading as parts of an answer: what each packet says, the fields of each of the request's packets, differences."""
    fields: list[list[PacketField]] = [[] for _ in range(packets)]
    for one in reading.packets:
        fields[one.packet] += [packet_field(each, 8 * one.offset) for each in one.fields]
    return {
        "readings": [_packet(one) for one in reading.packets], "fields": fields,
        "differences": [difference_item(one) for one in reading.differences],
    }  # fmt: skip


def difference_item(one: Discrepancy) -> OctetDifference:
    """Return a difference as an answer."""
    return OctetDifference(code=one.code, packet=one.packet, said=one.said, found=one.found, text=str(one))


def packet_field(one: EncodedField, from_bit: int = 0) -> PacketField:
    """Return a field as an answer, of a packet that begins at a bit of another."""
    return PacketField(
        name=one.name, kind=one.kind, first_bit=from_bit + one.first_bit, bits=one.bits, raw=_plain(one.raw),
        value=_plain(one.engineering), units=one.units,
    )  # fmt: skip


def _packet(one: PacketSaid) -> PacketReading:
    return PacketReading(
        packet=one.packet, offset=one.offset, octets=len(one.octets), command=one.name, sentence=one.sentence, apid=one.apid,
        sequence_count=one.sequence_count, service=one.service, subtype=one.subtype, checksum=one.checksum,
        scheduled=None if one.scheduled_ns is None else utc_text(round(one.scheduled_ns, -6)),
        named=one.named, others=list(one.others), remarks=list(one.remarks),
    )  # fmt: skip


def _plain(value: object) -> bool | int | float | str | None:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
