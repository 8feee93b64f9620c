"""Requests made exact with TGO's database of commands, compared with packets of an independent package."""

from dataclasses import replace

import pytest
from spacepackets.ecss import PusTc  # variant C only: headers are compared octet by octet where the variants agree

from aelita.commanding import Call, CommandRequest, Counts, Preparer, Requester, Service, unmet
from aelita.errors import UsageError
from aelita.link import CommandLink
from aelita.mdb import CompiledCommands, compile_commands, load_database
from aelita.octets import crc16
from aelita.services.missions import find_mission
from aelita.time import SECOND

VERA = Requester("roscosmos", "iki", "instrument-operator", "vera")
TEXT = 'name = "twin"\nspacecraft_id = 1000\nmap = 0\nschedule_apid = 26\n[packets]\npus = "A"\nchecksum = "crc16"\n[widths]\n'


@pytest.fixture(scope="module")
def commands() -> CompiledCommands:
    files = find_mission("exomars").craft("tgo").command_databases
    return compile_commands(load_database(files))


def request(*calls: Call, **more: object) -> CommandRequest:
    return CommandRequest("r1", "tgo", calls, VERA, 5, **more)  # type: ignore[arg-type]


def preparer(commands: CompiledCommands, first: int = 0, step: int = 1, text: str = TEXT) -> Preparer:
    return Preparer(commands, CommandLink.from_toml(text), Counts(first, step), lambda tai_ns: tai_ns * 65536 // SECOND)


def test_a_ping_has_the_octets_of_the_standard(commands: CompiledCommands) -> None:
    made = preparer(commands, first=1, step=2).prepare(request(Call("AreYouAlive"))).prepared
    (packet,) = made.packets
    assert packet[:-2].hex() == "181ac00100051b110102" and crc16(packet) == 0
    peer = bytes(PusTc(service=17, message_subtype=1, apid=26, seq_count=1, app_data=b"").pack())
    assert packet[:4] == peer[:4] and packet[7:9] == peer[7:9]
    assert made.request.calls[0].command == "/TGO_TC/AreYouAlive" and made.map_id == 0
    assert made.sentences[0].startswith("Ask whether the application process is alive")


def test_packets_are_numbered_so_that_no_two_agencies_number_alike(commands: CompiledCommands) -> None:
    ours, theirs = Counts(0, 3), Counts(1, 3)
    seen = set()
    for counts in (ours, theirs):
        made = Preparer(commands, CommandLink.from_toml(TEXT), counts)
        for _ in range(4):
            prepared = made.prepare(request(Call("AreYouAlive"), Call("EnableSchedule"))).prepared
            assert made.prepare(request(Call("AreYouAlive"), Call("EnableSchedule"))).prepared.packets == prepared.packets
            counts.take(prepared.packets)
            seen |= {(one[2] << 8 | one[3]) & 0x3FFF for one in prepared.packets}
    assert len(seen) == 16 and {one % 3 for one in seen} == {0, 1}
    wrap = Counts(1, 3, {26: 16381})
    assert wrap.next(26) == 1


def test_every_wrong_argument_is_named(commands: CompiledCommands) -> None:
    with pytest.raises(UsageError) as caught:
        preparer(commands).prepare(request(Call("SetTimeReportRate", (("rate", "9"), ("colour", "red")))))
    assert "rate" in str(caught.value) and "colour" in str(caught.value)
    with pytest.raises(UsageError, match="twice"):
        preparer(commands).prepare(request(Call("SetTimeReportRate", (("rate", "1"), ("rate", "2")))))
    with pytest.raises(UsageError, match="no command 'Explode'"):
        preparer(commands).prepare(request(Call("Explode")))


def test_a_timed_command_goes_into_the_schedule(commands: CompiledCommands) -> None:
    made = preparer(commands).prepare(request(Call("AreYouAlive"), execute_ns=100 * SECOND)).prepared
    (packet,) = made.packets
    assert (packet[7], packet[8]) == (11, 4) and crc16(packet) == 0
    plain = preparer(commands).prepare(request(Call("AreYouAlive"))).prepared.packets[0]
    assert plain in packet and (100 * 65536).to_bytes(6, "big") in packet
    with pytest.raises(UsageError, match="no on-board schedule"):
        preparer(commands, text=TEXT.replace("schedule_apid = 26\n", "")).prepare(request(Call("AreYouAlive"), execute_ns=5))


def test_packets_in_the_schedule_keep_their_numbers_to_themselves(commands: CompiledCommands) -> None:
    """Their reports come when they are executed: a later packet of the same number would be taken for verified by them."""
    made = preparer(commands, text=TEXT.replace("schedule_apid = 26", "schedule_apid = 27"))
    timed = made.prepare(request(Call("AreYouAlive"), execute_ns=100 * SECOND)).prepared
    assert len(timed.packets) == 1 and len(made.numbered(timed)) == 2
    made.counts.take(made.numbered(timed))
    later = made.prepare(request(Call("AreYouAlive"))).prepared
    assert later.packets[0][:4] not in {one[:4] for one in made.numbered(timed)}


def test_words_that_are_not_what_commands_do_are_found_out(commands: CompiledCommands) -> None:
    made = preparer(commands).prepare(request(Call("AreYouAlive"))).prepared
    assert preparer(commands).mismatches(made) == []
    (why,) = preparer(commands).mismatches(replace(made, sentences=("Do nothing at all.",)))
    assert "says in words" in why


def test_a_directive_to_the_link_is_a_critical_command_of_its_own(commands: CompiledCommands) -> None:
    made = (
        preparer(commands).prepare(request(Call("/COP-1/initiate-with-set-vr", (("number", "5"),)), service=Service.AD)).prepared
    )
    assert made.directive == "initiate-with-set-vr 5" and made.packets == () and made.significance == "critical"
    for calls in ((Call("/COP-1/explode"),), (Call("/COP-1/initiate"), Call("AreYouAlive"))):
        with pytest.raises(UsageError):
            preparer(commands).prepare(request(*calls))


def test_commands_without_constraints_have_nothing_against_them(commands: CompiledCommands) -> None:
    made = preparer(commands).prepare(request(Call("AreYouAlive"))).prepared
    assert unmet(commands, made, lambda reference: None) == []


@pytest.mark.parametrize("timed", [False, True])
def test_octets_under_another_name_are_found_out(commands: CompiledCommands, timed: bool) -> None:
    theirs, ours = preparer(commands, first=2, step=3), preparer(commands, first=1, step=3)
    when = {"execute_ns": 100 * SECOND} if timed else {}
    calls = (Call("AreYouAlive"), Call("SetTimeReportRate", (("exponent", "3"),)), Call("AreYouAlive"))
    honest = theirs.prepare(request(*calls, **when)).prepared
    assert ours.mismatches(honest) == [] and ours.mismatches(honest) == []
    other = theirs.prepare(request(Call("AreYouAlive"), Call("ResetSchedule"), Call("AreYouAlive"), **when)).prepared
    for wrong in (
        replace(honest, packets=other.packets),
        replace(honest, request=other.request),
        replace(honest, packets=honest.packets[:-1]),
        replace(honest, packets=(*honest.packets, honest.packets[0])),
        replace(honest, packets=(b"", b"\x18")),
    ):
        (why,) = ours.mismatches(wrong)
        assert "not those of the commands" in why or "cannot be made again" in why
    for wrong in (replace(honest, significance="none"), replace(honest, virtual_channel=5)):
        assert "another way" in ours.mismatches(wrong)[0]
    directive = theirs.prepare(request(Call("/COP-1/initiate"))).prepared
    assert ours.mismatches(directive) == [] and ours.mismatches(replace(directive, directive="terminate"))


def test_the_digest_covers_what_commands_are_called_and_how_grave_they_are(commands: CompiledCommands) -> None:
    made = preparer(commands).prepare(request(Call("AreYouAlive"))).prepared
    renamed = replace(made, request=replace(made.request, calls=(Call("/TGO_TC/ResetSchedule"),)))
    assert len({made.digest, renamed.digest, replace(made, significance="critical").digest}) == 3
