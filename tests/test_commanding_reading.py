"""What octets say, read without their request: of every command of the mission, and of requests that lie about each thing."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Call, CommandRequest, Counts, OctetReader, PreparedCommand, Preparer, Reading, Requester
from aelita.errors import AelitaError
from aelita.link import CommandLink
from aelita.mdb import CompiledCommands, compile_commands, load_database
from aelita.octets import crc16
from aelita.pus import TelecommandLayout, decode_telecommand
from aelita.services.missions import find_mission
from aelita.time import SECOND

VERA = Requester("esa", "esoc", "spacecraft-controller", "vera")
TEXT = 'name = "twin"\nspacecraft_id = 1000\nmap = 0\nschedule_apid = 26\n[packets]\npus = "A"\nchecksum = "crc16"\n[widths]\n'
LINK = CommandLink.from_toml(TEXT)
RATE, PING = Call("/TGO_TC/SetTimeReportRate", (("exponent", "3"),)), Call("/TGO_TC/AreYouAlive")


def ticks(tai_ns: int) -> int:
    return tai_ns * 65536 // SECOND


@pytest.fixture(scope="module")
def commands() -> CompiledCommands:
    return compile_commands(load_database(find_mission("exomars").craft("tgo").command_databases))


@pytest.fixture(scope="module")
def reader(commands: CompiledCommands) -> OctetReader:
    return OctetReader(commands, LINK, ticks, lambda count: count * SECOND // 65536)


def prepared(commands: CompiledCommands, *calls: Call, execute_ns: int | None = None) -> PreparedCommand:
    asked = CommandRequest("r1", "tgo", calls, VERA, 5, execute_ns=execute_ns)
    return Preparer(commands, LINK, Counts(7, 1), ticks).prepare(asked).prepared


def codes(reading: Reading) -> list[str]:
    return [one.code for one in reading.differences]


def test_octets_say_what_an_independent_header_says(commands: CompiledCommands, reader: OctetReader) -> None:
    made = prepared(commands, PING, RATE)
    found = reader.read(made)
    assert found.differences == () and [one.sentence for one in found.packets] == list(made.sentences)
    for one, octets in zip(found.packets, made.packets, strict=True):
        header = decode_telecommand(octets, TelecommandLayout("A", 1))
        assert (one.apid, one.sequence_count, one.service, one.subtype) == (
            header.apid, header.sequence_count, header.service, header.subtype,
        )  # fmt: skip
        assert one.checksum == "right" and crc16(octets) == 0
    assert {each.name: each.engineering for each in found.packets[1].fields}["exponent"] == 3


ARGUMENTS = {
    "number": "1", "structures": "[3]", "events": "[417]", "memory": "6", "address": "3668", "data": "01020304", "length": "4", "function": "9",
    "exponent": "5", "request_apid": "26", "request_count": "77", "offset": "-1.5", "stores": "[2]", "from": "10", "to": "20",
    "until": "30", "time": "1000.5", "parameters": "[7]", "parameter": "7", "value": "01020304",
}  # fmt: skip


def test_every_command_of_the_mission_is_read_as_what_it_is(commands: CompiledCommands, reader: OctetReader) -> None:
    read = set()
    for command in commands.sendable():
        given = ARGUMENTS | {"request": prepared(commands, PING).packets[0].hex()}
        wanted = tuple((one.name, given[one.name]) for one in command.open_arguments if one.name in given)
        for execute_ns in (None, 1_000 * SECOND):
            try:
                made = prepared(commands, Call(command.name, wanted), execute_ns=execute_ns)
            except AelitaError:
                continue
            found = reader.read(made)
            assert (found.differences, command.name) == ((), command.name)
            assert [one.name for one in found.packets if one.named] == [command.name]
            read.add(command.name)
    assert len(read) >= 22 and len(read) > 0.8 * len(commands.sendable())


def test_what_an_argument_puts_into_the_schedule_is_read_too(commands: CompiledCommands, reader: OctetReader) -> None:
    inner = prepared(commands, RATE).packets[0]
    made = prepared(commands, Call("/TGO_TC/InsertActivity", (("time", "1000.5"), ("request", inner.hex()))))
    outer, held = reader.read(made).packets
    assert (outer.name, held.name, held.scheduled) == ("/TGO_TC/InsertActivity", RATE.command, 1000 * 65536 + 32768)
    assert held.sentence == prepared(commands, RATE).sentences[0] and outer.named and not held.named


def test_what_goes_into_the_schedule_is_read_inside_it(commands: CompiledCommands, reader: OctetReader) -> None:
    at = 1_000 * SECOND
    made = prepared(commands, PING, RATE, PING, execute_ns=at)
    found = reader.read(made)
    assert found.differences == () and [one.name for one in found.packets[1:]] == [PING.command, RATE.command, PING.command]
    assert {one.scheduled_ns for one in found.packets[1:]} == {at} and found.packets[0].service == 11
    for one in found.packets[1:]:
        assert made.packets[0][one.offset : one.offset + len(one.octets)] == one.octets
    late = replace(made, request=replace(made.request, execute_ns=at + SECOND))
    assert codes(reader.read(late)) == ["schedule"]  # of all three alike
    unsaid = replace(made, sentences=made.sentences[1:])
    assert "sentence" in codes(reader.read(unsaid))
    plain = replace(made, request=replace(made.request, execute_ns=None), sentences=made.sentences[1:])
    assert {"unknown", "count"} & set(codes(reader.read(plain)))


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lambda one, other: replace(one, packets=other.packets), "command"),
        (lambda one, other: replace(one, sentences=other.sentences), "sentence"),
        (lambda one, other: replace(one, sentences=()), "sentence"),
        (lambda one, other: replace(one, packets=(*one.packets, *other.packets)), "count"),
        (lambda one, other: replace(one, packets=()), "count"),
        (lambda one, other: replace(one, request=replace(one.request, calls=(RATE, RATE))), "count"),
        (lambda one, other: replace(one, significance="vital"), "significance"),
        (lambda one, other: replace(one, virtual_channel=3), "way"),
        (lambda one, other: replace(one, map_id=None), "way"),
        (lambda one, other: replace(one, directive="terminate"), "directive"),
        (lambda one, other: replace(one, packets=(b"",)), "unknown"),
        (lambda one, other: replace(one, packets=(bytes(12),)), "unknown"),
        (lambda one, other: replace(one, packets=(one.packets[0][:-1] + b"\xff",)), "damaged"),
        (lambda one, other: replace(one, request=replace(one.request, execute_ns=SECOND)), "schedule"),
        (
            lambda one, other: replace(
                one, request=replace(one.request, calls=(Call(RATE.command, (("exponent", "5"),)),))
            ),
            "argument",
        ),
        (lambda one, other: replace(one, request=replace(one.request, calls=(Call("/TGO_TC/No"),))), "command"),
    ],
)  # fmt: skip
def test_every_lie_is_found(commands: CompiledCommands, reader: OctetReader, lie: object, code: str) -> None:
    told = lie(prepared(commands, RATE), prepared(commands, PING))  # type: ignore[operator]
    found = reader.read(told)
    assert code in codes(found) and all(str(one) for one in found.differences)


def test_directives_are_held_against_their_sentence(commands: CompiledCommands, reader: OctetReader) -> None:
    made = prepared(commands, Call("/COP-1/set-vs", (("number", "5"),)))
    assert reader.read(made).differences == ()
    assert codes(reader.read(replace(made, directive="terminate"))) == ["directive", "sentence"]
    assert codes(reader.read(replace(made, sentences=("Nothing.",)))) == ["sentence"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_no_octet_can_change_without_being_found(seed: int, timed: bool) -> None:
    """Whatever bits are other than those that the request's commands make, something is said of it."""
    dice = random.Random(seed)
    at = 1_000 * SECOND if timed else None
    commands, reader = _shared()
    made = prepared(commands, RATE, execute_ns=at)
    octets = bytearray(made.packets[0])
    place = dice.randrange(len(octets))
    octets[place] ^= 1 << dice.randrange(8)
    if dice.random() < 0.5 and len(octets) > 2:
        octets[-2:] = crc16(bytes(octets[:-2])).to_bytes(2)
    if bytes(octets) == made.packets[0] or (place in (2, 3) and crc16(bytes(octets)) == 0):
        return  # the count of a packet is nobody's claim
    assert reader.read(replace(made, packets=(bytes(octets),))).differences


_MADE: list[tuple[CompiledCommands, OctetReader]] = []


def _shared() -> tuple[CompiledCommands, OctetReader]:
    if not _MADE:
        commands = compile_commands(load_database(find_mission("exomars").craft("tgo").command_databases))
        _MADE.append((commands, OctetReader(commands, LINK, ticks)))
    return _MADE[0]
