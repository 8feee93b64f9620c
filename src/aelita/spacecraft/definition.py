"""What a simulated spacecraft is: its link and channel, and what it has on board, read from TOML."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..errors import DefinitionError
from ..link import Channel, CommandLink
from ..pus import Widths, read_widths
from ..tables import Table
from ..time import Cuc

MOST_MEMORY, MOST_STORE = 1 << 24, 1 << 26
SERVICES = {1: "verification", 3: "housekeeping", 5: "events", 6: "memory", 0: "other"}  # 0: of any other service
CONTENTS = ("attitude", "earth", "sun", "earth_body", "sun_body", "counters")
ACTIONS = ("nothing", "enter safe mode", "leave safe mode", "clear counters", "reset", "reset security alarm")
VALUES = ("plain", "mode", "boots", "security report", "counter")


@dataclass(frozen=True, slots=True)
class Field:
    """What is written into a structure, and at which octet of the packet."""

    at: int
    content: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A housekeeping structure: its identifier, application process, octets of the whole packet and period (0: on request)."""

    ident: int
    apid: int
    octets: int
    interval_s: float
    fields: tuple[Field, ...] = ()
    diagnostic: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory: identifier, name, octets, and whether a reset clears it."""

    ident: int
    name: str
    octets: int
    is_volatile: bool = False


@dataclass(frozen=True, slots=True)
class OnBoardParameter:
    """A parameter of service 20: its octets, first value, and where the value comes from (`plain`: it can be set)."""

    ident: int
    name: str
    octets: int
    value: int = 0
    of: str = "plain"
    counter: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of service 8: what it does, and after how long it is done."""

    ident: int
    name: str
    action: str
    duration_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the spacecraft takes (s) until a packet is accepted, started and done, and for each octet of memory."""

    acceptance_s: float = 0.1
    start_s: float = 0.1
    execution_s: float = 0.2
    octet_s: float = 1e-5


@dataclass(frozen=True, slots=True)
class Definition:
    """A simulated spacecraft. `report_apids` gives the application process of each service's reports (0: of the others).

    `stores` are packet stores and their octets. The variant of the packet utilization standard is that of the link's packets.
    """

    link: CommandLink
    channel: Channel
    widths: Widths = field(default_factory=Widths)
    command_apids: frozenset[int] = frozenset({1})
    source_octets: int = 1
    report_apids: Mapping[int, int] = field(default_factory=lambda: {0: 1})
    structures: tuple[Structure, ...] = ()
    memories: tuple[Memory, ...] = ()
    parameters: tuple[OnBoardParameter, ...] = ()
    functions: tuple[Function, ...] = ()
    stores: Mapping[int, int] = field(default_factory=dict)
    timing: Timing = Timing()
    farm_window: int = 64
    interval_unit_s: float = 1.0
    activities: int = 256
    schedule_enabled: bool = True

    def __post_init__(self) -> None:
        channel, where = self.channel, f"channel {self.channel.name}"
        if channel.protocol != "TM" or channel.bit_rate <= 0 or channel.ocf != "present":
            raise DefinitionError("a simulated spacecraft needs TM frames with a bit rate and control words", where=where)
        if not isinstance(channel.packets.time, Cuc):
            raise DefinitionError("a simulated spacecraft needs an unsegmented time code (CUC)", where=where)
        if not any(one.carries == "packets" for one in channel.virtual_channels.values()):
            raise DefinitionError("no virtual channel carries packets", where=where)
        if self.link.packets.pus not in ("A", "C"):
            raise DefinitionError("the packets of the command link have no PUS variant", where=f"command link {self.link.name}")
        if self.farm_window // 2 < self.link.cop1.window:
            raise DefinitionError(
                f"a window of {self.farm_window} takes no {self.link.cop1.window} frames ahead",
                where="farm_window",
                remedy="Half of it must be the link's window at least",
            )

    @property
    def variant(self) -> str:
        """The variant of the packet utilization standard."""
        return self.link.packets.pus

    def apid_of(self, service: int) -> int:
        """Return the application process that reports of a service come from."""
        return self.report_apids.get(service, self.report_apids.get(0, 1))

    @staticmethod
    def from_toml(text: str, where: str, link: CommandLink, channel: Channel) -> "Definition":
        """Return what a TOML text describes, with its link and channel. Raises DefinitionError."""
        table = Table.parse(text, where)
        table.text("description", "")
        table.text("grade", "assumed")
        apids = table.table("report_apids")
        parameters = tuple(_parameter(one) for one in table.tables("parameters"))
        widths = read_widths(table.table("widths"))
        made = Definition(
            link=link,
            channel=channel,
            widths=replace(widths, value_octets={**widths.value_octets, **{one.ident: one.octets for one in parameters}}),
            command_apids=frozenset(table.numbers("command_apids", 1, 2046)),
            source_octets=table.number("source_octets", 1, 0, 2),
            report_apids={service: apids.number(name, None, 1, 2046) for service, name in SERVICES.items()},
            structures=tuple(_structure(one) for one in table.tables("structures")),
            memories=tuple(_memory(one) for one in table.tables("memories")),
            parameters=parameters,
            functions=tuple(_function(one) for one in table.tables("functions")),
            stores=dict(_store(one) for one in table.tables("stores")),
            timing=_timing(table.table("timing")),
            farm_window=table.number("farm_window", 64, 2, 254),
            interval_unit_s=_positive(table, "interval_unit_s", 1.0),
            activities=table.number("activities", 256, 1, 65536),
            schedule_enabled=table.flag("schedule_enabled", True),
        )
        apids.finish()
        table.finish()
        return made


def _positive(table: Table, key: str, default: float, least: float = 1e-3) -> float:
    value = table.real(key, default)
    if not least <= value <= 86_400:
        raise DefinitionError(f"{value} s is not possible", where=table.path(key), remedy=f"Give {least} to 86400")
    return value


def _structure(table: Table) -> Structure:
    fields = tuple(_field(one) for one in table.tables("fields"))
    made = Structure(
        table.number("id", None, 0, 2**32 - 1), table.number("apid", None, 1, 2046), table.number("octets", None, 24, 60_000),
        _positive(table, "interval_s", 0.0, 0.0), fields, table.flag("diagnostic", False),
    )  # fmt: skip
    table.finish()
    return made


def _field(table: Table) -> Field:
    made = Field(table.number("at", None, 16, 60_000), table.choice("content", CONTENTS))
    table.finish()
    return made


def _memory(table: Table) -> Memory:
    made = Memory(
        table.number("id", None, 0, 255), table.text("name"), table.number("octets", None, 1, MOST_MEMORY),
        table.flag("volatile", False),
    )  # fmt: skip
    table.finish()
    return made


def _parameter(table: Table) -> OnBoardParameter:
    octets = table.number("octets", None, 1, 8)
    made = OnBoardParameter(
        table.number("id", None, 0, 65535), table.text("name"), octets, table.number("value", 0, 0, 256**octets - 1),
        table.choice("of", VALUES, "plain"), table.text("counter", ""),
    )  # fmt: skip
    table.finish()
    return made


def _function(table: Table) -> Function:
    made = Function(
        table.number("id", None, 0, 65535), table.text("name"), table.choice("action", ACTIONS, "nothing"),
        _positive(table, "duration_s", 0.5, 0.0),
    )  # fmt: skip
    table.finish()
    return made


def _store(table: Table) -> tuple[int, int]:
    made = table.number("id", None, 0, 255), table.number("octets", None, 1 << 12, MOST_STORE)
    table.finish()
    return made


def _timing(table: Table) -> Timing:
    plain = Timing()
    made = Timing(
        *(_positive(table, key, getattr(plain, key), 0.0) for key in ("acceptance_s", "start_s", "execution_s", "octet_s"))
    )
    table.finish()
    return made
