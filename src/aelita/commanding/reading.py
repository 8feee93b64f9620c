"""What the exact octets of a request say, read with the mission database alone, and held against what the request says of them.

Nothing that the sender claims enters the reading: octets become commands again by the layouts of the database. Only then names,
arguments, sentences, significance and times are compared.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ..errors import AelitaError, DataError, UsageError
from ..link import CommandLink
from ..mdb import (
    CompiledCommands,
    DecodedCommand,
    EncodedCommand,
    EncodedField,
    command_sentence,
    decode_command,
    encode_command,
)
from ..octets import crc16, iso_checksum
from ..pus import Acknowledge, Activity, InsertActivities, decode_request, encode_request
from .directives import FAMILY, SENTENCES
from .preparing import INSERT, PLAIN, layout_of, widths_of
from .requests import Call, PreparedCommand

CHECKSUMS: dict[str, Callable[[bytes], int]] = {"crc16": crc16, "iso": iso_checksum}
LEAST_OCTETS, SERVICE, SUBTYPE = 7, 7, 8  # octets of the secondary header of telecommands, both variants (ECSS-E-70-41A)
Checksum = Literal["right", "wrong", "none"]
NONE: Checksum = "none"


@dataclass(frozen=True, slots=True)
class PacketSaid:
    """What one packet says. `packet` is which of the request's it is, or which of them it stands in, from octet `offset` on.

    `scheduled` are the ticks of the spacecraft's clock at which its schedule releases it, `scheduled_ns` the same in TAI ns where
    the clock is known. `name` is empty for octets that are no command. `checksum` is right, wrong, or none. What is not `named`
    holds others, or stands in the argument of another: the request has no name of it.
    """

    packet: int
    offset: int
    octets: bytes
    name: str
    sentence: str
    apid: int
    sequence_count: int
    service: int | None
    subtype: int | None
    checksum: Checksum
    significance: str = "none"
    fields: tuple[EncodedField, ...] = ()
    others: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    scheduled: int | None = None
    scheduled_ns: int | None = None
    named: bool = True
    decoded: DecodedCommand | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something in which octets are not what their request says: a `code`, which packet, what is said, what was found."""

    code: str
    packet: int | None
    said: str
    found: str

    def __str__(self) -> str:
        where = "" if self.packet is None else f"packet {self.packet + 1}: "
        return where + DIFFERENCES[self.code].format(said=self.said, found=self.found)


DIFFERENCES = {
    "unread": "the octets cannot be read here: {found}",
    "count": "the request names {said} commands, and its octets hold {found}",
    "unknown": "said to be {said}, and its octets are no command: {found}",
    "command": "said to be {said}, and its octets are {found}",
    "argument": "said to have {said}, and its octets have {found}",
    "sentence": "said to do “{said}”, and its octets do “{found}”",
    "significance": "said to be {said}, and its octets are {found}",
    "damaged": "its octets are damaged: {found}",
    "octets": "its octets are not those that the database makes of {said}: {found}",
    "schedule": "said to be executed at {said}, and its octets say {found}",
    "way": "said to go by {said}, and commands go by {found} here",
    "directive": "said to be {said}, and the directive is {found}",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the octets of a request say, packet by packet as they are executed, and in what that is not what it says."""

    packets: tuple[PacketSaid, ...] = ()
    differences: tuple[Discrepancy, ...] = ()


@dataclass(frozen=True, slots=True)
class OctetReader:
    """Reads octets to one spacecraft. `ticks` turns TAI ns into ticks of its clock, `when` ticks into TAI ns."""

    commands: CompiledCommands
    link: CommandLink | None = None
    ticks: Callable[[int], int] | None = None
    when: Callable[[int], int] | None = None

    def read(self, prepared: PreparedCommand) -> Reading:
        """Return what the octets of a prepared command say, and every difference from what is said of them."""
        calls = prepared.request.calls
        if prepared.directive or any(one.command.startswith(FAMILY) for one in calls):
            return Reading((), tuple(_directive(prepared)))
        try:
            packets = list(self._packets(prepared))
        except AelitaError as error:
            return Reading((), (Discrepancy("unread", None, "", str(error)),))
        places = [at for at, one in enumerate(packets) if one.named]
        for at, call in zip(places, calls, strict=False):
            packets[at] = self._as_called(packets[at], call)
        said = [packets[at] for at in places]
        found = [*self._counted(prepared, said)]
        for one, call in zip(said, calls, strict=False):
            found += self._against(one, call)
        found += [
            Discrepancy("damaged", one.packet, "", why) for one in packets if one.named or not one.offset for why in _damage(one)
        ]
        found += self._whole(prepared, said)
        return Reading(tuple(packets), tuple(dict.fromkeys(found)))

    def _counted(self, prepared: PreparedCommand, said: list[PacketSaid]) -> Iterable[Discrepancy]:
        """Hold how many commands there are, and what each will do, against what is said of it."""
        sentences = list(prepared.sentences)
        if prepared.request.execute_ns is not None:
            if sentences[:1] != [f"{INSERT[1]}:"]:
                yield Discrepancy("sentence", 0, "; ".join(sentences[:1]), f"{INSERT[1]}:")
            sentences = sentences[1:]
        if len(said) != len(prepared.request.calls):
            yield Discrepancy("count", None, str(len(prepared.request.calls)), str(len(said)))
        if len(sentences) != len(said):
            yield Discrepancy("sentence", None, "; ".join(sentences), "; ".join(one.sentence for one in said))
            return
        for one, sentence in zip(said, sentences, strict=True):
            if one.name and one.sentence != sentence:
                yield Discrepancy("sentence", one.packet, sentence, one.sentence)

    def _packets(self, prepared: PreparedCommand) -> Iterable[PacketSaid]:
        """Yield what each packet says, and behind it what those say that it puts into the on-board schedule."""
        for number, octets in enumerate(prepared.packets):
            activities = self._activities(octets)
            if prepared.request.execute_ns is None or not activities:
                yield self.packet(octets, number)
            else:
                yield replace(self._header(octets, number, 0, INSERT[0], f"{INSERT[1]}:"), named=False)
            at = 0
            for one in activities:
                at = octets.index(one.request, at)
                ns = self.when(one.time) if self.when is not None else None
                inner = self.packet(one.request, number, at)
                yield replace(inner, scheduled=one.time, scheduled_ns=ns, named=prepared.request.execute_ns is not None)
                at += len(one.request)

    def _activities(self, octets: bytes) -> tuple[Activity, ...]:
        if self.link is None or self.link.packets.pus == NONE:
            return ()
        try:
            _, message = decode_request(octets, layout_of(self.link), widths_of(self.link))
        except AelitaError:
            return ()
        return message.activities if isinstance(message, InsertActivities) else ()

    def packet(self, octets: bytes, number: int = 0, offset: int = 0) -> PacketSaid:
        """Return what one telecommand packet says."""
        try:
            decoded = self._decoded(octets)
        except DataError as error:
            return replace(self._header(octets, number, offset, "", ""), remarks=(error.what,))
        known = self.commands.commands[decoded.name]
        return replace(
            self._header(octets, number, offset, decoded.name, command_sentence(self.commands, decoded)),
            significance=known.significance.level.value, fields=decoded.fields, others=decoded.others, remarks=decoded.remarks,
            decoded=decoded,
        )  # fmt: skip

    def _decoded(self, octets: bytes) -> DecodedCommand:
        """Return the command of octets, of databases that mark what the sender fills in, or that do not."""
        decoded = decode_command(self.commands, octets)
        return decoded if decoded.sequence_count is not None else decode_command(self.commands, octets, sender=PLAIN)

    def _header(self, octets: bytes, number: int, offset: int, name: str, sentence: str) -> PacketSaid:
        pus = self.link is not None and self.link.packets.pus != "none" and len(octets) > SUBTYPE and bool(octets[0] & 8)
        whole = len(octets) >= LEAST_OCTETS
        return PacketSaid(
            number, offset, octets, name, sentence, (octets[0] << 8 | octets[1]) & 0x7FF if whole else 0,
            (octets[2] << 8 | octets[3]) & 0x3FFF if whole else 0, octets[SERVICE] if pus else None,
            octets[SUBTYPE] if pus else None, self._checksum(octets),
        )  # fmt: skip

    def _checksum(self, octets: bytes) -> Checksum:
        rule = self.link.packets.checksum if self.link is not None else NONE
        if rule not in CHECKSUMS:
            return NONE
        return "right" if len(octets) > 2 and CHECKSUMS[rule](octets[:-2]) == int.from_bytes(octets[-2:]) else "wrong"

    def _as_called(self, one: PacketSaid, call: Call) -> PacketSaid:
        """Return octets as the command that they are said to be, when nobody can tell it from the one that they are read as."""
        if call.command not in one.others:
            return one
        made = self._made(call, one.sequence_count)
        if isinstance(made, str) or made.octets != one.octets:
            return one
        others = (one.name, *(each for each in one.others if each != call.command))
        level = self.commands.commands[call.command].significance.level.value
        sentence = command_sentence(self.commands, made)
        return replace(one, name=call.command, sentence=sentence, significance=level, others=others, fields=made.fields)

    def _made(self, call: Call, count: int) -> EncodedCommand | str:
        """Return the octets that the database makes of a command as it was written, or why it makes none."""
        try:
            made = encode_command(self.commands, call.command, dict(call.arguments))
            if not made.numbers:
                made = encode_command(self.commands, call.command, dict(call.arguments), sender=PLAIN)
        except (UsageError, DataError) as error:
            return str(error)
        return made.numbered(count)

    def _against(self, one: PacketSaid, call: Call) -> Iterable[Discrepancy]:
        """Hold what octets say against the command that they are said to be, with its arguments as they were written."""
        if one.decoded is None:
            yield Discrepancy("unknown", one.packet, call.command, "; ".join(one.remarks))
            return
        if call.command != one.name:
            yield Discrepancy("command", one.packet, call.command, one.name)
            return
        made = self._made(call, one.sequence_count)
        if isinstance(made, str):
            yield Discrepancy("argument", one.packet, _written(dict(call.arguments)) or "no arguments", f"others ({made})")
            return
        theirs, ours = made.arguments, one.decoded.arguments
        odd = [name for name in ours if name in theirs and theirs[name] != ours[name]] if one.name == one.decoded.name else []
        if odd:
            yield Discrepancy("argument", one.packet, *(_written({name: of[name] for name in odd}) for of in (theirs, ours)))
        elif made.octets != one.octets and not [*_damage(one)]:
            yield Discrepancy("octets", one.packet, one.name, made.octets.hex(" "))

    def _whole(self, prepared: PreparedCommand, said: list[PacketSaid]) -> Iterable[Discrepancy]:
        """Hold significance, way and time of the whole against what is said of them."""
        known = [self.commands.commands[one.name].significance.level for one in said if one.name]
        if known and len(known) == len(said):
            gravest = max(known, key=lambda level: level.rank).value
            if gravest != prepared.significance:
                yield Discrepancy("significance", None, prepared.significance, gravest)
        if self.link is not None:
            ways = [(prepared.virtual_channel, prepared.map_id), (self.link.virtual_channel, self.link.map_id)]
            if ways[0] != ways[1]:
                yield Discrepancy("way", None, *(_way(*one) for one in ways))
            yield from self._envelope(prepared)
        execute = prepared.request.execute_ns
        if execute is not None and self.ticks is not None:
            wished = self.ticks(execute)
            for one in said:
                if one.scheduled != wished:
                    found = "at once" if one.scheduled is None else f"tick {one.scheduled}"
                    yield Discrepancy("schedule", one.packet, f"tick {wished}", found)

    def _envelope(self, prepared: PreparedCommand) -> Iterable[Discrepancy]:
        """Hold the packet that puts others into the schedule against the one that the standard makes of the same."""
        if prepared.request.execute_ns is None or self.link is None:
            return
        for number, octets in enumerate(prepared.packets):
            activities, count = self._activities(octets), (octets[2] << 8 | octets[3]) & 0x3FFF if len(octets) > 3 else 0
            try:
                made = encode_request(
                    InsertActivities(activities), layout_of(self.link), widths_of(self.link), apid=self.link.schedule_apid,
                    sequence_count=count, source=self.link.source, acknowledge=Acknowledge.ALL,
                )  # fmt: skip
            except AelitaError as error:
                yield Discrepancy("unread", number, "", str(error))
                continue
            if made != octets:
                yield Discrepancy("octets", number, INSERT[0], made.hex(" "))


def _directive(prepared: PreparedCommand) -> Iterable[Discrepancy]:
    """Hold a directive against the command and the sentence that it is said to be."""
    word = prepared.directive.partition(" ")[0]
    call = prepared.request.calls[0]
    named = " ".join([call.command.removeprefix(FAMILY), *(value for _, value in call.arguments)])
    if len(prepared.request.calls) != 1 or not call.command.startswith(FAMILY) or named != prepared.directive:
        yield Discrepancy(
            "directive", None, " ".join(one.command for one in prepared.request.calls), prepared.directive or "none"
        )
    if prepared.sentences != (SENTENCES.get(word, ""),):
        yield Discrepancy("sentence", None, " ".join(prepared.sentences), SENTENCES.get(word, prepared.directive or "nothing"))
    if prepared.packets:
        yield Discrepancy("count", None, "0", str(len(prepared.packets)))


def _damage(one: PacketSaid) -> Iterable[str]:
    if one.name:
        yield from one.remarks
    if one.checksum == "wrong" and not any("would be right" in why for why in one.remarks):
        yield "its checksum is wrong"


def _written(arguments: Mapping[str, object]) -> str:
    def text(value: object) -> str:
        return value.hex() if isinstance(value, bytes) else str(value)

    return ", ".join(f"{name} = {text(value)}" for name, value in arguments.items())


def _way(virtual_channel: int, map_id: int | None) -> str:
    return f"VC {virtual_channel}" + ("" if map_id is None else f", MAP {map_id}")
