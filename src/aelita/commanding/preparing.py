"""Requests to exact octets: each command through the mission database, numbered, and into the on-board schedule if timed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import DataError, UsageError
from ..link import CommandLink, block_packets
from ..mdb import (
    CompiledCommands,
    EncodedCommand,
    Reference,
    SenderFields,
    command_sentence,
    condition_text,
    encode_command,
    holds_now,
)
from ..pus import Acknowledge, Activity, InsertActivities, TelecommandLayout, Widths, decode_request, encode_request, read_widths
from ..tables import Table
from .directives import FAMILY, SENTENCES, directive_of
from .requests import Call, CommandRequest, PreparedCommand

COUNTS = 1 << 14
Value = int | float | str | bool | bytes | None
Values = Callable[[Reference], Value]
PLAIN = SenderFields(primary_header=True)  # of databases that do not mark what the sender fills in
INSERT = ("/PUS/11/insert", "Put the commands into the on-board schedule")


@dataclass(slots=True)
class Counts:
    """Sequence counts of telecommand packets by application process. Agencies take every `step`-th from their own `first` on, so
    that no two number their packets alike.
    """

    first: int = 0
    step: int = 1
    last: dict[int, int] = field(default_factory=dict)

    def tried(self) -> "Counts":
        """Return counts to try with, which take nothing from these."""
        return Counts(self.first, self.step, dict(self.last))

    def next(self, apid: int) -> int:
        """Return the count of the next packet, which is not taken before `take`."""
        if apid not in self.last:
            return self.first
        following = self.last[apid] + self.step
        return following if following < COUNTS else self.first

    def take(self, packets: Iterable[bytes]) -> None:
        """Know that these packets have their counts."""
        for one in packets:
            if len(one) >= 4:
                self.last[(one[0] << 8 | one[1]) & 0x7FF] = (one[2] << 8 | one[3]) & 0x3FFF


class Given(Counts):
    """The sequence counts of packets that were made, in their order, by application process."""

    def __init__(self, made: list[tuple[int, int]]) -> None:
        super().__init__()
        self._made = made

    def tried(self) -> "Given":
        """Return the same from the beginning."""
        return Given(list(self._made))

    def next(self, apid: int) -> int:
        """Return the count of the next packet of an application process. Raises UsageError when there was none."""
        for one in self._made:
            if one[0] == apid:
                self._made.remove(one)
                return one[1]
        raise UsageError(f"it has no further packet to application process {apid}")

    def take(self, packets: Iterable[bytes]) -> None:
        """Nothing is to be taken."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """A prepared command with the fields of each packet, for people to look at."""

    prepared: PreparedCommand
    encoded: tuple[EncodedCommand, ...]


@dataclass(frozen=True, slots=True)
class Preparer:
    """Makes requests to one spacecraft exact. `ticks` turns an instant (TAI ns) into the on-board clock's, for timed commands."""

    commands: CompiledCommands
    link: CommandLink
    counts: Counts
    ticks: Callable[[int], int] | None = None

    def prepare(self, request: CommandRequest, parameters: Mapping[str, Value] | None = None) -> Preparation:
        """Return a request with its octets. Raises UsageError naming every wrong argument, or what does not fit the link."""
        if any(call.command.startswith(FAMILY) for call in request.calls):
            return self._directive(request)
        counts = self.counts.tried()
        encoded: list[EncodedCommand] = []
        for number, call in enumerate(request.calls):
            given = dict(call.arguments)
            if len(given) != len(call.arguments):
                raise UsageError("an argument is given twice", where=f"command {number + 1}, {call.command}")
            made = encode_command(self.commands, call.command, dict(given), parameters=parameters or {})
            if not made.numbers:
                made = encode_command(self.commands, call.command, dict(given), parameters=parameters or {}, sender=PLAIN)
            made = made.numbered(counts.next(_apid(made.octets)))
            counts.take([made.octets])
            encoded.append(made)
        packets = tuple(one.octets for one in encoded)
        sentences = tuple(command_sentence(self.commands, one) for one in encoded)
        if request.execute_ns is not None:
            packets = (self._timed(packets, request.execute_ns, counts),)
            sentences = (f"{INSERT[1]}:", *sentences)
        block_packets(packets, self.link.map_id, self.link.data_octets)  # refuses what the link cannot carry
        gravest = max((self.commands.command(one.name).significance.level for one in encoded), key=lambda level: level.rank)
        calls = tuple(Call(one.name, call.arguments) for call, one in zip(request.calls, encoded, strict=True))
        named = replace(request, calls=calls)  # by qualified names, which the rules of the mission are about
        prepared = PreparedCommand(named, packets, self.link.virtual_channel, self.link.map_id, gravest.value, sentences)
        return Preparation(prepared, tuple(encoded))

    def mismatches(self, prepared: PreparedCommand) -> list[str]:
        """Return why a prepared command is not what our own mission database makes of what it is called, nothing when it is.

        Rules go by names and significance, so a request of another agency must not call one command by the name of another.
        """
        request = prepared.request
        try:
            made = self._again(prepared)
        except (UsageError, DataError) as error:
            return [f"request {request.id} cannot be made again from our mission database: {error}"]
        if made.directive != prepared.directive or made.packets != prepared.packets:
            return [f"the octets of request {request.id} are not those of the commands that it names"]
        if made.significance != prepared.significance or (made.virtual_channel, made.map_id) != _way(prepared):
            return [f"request {request.id} is {made.significance} here and goes by another way than it says"]
        if made.sentences != prepared.sentences:
            return [f"what request {request.id} says in words is not what its commands do"]
        return []

    def _again(self, prepared: PreparedCommand) -> PreparedCommand:
        """Return the request prepared with the sequence counts of its packets."""
        inner = self.numbered(prepared)
        counts = Given([((one[0] << 8 | one[1]) & 0x7FF, (one[2] << 8 | one[3]) & 0x3FFF) for one in inner if len(one) >= 4])
        return replace(self, counts=counts).prepare(prepared.request).prepared

    def numbered(self, prepared: PreparedCommand) -> tuple[bytes, ...]:
        """Return all packets with a sequence count, also those that go into the on-board schedule. Raises DataError."""
        if prepared.request.execute_ns is None or not prepared.packets:
            return prepared.packets
        return (*self._activities(prepared.packets[0]), *prepared.packets)

    def _activities(self, packet: bytes) -> tuple[bytes, ...]:
        _, message = decode_request(packet, layout_of(self.link), widths_of(self.link))
        return tuple(one.request for one in message.activities) if isinstance(message, InsertActivities) else ()

    def _directive(self, request: CommandRequest) -> Preparation:
        """Return a directive to FOP-1 as a prepared command: it stands alone, and goes at once."""
        if len(request.calls) != 1 or request.execute_ns is not None:
            raise UsageError("a directive to COP-1 stands alone in its request, and is not timed")
        call = request.calls[0]
        word = call.command.removeprefix(FAMILY)
        text = " ".join([word, *(value for _, value in call.arguments)])
        directive_of(text, request.id)
        prepared = PreparedCommand(
            request, (), self.link.virtual_channel, self.link.map_id, "critical", (SENTENCES[word],), text
        )  # fmt: skip
        return Preparation(prepared, ())

    def _timed(self, packets: tuple[bytes, ...], execute_ns: int, counts: Counts) -> bytes:
        """Return the packet that puts others into the on-board schedule (PUS 11, 4)."""
        if self.ticks is None or self.link.packets.pus == "none" or self.link.schedule_apid < 0:
            raise UsageError(
                f"{self.link.name} has no on-board schedule here",
                remedy="Give its command link a schedule_apid and a PUS variant",
            )
        widths, layout, ticks = widths_of(self.link), layout_of(self.link), self.ticks(execute_ns)
        message = InsertActivities(tuple(Activity(ticks, one) for one in packets))
        apid, source = self.link.schedule_apid, self.link.source
        count = counts.next(apid)
        return encode_request(
            message, layout, widths, apid=apid, sequence_count=count, source=source, acknowledge=Acknowledge.ALL
        )


def layout_of(link: CommandLink) -> TelecommandLayout:
    """Return how the headers of telecommand packets of a link are laid out."""
    variant = link.packets.pus
    return TelecommandLayout(variant, 2 if variant == "C" else 1, 0, link.packets.checksum)


def widths_of(link: CommandLink) -> Widths:
    """Return the widths of PUS fields that the mission chose for a link."""
    return read_widths(Table(dict(link.widths), f"command link {link.name}: widths"))


def unmet(commands: CompiledCommands, prepared: PreparedCommand, values: Values) -> list[str]:
    """Return, in plain words, the constraints of a prepared command that do not hold, or of which nobody can tell."""
    found = []
    for call in prepared.request.calls:
        if call.command.startswith(FAMILY):
            continue
        for constraint in commands.command(call.command).constraints:
            holds = holds_now(constraint.condition, values)
            if holds is not True:
                what = "does not hold" if holds is False else "cannot be told: a value is not known"
                found.append(f"{call.command}: its constraint {condition_text(constraint.condition)} {what}")
    return found


def _way(prepared: PreparedCommand) -> tuple[int, int | None]:
    return prepared.virtual_channel, prepared.map_id


def _apid(packet: bytes) -> int:
    return (packet[0] << 8 | packet[1]) & 0x7FF
