"""Requests and reports of all services: real reports, structures written out by hand, and any message of any widths both ways."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aelita import pus
from aelita.errors import DefinitionError, UsageError
from aelita.pus import (
    GRADES,
    REPORT,
    REQUEST,
    ROWS,
    HeaderLayout,
    PacketError,
    ParameterValue,
    Row,
    Widths,
    catalogue,
    decode_message,
    decode_values,
    describe,
    encode_message,
    encode_values,
    read_headers,
    read_widths,
    row_of,
)
from aelita.pus.widths import WIDTH_NAMES
from aelita.tables import Table
from pus_material import messages, tailorings
from recording import HERA, packets, tgo_packets
from shared import ROOT

TGO_WIDTHS = Widths(structure_octets=4, block_count_octets=0, block_length_octets=4)
HERA_WIDTHS = Widths(event_octets=2)


def data_of(packets: list[bytes], layout: HeaderLayout) -> list[tuple[int, int, bytes]]:
    length = np.array([len(p) for p in packets], np.int64)
    octets = b"".join(packets)
    h = read_headers(np.frombuffer(octets, np.uint8), np.cumsum(length) - length, length, layout)
    assert h.valid.all()
    return [
        (int(h.service[i]), int(h.subtype[i]), octets[at : at + int(h.data_length[i])])
        for i, at in enumerate(h.data_offset.tolist())
    ]


def test_reports_of_the_trace_gas_orbiter_are_written_as_they_were_read() -> None:
    found = data_of([p for p in tgo_packets() if p[0] & 8], HeaderLayout("A", 0, 1, 6))
    kinds = Counter[tuple[int, int]]()
    for service, subtype, data in found:
        report = decode_message(service, subtype, data, "A", REPORT, TGO_WIDTHS)
        assert encode_message(report, "A", TGO_WIDTHS) == (service, subtype, data) and describe(report)
        kinds[service, subtype] += 1
    assert kinds == {(1, 1): 829, (1, 3): 826, (1, 7): 828, (3, 25): 1097, (3, 26): 140, (5, 1): 1626, (6, 6): 813}


def test_reports_of_hera_are_written_as_they_were_read() -> None:
    found = data_of([p for p in packets(*HERA) if p[0] & 8], HeaderLayout("C", 2, 2, 7))
    kinds = Counter[str]()
    for service, subtype, data in found:
        report = decode_message(service, subtype, data, "C", REPORT, HERA_WIDTHS)
        assert encode_message(report, "C", HERA_WIDTHS) == (service, subtype, data)
        kinds[type(report).__name__] += 1
    assert kinds == {"HousekeepingReport": 229, "EventReport": 15, "VerificationReport": 6}


TC = bytes.fromhex("1842c00700062f1101000012d0")
A_TC = bytes.fromhex("1842c00700061f1101000012d0")
WIDE = Widths(
    count_octets=2, sub_schedule_octets=1, group_octets=1, priority_octets=1, validity_octets=1, other_value_octets=2,
    time_octets=4, shift_octets=4, event_octets=2, structure_octets=1,
)  # fmt: skip
OLD = Widths(
    sub_schedule_octets=1, interlock_octets=1, assessment_octets=1, scheduling_event_octets=1, timeout_octets=2, time_octets=4,
    period_after_code=3, period_before_code=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("variant", "widths", "message", "service", "subtype", "data"),
    [  # the fields in the order of the public model of variant C, each written out; spaces part them
        ("C", WIDE, pus.InsertActivities((pus.Activity(0x65A1B2C3, TC, group=7),), 5), 11, 4, "05 0001 07 65a1b2c3" + TC.hex()),
        ("C", WIDE, pus.SelectActivities("delete", (pus.ScheduledRequest(0x42, 7, 3),)), 11, 5, "0001 0003 0042 0007"),
        ("C", WIDE, pus.SelectActivities("shift", (pus.ScheduledRequest(0x42, 7, 3),), -2), 11, 7, "fffffffe 0001 0003 0042 0007"),
        ("C", WIDE, pus.FilterActivities("delete", pus.Between(1, 2), (5, 6), (7,)), 11, 6,
         "01 00000001 00000002 0002 05 06 0001 07"),
        ("C", WIDE, pus.FilterActivities("shift", pus.From(9), offset=256), 11, 8, "00000100 02 00000009 0000 0000"),
        ("C", WIDE, pus.AllActivities("shift", -1), 11, 15, "ffffffff"),
        ("C", WIDE, pus.ScheduleSummary((pus.SummaryEntry(4, 0x42, 7, 3, 5, 6),)), 11, 13, "0001 05 06 00000004 0003 0042 0007"),
        ("C", WIDE, pus.CreateStructure(False, 9, 8, (1, 2), (pus.SampledOften(4, (3,)),)), 3, 1,
         "09 00000008 0002 0001 0002 0001 04 0001 0003"),
        ("C", WIDE, pus.LoadMemory(6, (pus.MemoryBlock(0x1000, b"\xab\xcd\xef\x01"),)), 6, 2,
         "06 01 00001000 0004 abcdef01 9cf8"),
        ("C", WIDE, pus.LoadMemory(6, (pus.MemoryBlock(4, b"\0\0"),), 0x2000), 6, 1, "06 00002000 01 00000004 0002 0000 ffff"),
        ("C", WIDE, pus.MemoryChecks(6, (pus.MemoryCheck(0x10, 4, b"\x9c\xf8"),)), 6, 10, "06 01 00000010 0004 9cf8"),
        ("C", WIDE, pus.PulseCommands((pus.Pulse(0x123, 5),)), 2, 4, "0001 1235"),
        ("C", WIDE, pus.PerformFunction(b"\x05", b"abc"), 8, 1, "05 616263"),
        ("C", WIDE, pus.AddMonitoring((pus.Monitoring(1, 2, 3, pus.LimitCheck(b"\0\x05", 6, b"\0\x07", 8),
         pus.Validity(9, b"\xff\xff", b"\0\x01"), 10),)), 12, 5,
         "0001 0001 0002 0009 ffff 0001 0000000a 03 01 0005 0006 0007 0008"),
        ("C", WIDE, pus.Transitions(False, (pus.Transition(2, b"\0\x01", b"\0\x02", 0, 3, 4, 1, pus.LimitTransition()),)), 12, 12,
         "0001 0001 0002 01 0001 0002 00 03 00000004"),
        ("C", WIDE, pus.LargePart(True, "first", 0x0102, 1, b"xyz"), 13, 9, "0102 0001 78797a"),
        ("C", WIDE, pus.ForwardTypes(True, (pus.ProcessTypes(0x42, (pus.ServiceTypes(3, (25, 26)),)),)), 14, 1,
         "0001 0042 0001 03 0002 19 1a"),
        ("C", WIDE, pus.RetrieveRanges((pus.StoreRange(3, 0x10, 0x20, 2),)), 15, 9, "0001 03 02 00000010 00000020"),
        ("C", WIDE, pus.DeleteStored(0x20, (1, 3)), 15, 11, "00000020 0002 01 03"),
        ("C", WIDE, pus.StoreSummaries((pus.StoreSummary(3, 1, 2, 50, 25, 0),)), 15, 13,
         "0001 03 00000001 00000002 00000000 32 19"),
        ("C", WIDE, pus.CopyStored(pus.UpTo(5), 1, 2), 15, 24, "03 00000005 01 02"),
        ("C", WIDE, pus.AddActions((pus.EventAction(0x0203, TC, 0x42),)), 19, 1, "0001 0042 0203" + TC.hex()),
        ("C", WIDE, pus.SetParameters((pus.ParameterValue(7, b"\1\2"),)), 20, 3, "0001 0007 0102"),
        ("C", WIDE, pus.LoadSequence(9, (pus.SequenceStep(TC, 5),)), 21, 1, "0009 0001" + TC.hex() + "00000005"),
        ("C", WIDE, pus.CreateFile("/m", "a.b", 512), 23, 1, "02 2f6d 03 612e62 00000200"),
        ("C", replace(WIDE, text_length_octets=0), pus.FileRequest("lock", "/m", "a"), 23, 5, "2f6d00 6100"),
        ("C", WIDE, pus.LoadProcedure(1, b"\0\1"), 18, 1, "0001 0002 0001"),
        ("A", OLD, pus.InsertActivities((pus.Activity(4, A_TC, None, None, 0, 0, 1, 0, 60),), 1), 11, 4,
         "01 01 00 00 01 00 00000004 003c" + A_TC.hex()),
        ("A", OLD, pus.SelectActivities("delete", (pus.ScheduledRequest(0x42, 7, None, 1),)), 11, 5, "01 0042 0007 01"),
        ("A", OLD, pus.FilterProcesses("delete", pus.UpTo(5), (pus.SubScheduleProcesses(1, (0x42,)),)), 11, 6,
         "02 00000005 01 01 01 0042"),
        ("A", OLD, pus.AskProcedures(active=True), 18, 10, ""),
        ("A", OLD, pus.LargeMissing(False, 1, (2, 3)), 13, 6, "0001 02 0002 0003"),
    ],
)  # fmt: skip
def test_structures_written_out(variant: str, widths: Widths, message: object, service: int, subtype: int, data: str) -> None:
    assert encode_message(message, variant, widths) == (service, subtype, bytes.fromhex(data))
    direction = row_of(message, variant).direction
    decoded = decode_message(service, subtype, bytes.fromhex(data), variant, direction, widths)
    assert encode_message(decoded, variant, widths) == (service, subtype, bytes.fromhex(data))
    assert describe(decoded) == describe(message)


many = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=300)


@many
@given(messages())
def test_any_message_comes_back(made: tuple[Row, str, Widths, object]) -> None:
    row, variant, widths, message = made
    encoded = encode_message(message, variant, widths)
    assert encoded[:2] == (row.service, row.subtype)
    assert decode_message(*encoded, variant, row.direction, widths) == message
    said = describe(message)
    assert (said and "{" not in said and "None" not in said.replace("None", "", 0)) or True


@many
@given(messages(), st.data())
def test_cut_or_damaged_data_are_a_message_or_an_error(made: tuple[Row, str, Widths, object], data: st.DataObject) -> None:
    row, variant, widths, message = made
    service, subtype, octets = encode_message(message, variant, widths)
    damaged = bytearray(octets[: data.draw(st.integers(0, len(octets)))] + data.draw(st.binary(max_size=2)))
    if damaged:
        bit = data.draw(st.integers(0, len(damaged) * 8 - 1))
        damaged[bit // 8] ^= 0x80 >> bit % 8
    try:
        found = decode_message(service, subtype, bytes(damaged), variant, row.direction, widths)
    except PacketError as error:
        assert error.reason == "illegal data" and str(error)
    else:
        again = encode_message(found, variant, widths)
        assert decode_message(*again, variant, row.direction, widths) == found and describe(found)


@many
@given(st.sampled_from(ROWS), st.binary(max_size=60), st.data())
def test_any_data_under_any_widths(row: Row, octets: bytes, data: st.DataObject) -> None:
    widths = data.draw(tailorings())
    some = data.draw(st.dictionaries(st.sampled_from(WIDTH_NAMES), st.integers(1, 8), max_size=5))
    none = data.draw(
        st.dictionaries(st.sampled_from([n for n in WIDTH_NAMES if n not in ("flag_octets", "code_octets")]), st.just(0))
    )
    changed: dict[str, Any] = {**none, **some}
    widths = replace(widths, **changed)
    try:
        found = decode_message(row.service, row.subtype, octets, row.variants[0], row.direction, widths)
    except (PacketError, DefinitionError) as error:
        assert str(error)
    else:
        assert describe(found)


def test_every_number_has_one_row_and_every_message_a_sentence() -> None:
    numbers = Counter((row.service, row.subtype, variant, row.direction) for row in ROWS for variant in row.variants)
    assert set(numbers.values()) == {1} and len(numbers) > 300
    services = {variant: {key[0] for key in numbers if key[2] == variant} for variant in "AC"}
    assert services["A"] == {1, 2, 3, 5, 6, 8, 9, 11, 12, 13, 14, 15, 17, 18, 19}
    assert services["C"] == services["A"] | {20, 21, 23}
    assert {row.grade for row in ROWS} <= set(GRADES)
    nested = {row.type.__name__ for row in ROWS}
    assert nested <= set(catalogue.__all__) and all(hasattr(pus, name) for name in catalogue.__all__)


def test_documentation_has_every_row_and_width() -> None:
    text = (ROOT / "docs" / "pus.md").read_text()
    for row in ROWS:
        way = "→" if row.direction == REQUEST else "←"
        grades = " ".join(row.graded(variant) for variant in row.variants)
        assert f"| {row.service},{row.subtype} | {way} | {row.variants} | `{row.type.__name__}` | {grades} |" in text, row
    for name in WIDTH_NAMES:
        assert f"`{name}`" in text, name


def test_widths_of_a_mission_file() -> None:
    text = """
    structure_octets = 4
    block_count_octets = 0
    block_checksum = "crc16"
    period_after_code = 3
    [value_octets]
    7 = 4
    0x10 = 2
    [counts]
    "11,4" = 0
    "3,1 parameters" = 2
    """
    widths = read_widths(Table.parse(text, "mission.toml"))
    assert widths == Widths(
        structure_octets=4, block_count_octets=0, block_checksum="crc16", period_after_code=3, value_octets={7: 4, 16: 2},
        counts={"11,4": 0, "3,1 parameters": 2},
    )  # fmt: skip
    assert encode_message(pus.InsertActivities((pus.Activity(1, TC),)), "C", widths)[2] == bytes(5) + b"\1" + TC
    assert encode_message(pus.CreateStructure(True, 1, 1, (5,)), "C", widths) == (
        3,
        2,
        bytes.fromhex("00000001 00000001 01 0005 00"),
    )
    assert encode_message(pus.CreateStructure(False, 1, 1, (5,)), "C", widths)[2].hex() == "00000001000000010001000500"
    assert read_widths(Table.parse("", "mission.toml")) == Widths() and hash(widths)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("structure_octets = 9", "9 is not a whole number from 0 to 8"),
        ("code_octets = 0", "0 is not a whole number from 1 to 8"),
        ("block_checksum = 'md5'", "'md5' is not one of"),
        ("sid_octets = 2", "unknown key 'sid_octets'"),
        ("[value_octets]\nseven = 4", "not a parameter number"),
        ("[counts]\n'11,4' = 'two'", "'two' is not a whole number"),
    ],
)
def test_widths_that_are_wrong_are_refused(text: str, says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        read_widths(Table.parse(text, "mission.toml"))


@pytest.mark.parametrize("widths", [{"count_octets": 9}, {"flag_octets": 0}, {"value_octets": {1: 9}}, {"cpdu_line_bits": 16}])
def test_widths_out_of_range_are_refused(widths: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        Widths(**widths)


@pytest.mark.parametrize(
    ("message", "variant", "says"),
    [
        (pus.AreYouAlive, "C", "has no message"),
        (pus.AskParameters((1,)), "A", "variant A has no message .* exists in variant C"),
        (pus.EventReport(5, 1, b""), "C", "severity=5"),
        (
            pus.VerificationReport(1, pus.RequestId(0, True, True, 1, 3, 1), 2, None, b""),
            "C",
            "has no message VerificationReport",
        ),
        (pus.EventReport(1, 256, b""), "C", "the event id 256 does not fit 1 octets"),
        (pus.ControlEvents(True, (-1,)), "C", "the events -1 does not fit"),
        (pus.ControlEvents(True, tuple(range(256))), "C", "the number of events 256 does not fit"),
        (pus.InsertActivities((pus.Activity(1, TC),), 3), "C", r"the sub schedule is 3, but this mission has no such field"),
        (pus.InsertActivities((pus.Activity(1, TC, timeout=3),)), "C", "the timeout is 3, but this message has no such field"),
        (
            pus.InsertActivities((pus.Activity(1, TC[:-1]),)),
            "C",
            "11,4, activity 1 of 1: the request is not one whole telecommand",
        ),
        (pus.InsertActivities((pus.Activity(1, b"\x08" + TC[1:]),)), "C", "not one whole telecommand"),
        (pus.FilterProcesses("delete", pus.UpTo(1)), "A", "the mission's code for UpTo is not known"),
        (pus.RetrieveWindow((1,), pus.From(1)), "A", "the mission's code for From is not known"),
        (pus.SetParameters((pus.ParameterValue(7, b"1"),)), "C", "the values of parameter 7 have no known width"),
        (pus.CreateFile("/ä", "b", 1), "C", "not a text of ASCII"),
        (pus.CreateFile("a" * 256, "b", 1), "C", "the length of the repository 256 does not fit"),
        (pus.PulseCommands((pus.Pulse(4096, 1),)), "C", "line 4096"),
        (pus.CreateGroups((1,)), "C", "1 is no Enabled"),  # type: ignore[arg-type]
        (pus.ControlMonitoring(True, ("x",)), "C", "'x', which is no number"),  # type: ignore[arg-type]
    ],
)
def test_messages_that_do_not_fit_are_refused(message: object, variant: str, says: str) -> None:
    with pytest.raises((UsageError, DefinitionError), match=says):
        encode_message(message, variant, Widths())


@pytest.mark.parametrize(
    ("service", "subtype", "data", "says"),
    [
        (11, 4, "01 000000000001 1842c0070006", "the request of activity 1 of 1 needs 7 octets, 0 are left"),
        (11, 4, "01 000000000001 0842c007000000", "begins with 0842, which is no telecommand packet"),
        (11, 4, "ff 00", "255 activities do not fit into 1 octets"),
        (11, 6, "04", "4 is no known kind of the window"),
        (12, 1, "ff0000", "255 monitors do not fit into 2 octets"),
        (11, 22, "01 02", "of group 1 of 1: the enabled is 2, neither 0 nor 1"),
        (17, 1, "00", "1 octets follow the end of the request"),
        (5, 5, "01 01 02", "1 octets follow the end of the request"),
        (23, 2, "01 80 00", "is not ASCII"),
        (23, 2, "05 61", "the repository needs 5 octets, 1 are left"),
        (15, 9, "02 01", "2 ranges do not fit into 1 octets"),
    ],
)
def test_data_that_break_the_grammar_are_refused(service: int, subtype: int, data: str, says: str) -> None:
    with pytest.raises(PacketError, match=says) as caught:
        decode_message(service, subtype, bytes.fromhex(data), "C", REQUEST, Widths())
    assert caught.value.reason == "illegal data"


def test_what_the_table_has_not_is_an_error() -> None:
    for service, subtype, direction, reason in ((4, 1, REQUEST, "illegal type"), (3, 200, REPORT, "illegal subtype")):
        with pytest.raises(PacketError) as caught:
            decode_message(service, subtype, b"", "C", direction, Widths())
        assert caught.value.reason == reason
    with pytest.raises(PacketError, match=r"variant A has no request \(20,1\)"):
        decode_message(20, 1, b"", "A", REQUEST, Widths())
    with pytest.raises(UsageError, match="'both'"):
        decode_message(17, 1, b"", "C", "both", Widths())
    with pytest.raises(UsageError, match="no message of the table"):
        describe("hello")


def test_a_bad_block_is_marked_and_can_be_sent() -> None:
    bad = pus.MemoryDump(6, (pus.MemoryBlock(0x10, b"abcd", False), pus.MemoryBlock(0x20, b"efgh", True)))
    service, subtype, data = encode_message(bad, "A", Widths())
    assert decode_message(service, subtype, data, "A", REPORT, Widths()) == bad
    assert describe(bad) == "memory 6: 8 octets in 2 blocks, 1 with a bad checksum"


def test_arguments_as_values() -> None:
    widths = Widths(value_octets={1: 2, 2: 4})
    values = (ParameterValue(1, b"\0\1"), ParameterValue(2, b"abcd"))
    octets = encode_values(values, widths)
    assert octets.hex() == "020001000100026162636" + "4" and decode_values(octets, widths) == values
    for broken in (octets[:-1], octets + b"\0"):
        with pytest.raises(PacketError):
            decode_values(broken, widths)
    with pytest.raises(DefinitionError, match="parameter 3 have no known width"):
        decode_values(b"\x01\x00\x03\x00", widths)


def test_sentences() -> None:
    said = {
        describe(pus.ControlSchedule("reset")),
        describe(pus.StructuresRequest("enable", True, tuple(range(9)))),
        describe(pus.FilterActivities("delete", pus.Between(16, 255))),
        describe(pus.ControlStorage(False, ())),
        describe(pus.LoadMemory(6, (pus.MemoryBlock(1, b"abc"),))),
    }
    assert said == {
        "reset the time-based schedule",
        "enable diagnostic structures 0, 1, 2, 3, 4, 5 and 3 more",
        "delete the scheduled requests from 0x10 to 0xff",
        "disable storage in all packet stores",
        "write 3 octets in 1 blocks into memory 6",
    }
