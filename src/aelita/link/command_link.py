"""The description of a command link: how telecommands reach one spacecraft, read from TOML.

Every key is documented in `docs/uplink.md`. Unknown keys and contradictions are refused by name. Bit rates are texts, so that
7.8125 bit/s are exactly that.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..errors import DefinitionError
from ..tables import Table
from .channel import PacketRules

CODINGS = ("bch", "ldpc-128", "ldpc-512")
SERVICES = ("AD", "BD")
SECURITY = ("none", "authenticated-encryption", "authentication", "encryption")
FECF_OCTETS = 2
LEAST_FRAME, MOST_FRAME = 5 + 1 + FECF_OCTETS, 1024
MOST_REPORT_S = 366 * 86_400
SLOWEST, FASTEST = Fraction(1, 10), Fraction(10**8)


@dataclass(frozen=True, slots=True)
class Cop1:
    """Settings of FOP-1. The timer is the round trip of light plus a margin, since it waits for a spacecraft's answer."""

    window: int = 10
    transmission_limit: int = 3
    timer_margin_s: float = 60.0
    on_timeout: str = "alert"  # or suspend


@dataclass(frozen=True, slots=True)
class ReportRules:
    """How long after the earliest possible evidence a report of each stage may take, and how long after that it is still waited
    for, seconds.
    """

    acceptance_s: float = 120.0
    start_s: float = 120.0
    completion_s: float = 300.0
    late_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class SecurityRules:
    """How frames are protected (SDLS): the security association used, widths of its fields, and which header bits count.

    `mask`: `standard` leaves sequence numbers and lengths out of what is authenticated, `all` takes every bit.
    """

    service: str = "none"
    spi: int = 0
    iv_octets: int = 12
    sequence_octets: int = 0
    pad_octets: int = 0
    mac_octets: int = 16
    window: int = 64
    mask: str = "standard"

    @property
    def overhead(self) -> int:
        """Octets that protection adds to a frame."""
        return 0 if self.service == "none" else 2 + self.iv_octets + self.sequence_octets + self.pad_octets + self.mac_octets


@dataclass(frozen=True, slots=True)
class CommandLink:
    """How telecommands reach a spacecraft. `frame_octets` is the longest frame, error control included."""

    name: str
    spacecraft_id: int
    virtual_channel: int = 0
    map_id: int | None = None
    frame_octets: int = MOST_FRAME
    fecf: bool = True
    coding: str = "bch"
    randomizer: bool = False
    service: str = "BD"
    plop: int = 2
    acquisition_octets: int = 16
    bit_rates: tuple[Fraction, ...] = (Fraction(2000),)
    cop1: Cop1 = Cop1()
    security: SecurityRules = SecurityRules()
    packets: PacketRules = field(default_factory=PacketRules)
    reports: ReportRules = ReportRules()
    source: int = 0
    schedule_apid: int = -1
    widths: dict[str, Any] = field(default_factory=dict)  # of PUS fields, as the room of that standard reads them
    grade: str = "assumed"
    basis: str = ""
    description: str = ""
    text: str = ""

    @property
    def data_octets(self) -> int:
        """How many octets of packets the longest frame carries."""
        spent = 5 + FECF_OCTETS * self.fecf + (self.map_id is not None) + self.security.overhead
        return self.frame_octets - spent

    @staticmethod
    def from_toml(text: str, where: str = "command link") -> "CommandLink":
        """Return the command link that this TOML text describes; `where` names it in errors. Raises DefinitionError."""
        made = _link(Table.parse(text, where), text)
        _agree(made, where)
        return made


def _link(table: Table, text: str) -> CommandLink:
    map_id = table.number("map", -1, 0, 63)
    packets = table.table("packets")
    made = CommandLink(
        name=table.text("name"),
        spacecraft_id=table.number("spacecraft_id", None, 0, 0x3FF),
        virtual_channel=table.number("virtual_channel", 0, 0, 63),
        map_id=None if map_id < 0 else map_id,
        frame_octets=table.number("frame_octets", MOST_FRAME, LEAST_FRAME, MOST_FRAME),
        fecf=table.choice("fecf", ("present", "none"), "present") == "present",
        coding=table.choice("coding", CODINGS, "bch"),
        randomizer=table.flag("randomizer", False),
        service=table.choice("service", SERVICES, "BD"),
        plop=int(table.choice("plop", ("1", "2"), "2")),
        acquisition_octets=table.number("acquisition_octets", 16, 0, 65536),
        bit_rates=tuple(_rate(one, table.path("bit_rates")) for one in table.texts("bit_rates") or ["2000"]),
        cop1=_cop1(table.table("cop1")),
        security=_security(table.table("security")),
        packets=PacketRules(
            checksum=packets.choice("checksum", ("none", "crc16", "iso"), "none"),
            pus=packets.choice("pus", ("none", "A", "C"), "none"),
        ),
        reports=_reports(table.table("reports")),
        source=packets.number("source", 0, 0, 0xFFFF),
        schedule_apid=table.number("schedule_apid", -1, 0, 2046),
        widths=table.table("widths").values,
        grade=table.text("grade", "assumed"),
        basis=table.text("source", ""),
        description=table.text("description", ""),
        text=text,
    )
    packets.finish()
    table.finish()
    return made


def _rate(text: str, where: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise DefinitionError(f"{text!r} is no rate in bits a second", where=where, remedy='Write "7.8125" or "2000"') from error
    if not SLOWEST <= rate <= FASTEST:
        raise DefinitionError(f"{text!r} is no rate that anybody commands at", where=where, remedy="Give 0.1 to 100000000 bit/s")
    return rate


def _cop1(table: Table) -> Cop1:
    margin_s = table.real("timer_margin_s", 60.0)
    made = Cop1(
        window=table.number("window", 10, 1, 255),
        transmission_limit=table.number("transmission_limit", 3, 1, 255),
        timer_margin_s=margin_s,
        on_timeout=table.choice("on_timeout", ("alert", "suspend"), "alert"),
    )
    if not 0 < margin_s <= 86_400:
        raise DefinitionError(f"{margin_s} s is no margin", where=table.path("timer_margin_s"), remedy="Give up to a day")
    table.finish()
    return made


def _reports(table: Table) -> ReportRules:
    usual = ReportRules()
    made = ReportRules(*(table.real(name, getattr(usual, name)) for name in ReportRules.__dataclass_fields__))
    for name in ReportRules.__dataclass_fields__:
        if not 0 < (value := getattr(made, name)) <= MOST_REPORT_S:
            raise DefinitionError(f"{value} s is no time for a report", where=table.path(name), remedy="Give up to a year")
    table.finish()
    return made


def _security(table: Table) -> SecurityRules:
    made = SecurityRules(
        service=table.choice("service", SECURITY, "none"),
        spi=table.number("spi", 0, 0, 0xFFFF),
        iv_octets=table.number("iv_octets", 12, 0, 32),
        sequence_octets=table.number("sequence_octets", 0, 0, 8),
        pad_octets=table.number("pad_octets", 0, 0, 2),
        mac_octets=table.number("mac_octets", 16, 0, 64),
        window=table.number("window", 64, 1, 1 << 20),
        mask=table.choice("mask", ("standard", "all"), "standard"),
    )
    if made.service != "none" and not 0 < made.spi < 0xFFFF:
        raise DefinitionError(f"{made.spi} is no number of a security association", where=table.path("spi"), remedy="1 to 65534")
    table.finish()
    return made


def _agree(link: CommandLink, where: str) -> None:
    """Refuse what contradicts itself."""
    if link.coding != "bch" and not link.randomizer:
        raise DefinitionError(
            "LDPC codes need the randomizer (CCSDS 231.0-B)", where=f"{where}: randomizer", remedy="Set randomizer = true"
        )
    if link.data_octets < 1:
        raise DefinitionError(
            f"a frame of {link.frame_octets} octets has no room for data", where=f"{where}: frame_octets", remedy="Make it longer"
        )
