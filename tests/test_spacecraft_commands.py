"""Every telecommand of the mission's database is done by the twin, or refused for a reason that the command has."""

from typing import Any

import pytest

from aelita.mdb import compile_commands, encode_command, load_database
from aelita.services.missions import find_mission
from aelita.spacecraft import Code
from spacecraft_material import START_TICKS, Ground, listen, request, twin

NOW_S = START_TICKS / 65536
INNER = request(99, 17, 1)
DONE: list[tuple[str, dict[str, Any]]] = [
    ("AreYouAlive", {}),
    ("EnableHousekeeping", {"structures": [0xAA, 0xF0]}),
    ("DisableHousekeeping", {"structures": [0xAB]}),
    ("EnableEvents", {"events": [0x1A1]}),
    ("DisableEvents", {"events": [0xF001]}),
    ("LoadMemory", {"memory": 6, "address": 0xE54, "data": b"\1\2\3"}),
    ("DumpMemory", {"memory": 6, "address": 0xE54, "length": 4}),
    ("CheckMemory", {"memory": 7, "address": 0xE54, "length": 400}),
    ("PerformFunction", {"function": 3}),
    ("SetTimeReportRate", {"exponent": 5}),
    ("EnableSchedule", {}),
    ("DisableSchedule", {}),
    ("ResetSchedule", {}),
    ("InsertActivity", {"time": NOW_S + 500, "request": INNER}),
    ("ShiftAllActivities", {"offset": 10}),
    ("ReportSchedule", {}),
    ("RetrieveStores", {"stores": [1], "from": NOW_S, "to": NOW_S + 0.25}),
    ("DeleteStored", {"stores": [1], "until": NOW_S + 30}),
    ("ReportStores", {"stores": []}),
    ("ReportParameters", {"parameters": [1, 16]}),
    ("SetParameter", {"parameter": 16, "value": "0000012c"}),
]
NOT_STARTED: list[tuple[str, dict[str, Any], Code]] = [
    ("EnableDiagnostic", {"structures": [9]}, Code.UNKNOWN_OBJECT),
    ("DisableDiagnostic", {"structures": [0xAA]}, Code.UNKNOWN_OBJECT),
    ("DeleteActivities", {"request_apid": 0x1A, "request_count": 77}, Code.UNKNOWN_OBJECT),
    ("InsertActivity", {"time": NOW_S - 1, "request": INNER}, Code.TIME_PASSED),
    ("PerformFunction", {"function": 200}, Code.UNKNOWN_OBJECT),
]
COMMANDS = compile_commands(load_database(find_mission("exomars").craft("tgo-sim").command_databases))


@pytest.mark.parametrize(("name", "arguments"), DONE)
def test_a_command_of_the_database_is_done(name: str, arguments: dict[str, Any]) -> None:
    craft = twin()
    Ground().ask(craft, encode_command(COMMANDS, name, arguments, sequence_count=123).octets)
    assert listen(craft, 12).stages(123) == [1, 3, 7]


@pytest.mark.parametrize(("name", "arguments", "code"), NOT_STARTED)
def test_a_command_that_cannot_be_done_is_accepted_and_does_not_start(name: str, arguments: dict[str, Any], code: Code) -> None:
    craft = twin()
    Ground().ask(craft, encode_command(COMMANDS, name, arguments, sequence_count=123).octets)
    heard = listen(craft, 12)
    assert heard.stages(123) == [1, 4] and heard.failure(123) == code


def test_every_command_is_tried_here() -> None:
    tried = {name for name, _ in DONE} | {name for name, *_ in NOT_STARTED}
    concrete = {one.rsplit("/", 1)[-1] for one in COMMANDS.commands}
    assert concrete - tried == {"Telecommand"}  # which is abstract
