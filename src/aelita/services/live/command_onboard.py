"""What a spacecraft reports of what it has on board (services 1, 6, 11, 15): how its packets are read, how its clock goes."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ...errors import AelitaError, DataError
from ...link import Channel, CommandLink
from ...pus import (
    REPORT,
    Headers,
    PacketError,
    RequestId,
    TelecommandLayout,
    VerificationReport,
    Widths,
    decode_message,
    decode_request,
    read_headers,
    read_widths,
)
from ...tables import Table
from ...telemetry import header_layout
from ...time import NO_TIME, SpacecraftClock
from .batches import unpack

SERVICES = (1, 6, 11, 15)
COMPLETED = (7, 8)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A report of a spacecraft: what it says, and when it was made (TAI ns; NO_TIME: not known)."""

    report: object
    generated_ns: int

    @property
    def completed(self) -> RequestId | None:
        """The telecommand whose completion, or failure to complete, this is."""
        one = self.report
        return one.request if isinstance(one, VerificationReport) and one.stage in COMPLETED else None


@dataclass(frozen=True, slots=True)
class OnBoard:
    """How one spacecraft is commanded and read: its command link, the channel of its telemetry, and its clock."""

    spacecraft: str
    link: CommandLink
    channel: Channel
    clock: SpacecraftClock
    layout: TelecommandLayout = field(init=False)  # of its telecommand packets
    widths: Widths = field(init=False)  # of fields that the mission chose

    def __post_init__(self) -> None:
        variant = self.link.packets.pus
        layout = TelecommandLayout(variant, 2 if variant == "C" else 1, 0, self.link.packets.checksum)
        object.__setattr__(self, "layout", layout)
        object.__setattr__(self, "widths", read_widths(Table(dict(self.link.widths), f"command link {self.link.name}: widths")))

    def when(self, ticks: int) -> int:
        """Return TAI ns of ticks of its clock."""
        return int(self.clock.tai_ns(np.array([ticks], np.int64))[0])

    def ticks(self, tai_ns: int) -> int:
        """Return what its clock says at an instant (TAI ns)."""
        return int(self.clock.ticks(np.array([tai_ns], np.int64))[0])

    def request_in(self, packet: bytes) -> object:
        """Return the request of a telecommand packet, None when it is none that the standard has."""
        try:
            return decode_request(packet, self.layout, self.widths)[1]
        except AelitaError:
            return None

    def read(self, octets: bytes) -> tuple[list[Told], int]:
        """Return the reports in a message of packets, and when the last of all its packets was made. Raises DataError."""
        frame = unpack(octets)
        if not {"generated", "received", "octets"} <= set(frame.columns):
            raise DataError(f"a message of packets with columns {', '.join(frame.columns)}")
        packets = [one or b"" for one in frame["octets"].to_list()]
        told = list(self.reports_of(packets, frame["generated"].fill_null(NO_TIME).to_list()))
        sound = frame.filter(pl.col("generated") <= pl.col("received"))  # else its time is wrong
        if "quality" in frame.columns:
            sound = sound.filter(pl.col("quality") == 0)
        latest = sound["generated"].max()
        return told, latest if isinstance(latest, int) else NO_TIME

    def reports_of(self, packets: list[bytes], generated_ns: list[int]) -> Iterator[Told]:
        """Yield the reports in packets, each with its time (TAI ns)."""
        layout = header_layout(self.channel)
        if layout is None or not packets:
            return
        length = np.array([len(one) for one in packets], np.int64)
        joined = b"".join(packets)
        headers = read_headers(np.frombuffer(joined, np.uint8), np.cumsum(length) - length, length, layout)
        widths = self.widths
        for row in np.flatnonzero(headers.valid & np.isin(headers.service, SERVICES)).tolist():
            report = self._report(headers, row, joined, widths)
            if report is not None:
                yield Told(report, int(generated_ns[row]))

    def _report(self, headers: Headers, row: int, joined: bytes, widths: Widths) -> object:
        service, subtype, start = int(headers.service[row]), int(headers.subtype[row]), int(headers.data_offset[row])
        data = joined[start : start + int(headers.data_length[row])]
        for variant in dict.fromkeys((self.link.packets.pus, "C")):
            try:
                return decode_message(service, subtype, data, variant, REPORT, widths)
            except PacketError as error:
                if error.reason not in ("illegal type", "illegal subtype"):
                    log.warning("a report cannot be read", extra={"service": service, "subtype": subtype, "why": str(error)})
                    return None
            except AelitaError as error:
                log.warning("a report cannot be read", extra={"service": service, "subtype": subtype, "why": str(error)})
                return None
        return None
