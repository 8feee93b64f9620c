"""Telecommands of the ExoMars folder: against the requests of `pus`, an independent package, and the reports of the recording."""

from typing import Any

import pytest
from spacepackets.ecss import PusTc

from aelita.mdb import (
    CommandError,
    CompiledCommands,
    command_sentence,
    compile_commands,
    decode_command,
    encode_command,
    load_database,
)
from aelita.octets import crc16, iso_checksum
from aelita.pus import (
    Acknowledge,
    Activity,
    AllActivities,
    AreYouAlive,
    AskParameters,
    AskSummary,
    Between,
    ChangeTimeRate,
    CheckMemory,
    ControlEvents,
    ControlRelease,
    ControlSchedule,
    DeleteStored,
    DumpMemory,
    InsertActivities,
    LoadMemory,
    MemoryArea,
    MemoryBlock,
    ParameterValue,
    PerformFunction,
    RetrieveWindow,
    ScheduledRequest,
    SelectActivities,
    SetParameters,
    StructuresRequest,
    TelecommandLayout,
    Widths,
    decode_telecommand,
    encode_message,
    encode_request,
)
from aelita.services import find_mission
from recording import tgo_packets
from shared import shared
from xtce_text import legal

MISSION = find_mission("exomars")
CRAFT = ("tgo", "edm", "rm", "sp")
LAYOUT = TelecommandLayout("A", 1)
SEEN = Acknowledge.ACCEPTANCE | Acknowledge.START | Acknowledge.COMPLETION
SOURCES = {"tgo": 2, "edm": 0, "rm": 0, "sp": 0}
APIDS = {"tgo": 0x1A, "edm": 1, "rm": 1, "sp": 1}


def commands_of(craft: str) -> CompiledCommands:
    return compile_commands(load_database(MISSION.craft(craft).command_databases))


@pytest.fixture(scope="module")
def every() -> dict[str, CompiledCommands]:
    return {craft: commands_of(craft) for craft in CRAFT}


def widths(craft: str) -> Widths:
    tgo = craft == "tgo"
    return Widths(
        structure_octets=4 if tgo else 1, event_octets=2, block_count_octets=0 if tgo else 1, block_length_octets=4,
        apid_octets=2, function_octets=1, value_octets={7: 4},
    )  # fmt: skip


INNER = bytes.fromhex("181ac00000051b110102")
INNER += crc16(INNER).to_bytes(2)
S16 = 65536
ASKED: list[tuple[str, dict[str, Any], object]] = [
    ("AreYouAlive", {}, AreYouAlive()),
    ("EnableHousekeeping", {"structures": [3, 5]}, StructuresRequest("enable", False, (3, 5))),
    ("DisableHousekeeping", {"structures": [3]}, StructuresRequest("disable", False, (3,))),
    ("EnableDiagnostic", {"structures": []}, StructuresRequest("enable", True, ())),
    ("DisableDiagnostic", {"structures": [9]}, StructuresRequest("disable", True, (9,))),
    ("EnableEvents", {"events": [417, 5]}, ControlEvents(True, (417, 5))),
    ("DisableEvents", {"events": [417]}, ControlEvents(False, (417,))),
    ("LoadMemory", {"memory": 6, "address": 0xE54, "data": b"\1\2\3"}, LoadMemory(6, (MemoryBlock(0xE54, b"\1\2\3"),))),
    ("DumpMemory", {"memory": 6, "address": 0xE54, "length": 4}, DumpMemory(6, (MemoryArea(0xE54, 4),))),
    ("CheckMemory", {"memory": 6, "address": 0xE54, "length": 400}, CheckMemory(6, (MemoryArea(0xE54, 400),))),
    ("PerformFunction", {"function": 9, "parameters": b"\1\2"}, PerformFunction(b"\x09", b"\1\2")),
    ("PerformFunction", {"function": 9}, PerformFunction(b"\x09", b"")),
    ("SetTimeReportRate", {"exponent": 5}, ChangeTimeRate(5)),
    ("EnableSchedule", {}, ControlRelease(True, ())),
    ("DisableSchedule", {}, ControlRelease(False, ())),
    ("ResetSchedule", {}, ControlSchedule("reset")),
    ("InsertActivity", {"time": 1000.5, "request": INNER}, InsertActivities((Activity(1000 * S16 + S16 // 2, INNER),))),
    ("DeleteActivities", {"request_apid": 0x1A, "request_count": 77},
     SelectActivities("delete", (ScheduledRequest(0x1A, 77, number=1),))),
    ("ShiftAllActivities", {"offset": -1.5}, AllActivities("shift", -S16 - S16 // 2)),
    ("ReportSchedule", {}, AllActivities("summarize")),
    ("RetrieveStores", {"stores": [2], "from": 10, "to": 20}, RetrieveWindow((2,), Between(10 * S16, 20 * S16))),
    ("DeleteStored", {"stores": [1, 2], "until": 30}, DeleteStored(30 * S16, (1, 2))),
    ("ReportStores", {"stores": []}, AskSummary(())),
]  # fmt: skip
OF_VARIANT_C: list[tuple[str, dict[str, Any], object]] = [
    ("ReportParameters", {"parameters": [7, 8]}, AskParameters((7, 8))),
    ("SetParameter", {"parameter": 7, "value": "01020304"}, SetParameters((ParameterValue(7, b"\1\2\3\4"),))),
]


@pytest.mark.parametrize("craft", CRAFT)
@pytest.mark.parametrize(("name", "arguments", "request_"), ASKED)
def test_octets_are_those_of_the_requests_of_pus(
    every: dict[str, CompiledCommands], craft: str, name: str, arguments: dict[str, Any], request_: object
) -> None:
    made = encode_command(every[craft], name, arguments, sequence_count=123)
    truth = encode_request(
        request_, LAYOUT, widths(craft), apid=APIDS[craft], sequence_count=123, source=SOURCES[craft], acknowledge=SEEN
    )
    assert made.octets.hex() == truth.hex()
    back = decode_command(every[craft], made.octets)
    assert (back.name, back.sequence_count, back.remarks, back.others) == (made.name, 123, (), ())
    assert {**back.arguments, **made.arguments} == back.arguments
    assert command_sentence(every[craft], made) == command_sentence(every[craft], back)


@pytest.mark.parametrize(("name", "arguments", "request_"), OF_VARIANT_C)
def test_service_20_is_that_of_variant_c(
    every: dict[str, CompiledCommands], name: str, arguments: dict[str, Any], request_: object
) -> None:
    made = decode_telecommand(encode_command(every["tgo"], name, arguments).octets, LAYOUT)
    assert (made.service, made.subtype, made.data) == encode_message(request_, "C", widths("tgo"))


def test_every_command_is_held_against_pus(every: dict[str, CompiledCommands]) -> None:
    held = {name for name, *_ in (*ASKED, *OF_VARIANT_C)}
    for found in every.values():
        assert {each.name.rpartition("/")[2] for each in found.sendable()} == held


@pytest.mark.parametrize("craft", CRAFT)
def test_an_independent_package_reads_the_headers(every: dict[str, CompiledCommands], craft: str) -> None:
    """spacepackets knows headers of variant C (16 bits of source id): the first source octet is ours, the second its data's."""
    octets = encode_command(every[craft], "EnableEvents", {"events": [417]}, sequence_count=9).octets
    head = PusTc.unpack(octets[:6] + bytes([0x20 | octets[6] & 15]) + octets[7:-2] + crc16(octets[:6] + bytes([0x20 | octets[6] & 15]) + octets[7:-2]).to_bytes(2))  # fmt: skip
    assert (head.apid, head.seq_count, head.service, head.message_subtype) == (APIDS[craft], 9, 5, 5)
    assert head.pus_tc_sec_header.ack_flags == int(SEEN)
    assert int.from_bytes(octets[4:6]) + 7 == len(octets)
    assert crc16(octets) == 0


@pytest.mark.parametrize("craft", CRAFT)
def test_files_are_lawful_and_leave_nothing_to_report(craft: str) -> None:
    for path in MISSION.craft(craft).command_databases:
        legal(path.read_text("utf-8").partition("?>")[2])
    database = load_database(MISSION.craft(craft).command_databases)
    assert [each for each in database.findings if each.severity != "ignored"] == []


@pytest.mark.parametrize("craft", CRAFT)
def test_every_command_says_how_well_it_is_known(every: dict[str, CompiledCommands], craft: str) -> None:
    for command in every[craft].sendable():
        assert "generic" in command.long_description, command.name
        assert craft == "tgo" or "assumed" in command.long_description, command.name
        assert command.short_description


def test_what_is_said_to_be_seen_of_telecommands_is_in_the_recording(every: dict[str, CompiledCommands]) -> None:
    shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm")
    reports = [packet for packet in tgo_packets() if packet[7] == 1 and packet[8] == 1]
    assert len(reports) == 829
    apids = {int.from_bytes(packet[16:18]) & 0x7FF for packet in reports}
    assert apids == {0x1A, 0xBA, 0x2FA}
    assert {packet[9] for packet in reports} == {2, 4}
    for apid in apids:
        octets = encode_command(every["tgo"], "AreYouAlive", {"apid": apid}).octets
        assert octets[:2] in {bytes(packet[16:18]) for packet in reports}
        assert octets[2] >> 6 == 3
    with pytest.raises(CommandError, match="is not in"):
        encode_command(every["tgo"], "AreYouAlive", {"apid": 27})


def test_memory_that_is_loaded_has_the_checksum_of_dumps(every: dict[str, CompiledCommands]) -> None:
    octets = encode_command(every["tgo"], "LoadMemory", {"memory": 6, "address": 1, "data": b"\xab\xcd\xef\x01"}).octets
    assert octets[-4:-2] == iso_checksum(b"\xab\xcd\xef\x01").to_bytes(2)
    broken = bytearray(octets)
    broken[-3] ^= 1
    broken[-2:] = crc16(bytes(broken[:-2])).to_bytes(2)
    (remark,) = decode_command(every["tgo"], bytes(broken)).remarks
    assert "iso_checksum" in remark


def test_sentences_say_what_a_command_will_do(every: dict[str, CompiledCommands]) -> None:
    made = encode_command(every["tgo"], "DumpMemory", {"memory": 6, "address": 3668, "length": 4})
    assert command_sentence(every["tgo"], made) == "Dump a memory: memory 6, address 3668, length 4 octets."
    other = encode_command(every["tgo"], "ResetSchedule", {"apid": 0xBA})
    assert command_sentence(every["tgo"], other) == (
        "Clear the schedule of time-tagged telecommands: apid 186. This command is vital (all scheduled telecommands are deleted (assumed))."
    )
