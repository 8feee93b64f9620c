"""Command files with every mistake named by line, and forward files with their go: each rule of the table, and hostile octets."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import (
    FORWARD_TABLE,
    Call,
    CommandFileError,
    Forward,
    ForwardEvent,
    ForwardFile,
    ForwardState,
    Service,
    forward_packets,
    read_command_file,
)
from aelita.errors import AelitaError, DataError, UsageError
from aelita.mdb import compile_commands, encode_command, load_database
from aelita.services import find_mission
from aelita.time import tai_ns_from_utc
from spacecraft_material import request

GOOD = """
# night of the pass
spacecraft = "tgo"
service = "AD"

[[command]]
command = "AreYouAlive"
comment = "first"

[[command]] # with a comment
command = "SetTimeReportRate"
arguments = { exponent = 3 }

[[command]]
command = "ReportStores"
arguments = { number = 2, stores = [1, 2] }
execute = "2026-11-30T12:00:00"

[[command]]
command = "AreYouAlive"
execute = 2026-11-30T12:00:00Z
latest = 2026-11-30T11:00:00Z
"""


def test_a_command_file_becomes_requests_by_their_times() -> None:
    found = read_command_file(GOOD, "night.toml")
    assert found.spacecraft == "tgo" and len(found.requests) == 3
    one, two, three = found.requests
    assert one.calls == (Call("AreYouAlive"), Call("SetTimeReportRate", (("exponent", "3"),)))
    assert one.lines == (6, 10) and one.service is Service.AD and one.execute_ns is None and one.comment == "first"
    assert two.calls[0].arguments == (("number", "2"), ("stores", "[1, 2]"))
    noon = tai_ns_from_utc("2026-11-30T12:00:00")
    assert (two.execute_ns, three.execute_ns) == (noon, noon) and three.latest_ns == noon - 3600 * 10**9


def test_the_same_as_a_table() -> None:
    text = (
        "command,arguments,execute,comment\n\n# night\nAreYouAlive,,,first\nSetTimeReportRate,exponent=3,,\n"
        'ReportStores,"number=2; stores=[1, 2]",2026-11-30T12:00:00,\n'
    )
    found = read_command_file(text, "night.CSV")
    wanted = read_command_file(GOOD, "night.toml")
    assert [one.calls for one in found.requests] == [one.calls for one in wanted.requests[:2]]
    assert [one.execute_ns for one in found.requests] == [one.execute_ns for one in wanted.requests[:2]]
    assert [one.lines for one in found.requests] == [(4, 5), (6,)]


BAD = """spacecraft = "tgo"
service = "XX"
speed = 3
[[command]]
command = ""
[[command]]
command = "A"
arguments = 3
execute = "soon"
[[command]]
command = "B"
when = "now"
earliest = "2026-11-30T12:00:00"
latest = "2026-11-30T12:00:00"
comment = 5
[[command]]
command = "NoSuchCommand"
"""


def test_every_mistake_is_named_by_its_line_at_once() -> None:
    commands = compile_commands(load_database(find_mission("exomars").craft("tgo").command_databases))

    def check(call: Call) -> object:
        return encode_command(commands, call.command, dict(call.arguments))

    with pytest.raises(CommandFileError) as caught:
        read_command_file(BAD, "bad.toml", check)
    assert [one.line for one in caught.value.mistakes] == [2, 3, 4, 6, 6, 10, 10, 10, 16]
    said = str(caught.value)
    for words in ("line 2: service 'XX'", "line 3: 'speed' is not known", "line 4: no command", "execute: ", "'when' is not known",
                  "'latest' is not after", "NoSuchCommand", "Nothing of it was requested"):  # fmt: skip
        assert words in said, words
    with pytest.raises(CommandFileError) as caught:
        read_command_file(
            "command,arguments\nAreYouAlive,apid=9999\nAreYouAlive,a b\nAreYouAlive,,,\nSetTimeReportRate,exponent=77",
            "x.csv",
            check,
        )
    assert [one.line for one in caught.value.mistakes] == [2, 3, 4, 5]
    assert read_command_file(GOOD, "night.toml", check).requests


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.toml", "a = = 1", "line 1: not valid TOML"), ("x.toml", "", "it has no command"), ("x.toml", "command = 3", "no array"),
        ("x.toml", 'spacecraft = "a"\n\nb = [1,', "line 3: not valid TOML"), ("x.toml", "spacecraft = 5", "is no text"),
        ("x.toml", "[[command]]\ncommand = 'A'\nexecute = 5", "line 1: execute: 5 is no time"), ("x.csv", "", "it has no command"), ("x.csv", "name,command\n", "line 1: columns are"), ("x.csv", "command,command\n", "columns"),
        ("x.csv", 'command\n"a"b\n', "line 2: not valid CSV"), ("x.csv", "command,arguments\nA,x=1;x=2", "each name once"),
        ("x.csv", "command,arguments\nA,=1", "each name once"),
    ],
)  # fmt: skip
def test_what_is_no_command_file(name: str, text: str, words: str) -> None:
    with pytest.raises(CommandFileError, match=words):
        read_command_file(text, name)


def test_commands_written_in_one_line_are_named_by_their_number() -> None:
    with pytest.raises(CommandFileError, match="line 2: no command"):
        read_command_file('command = [{ command = "A" }, { command = "" }]', "x.toml")


@settings(max_examples=300)
@given(st.sampled_from(["x.toml", "x.csv"]), st.one_of(st.text(max_size=60), st.lists(st.sampled_from(
    ["[[command]]", "command = 'A'", "command,arguments,execute", "A,x=1", "A,x", "execute = 1979-05-27", "latest = 07:32:00",
     "arguments = { a = nan }", "arguments = {a = {b = 1}}", "[command]", "earliest = 9999-12-31T23:59:59Z", "\"", "comment = 'x'", "A,,1"]
), max_size=7).map("\n".join)))  # fmt: skip
def test_no_text_crashes(name: str, text: str) -> None:
    try:
        found = read_command_file(text, name)
    except AelitaError as error:
        assert str(error)
    else:
        assert found.requests and all(one.calls for one in found.requests)


@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.none() | st.integers(0, 3)), min_size=1, max_size=20))
def test_order_is_kept_and_neighbours_with_one_time_go_together(lines: list[tuple[str, int | None]]) -> None:
    text = "\n".join(
        f'[[command]]\ncommand = "{name}"' + (f"\nexecute = 2026-01-01T00:00:0{at}Z" if at is not None else "")
        for name, at in lines
    )
    found = read_command_file(text, "x.toml").requests
    assert [one.command for each in found for one in each.calls] == [name for name, _ in lines]
    changes = sum(a[1] != b[1] for a, b in itertools.pairwise(lines))
    assert len(found) == changes + 1


# forward files

PACKETS = [request(n, 17, 1, b"x" * n, apid=5) for n in range(4)]


def file(octets: bytes = b"".join(PACKETS)) -> ForwardFile:
    return ForwardFile("sol-12", "roscosmos", "sp", "tgo", octets)


def event(word: str, agency: str) -> ForwardEvent:
    return ForwardEvent(word, 5, agency, "somebody")


def test_a_forward_file_goes_when_its_agency_says_so() -> None:
    one = Forward(file(), "esa")
    digest = one.file.digest
    with pytest.raises(UsageError, match=r"'forward' cannot be done, it is received. Possible: check, reject, withdraw"):
        one.after(event("forward", "esa"), digest)
    one = one.after(event("check", "esa"), digest)
    with pytest.raises(UsageError, match="'go' is roscosmos's to say, not esa's"):
        one.after(event("go", "esa"), digest)
    with pytest.raises(UsageError, match="said of other octets"):
        one.after(event("go", "roscosmos"), file(b"".join(PACKETS[:3])).digest)
    assert not one.may_go
    one = one.after(event("go", "roscosmos"), digest)
    assert one.may_go
    one = one.after(event("no go", "roscosmos"), digest).after(event("go", "roscosmos"), digest)
    one = one.after(event("forward", "esa"), digest).after(event("deliver", "esa"), digest)
    assert one.state is ForwardState.DELIVERED and not one.may_go


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*sorted({word for _, word in FORWARD_TABLE}), "odd"]), st.sampled_from(["esa", "roscosmos", "eve"])
        ),
        max_size=12,
    )
)
def test_no_file_is_forwarded_without_a_standing_go_of_its_owner(steps: list[tuple[str, str]]) -> None:
    one, go = Forward(file(), "esa"), False
    for word, agency in steps:
        try:
            one = one.after(event(word, agency), one.file.digest)
        except UsageError:
            continue
        assert agency == ("roscosmos" if word in ("go", "no go", "withdraw") else "esa")
        if word == "forward":
            assert go
        go = (go or word == "go") and word != "no go"
        assert not one.may_go or go


def test_packets_of_a_forward_file() -> None:
    assert forward_packets(file()) == tuple(PACKETS)
    assert forward_packets(file(), frozenset({5})) == tuple(PACKETS)
    start = len(PACKETS[0])
    for octets, apids, words in (
        (b"", frozenset(), "0 octets"), (b"".join(PACKETS)[:-1], frozenset(), r"octet \d+: a packet of 15 octets is cut after 14"),
        (PACKETS[0] + b"\x18\x05", frozenset(), f"octet {start}: 2 octets are left over"),
        (PACKETS[0] + bytes([0x08]) + PACKETS[1][1:], frozenset(), f"octet {start}: this is no telecommand"),
        (PACKETS[0] + request(1, 17, 1, apid=6), frozenset({5}), f"octet {start}: application process 6 is not one"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=words):
            forward_packets(file(octets), frozenset(apids))


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PACKETS), min_size=1, max_size=3).map(b"".join), st.data())
def test_whole_packets_come_out_or_an_error(octets: bytes, data: st.DataObject) -> None:
    changed: Any = bytearray(octets)
    if octets and data.draw(st.booleans()):
        changed[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = forward_packets(file(bytes(changed)))
    except DataError as error:
        assert "forward file sol-12" in str(error)
    else:
        assert b"".join(found) == bytes(changed)
