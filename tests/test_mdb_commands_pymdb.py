"""Commands in documents that yamcs-pymdb writes, with packets made by hand; what a database says of its commands."""

import json
import struct

import pytest

from aelita.mdb import (
    YAMCS,
    CommandError,
    CompiledCommands,
    Consequence,
    Effect,
    Stage,
    check,
    command_sentence,
    compare,
    compile_commands,
    compile_database,
    decode_command,
    encode_command,
    show,
)
from aelita.mdb.xtce import read_database
from aelita.mdb.xtce_tree import parse
from aelita.octets import crc16
from xtce_command_text import command, commands_document
from xtce_text import read
from yamcs import pymdb as y


def written(system: y.System) -> CompiledCommands:
    database = read_database([parse(system.dumps().encode(), "pymdb.xml")])
    assert [each for each in database.findings if each.severity != "ignored"] == []
    return compile_commands(database)


def spacecraft() -> y.System:
    """A spacecraft whose commands go in space packets with the header that the package gives."""
    system = y.System("SC")
    header = y.ccsds.add_ccsds_header(system)
    report = y.Container(system=system, name="report", entries=[])
    base = y.Command(
        system=system, name="base", abstract=True, base=header.tc_command,
        assignments={header.tc_secondary_header.name: "Not Present", header.tc_apid.name: 101},
        arguments=[y.EnumeratedArgument("op", choices=[(1, "PING"), (2, "HEAT"), (7, "SET")], encoding=y.uint8_t)],
    )  # fmt: skip
    base.entries = [y.ArgumentEntry(base.get_argument("op"))]
    ping = y.Command(system=system, name="PING", base=base, assignments={"op": "PING"}, short_description="Ping the spacecraft")
    ping.complete_verifiers.append(y.CompleteVerifier(y.ContainerCheck(report), timeout=30, delay=2))
    y.Command(
        system=system, name="HEAT", base=base, assignments={"op": "HEAT"}, level=y.CommandLevel.CRITICAL, warning_message="hot",
        arguments=[
            y.FloatArgument("volts", minimum=0, maximum=28, encoding=y.float32_t, units="V"),
            y.BooleanArgument("on", zero_string_value="OFF", one_string_value="ON", encoding=y.uint1_t, default="ON"),
            y.IntegerArgument("zone", signed=False, encoding=y.uint7_t, maximum=9),
        ],
    )  # fmt: skip
    y.Command(
        system=system, name="SET", base=base, assignments={"op": "SET"},
        arguments=[
            y.IntegerArgument("count", signed=False, encoding=y.uint8_t),
            y.ArrayArgument(
                "pairs", length=y.ArgumentValue("count"),
                data_type=y.AggregateDataType([
                    y.IntegerMember("id", signed=False, encoding=y.uint16_t), y.FloatMember("value", encoding=y.float32le_t),
                ]),
            ),
            y.StringArgument("label", encoding=y.StringEncoding(bits=64, charset=y.Charset.US_ASCII)),
            y.BinaryArgument("tail", encoding=y.BinaryEncoding(length_bits=8)),
        ],
    )  # fmt: skip
    return system


def packet(body: bytes, count: int = 0) -> bytes:
    head = struct.pack(">HHH", 0x1000 | 101, 0xC000 | count, len(body) + 1) + body
    return head + crc16(head).to_bytes(2)


@pytest.mark.parametrize(
    ("name", "arguments", "body"),
    [
        ("PING", {}, "01"),
        ("HEAT", {"volts": 12.5, "zone": 3}, "02 41480000 83"),
        ("HEAT", {"zone": 9, "on": False, "volts": 28}, "02 41e00000 09"),
        (
            "SET",
            {"pairs": [{"id": 258, "value": 1.5}], "label": "AB", "tail": "ff00"},
            "07 01 0102 0000c03f 4142000000000000 02ff00",
        ),
        ("SET", {"pairs": [], "label": "", "tail": b""}, "07 00 0000000000000000 00"),
    ],
)
def test_packets_of_a_database_of_yamcs_pymdb(name: str, arguments: dict[str, object], body: str) -> None:
    found = written(spacecraft())
    made = encode_command(found, f"/SC/{name}", arguments, sender=YAMCS, sequence_count=5)
    assert made.octets.hex() == packet(bytes.fromhex(body), 5).hex()
    back = decode_command(found, made.octets, sender=YAMCS)
    assert (back.name, back.sequence_count, back.remarks) == (made.name, 5, ())
    assert back.arguments == made.arguments


def test_what_yamcs_pymdb_says_of_a_command() -> None:
    found = written(spacecraft())
    heat, ping = found.command("/SC/HEAT"), found.command("/SC/PING")
    assert (heat.significance.level, heat.significance.reason) == (Consequence.CRITICAL, "hot")
    (verifier,) = ping.verifiers
    assert (verifier.stage, verifier.window and verifier.window.stop_s) == (Stage.COMPLETE, 30.0)
    assert [each.name for each in heat.open_arguments] == ["volts", "on", "zone"]
    made = encode_command(found, "/SC/HEAT", {"volts": 5, "zone": 1})
    assert command_sentence(found, made) == "HEAT: volts 5 V, on ON, zone 1. This command is critical (hot)."
    with pytest.raises(CommandError) as caught:
        encode_command(found, "/SC/HEAT", {"volts": 29, "zone": 10})
    assert [each.argument for each in caught.value.problems] == ["volts", "zone"]


def test_a_command_is_shown_as_data() -> None:
    database = read_database([parse(spacecraft().dumps().encode(), "pymdb.xml")])
    (told,) = show(compile_database(database), "HEAT")
    assert json.loads(json.dumps(told)) == told
    volts = next(each for each in told["arguments"] if each["name"] == "volts")
    assert (volts["by"], volts["units"], volts["ranges"], volts["type"]) == ("user", "V", ["[0, 28]"], "Float")
    assert {each["name"]: each["by"] for each in told["arguments"]} == {
        "ccsds_secondary_header": "command", "ccsds_apid": "command", "op": "command", "volts": "user", "on": "user", "zone": "user",
    }  # fmt: skip
    assert [each["column"] for each in told["fields"]][-3:] == ["volts", "on", "zone"]
    assert (told["significance"], told["rank"], told["stop"]) == ("critical", 4, "")
    assert check(compile_database(database))["counts"]["commands"] == 3


def test_versions_of_commands_are_compared() -> None:
    x = '<Argument name="x" argumentTypeRef="a8"/>'
    entry = '<ArgumentRefEntry argumentRef="x"/>'
    old = read(commands_document(commands=command(entry, x) + command(name="L")))
    more = '<DefaultSignificance consequenceLevel="vital"/>'
    new = read(commands_document(commands=command(f'<FixedValueEntry binaryValue="01" sizeInBits="8"/>{entry}', x, more=more)))
    told = compare(old, new)
    assert [(each.effect, each.kind, each.name, each.aspect) for each in told.changes] == [
        (Effect.COMMANDS, "command", "/S/K", "layout"),
        (Effect.COMMANDS, "command", "/S/K", "significance"),
        (Effect.COMMANDS, "command", "/S/L", "removed"),
    ]
    assert told.rebuild == ()
    assert compare(old, old).same


def test_a_command_without_a_layout_makes_a_database_usable_in_part() -> None:
    types = '<IntegerArgumentType name="bare"/>'
    text = commands_document(types, command('<ArgumentRefEntry argumentRef="x"/>', '<Argument name="x" argumentTypeRef="bare"/>'))
    found = check(compile_database(read(text)))
    assert not found["usable"]
    assert found["stopped"] == {"/S/K": "/S/K#x: its type has no encoding"}
