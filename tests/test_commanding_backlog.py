"""When commands are on the air behind others: against the carrier of the uplink itself, and what stations tell of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.coding import Plop, Radiated, RadiationBegun, UplinkCarrier, UplinkRules, radiation_duration_ns
from aelita.commanding import LightPaths, Service, State, command_times
from aelita.commanding.backlog import Backlog
from aelita.link import InitiateWithoutCheck
from aelita.pus import RequestId, VerificationReport
from aelita.services.live.command_lines import CommandLine, Seen
from aelita.sle import CltuBegun, CltuRadiated, CltuTaken, CltuUnknown
from aelita.time import SECOND
from gate_material import NOW, PING, PROBE, prepared
from test_commanding_commander import Side, agree, both, state_of

RATE = Fraction(125, 16)  # 7.8125 bit/s: an octet takes 1.024 s
OWLT = 700 * SECOND
PATHS = LightPaths(lambda _: OWLT, lambda _: OWLT)


@settings(max_examples=80, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(8, 300), st.integers(0, 400)), min_size=1, max_size=12),
    rate=st.sampled_from([RATE, Fraction(2000), Fraction(4000)]),
)
def test_an_estimate_is_what_the_carrier_does(sizes: list[tuple[int, int]], rate: Fraction) -> None:
    """The carrier of `coding` is the truth: it is what a station radiates with, exact to the bit."""
    carrier = UplinkCarrier(UplinkRules(Plop.PLOP_2, rate, acquisition_bits=128))
    backlog, now, spans = Backlog(rate, 16), NOW, {}
    events: list[Any] = list(carrier.begin(NOW))
    for number, (octets, pause_s) in enumerate(sizes):
        now += pause_s * SECOND
        events += carrier.advance(now)
        events += carrier.submit(number, bytes(octets), now)
        spans[number] = backlog.add(number, octets, now)
    events += carrier.advance(now + 10**6 * SECOND)
    begun = {one.cltu_id: one.at_ns for one in events if isinstance(one, RadiationBegun)}
    octet_ns = radiation_duration_ns(8, rate)
    for number, (start, _) in spans.items():
        assert -18 * octet_ns <= begun[number] - start <= (len(sizes) + 1) * octet_ns  # acquisition once only, and idle octets
    told = [one for one in events if isinstance(one, Radiated) and one.cltu_id is not None]
    for one in told:
        backlog.ended(one.cltu_id, one.end_ns)  # type: ignore[arg-type]
    assert len(told) == len(sizes) and backlog.clear_ns() == told[-1].end_ns


def test_what_a_station_tells_moves_what_is_behind() -> None:
    backlog = Backlog(Fraction(8), 0)  # an octet a second
    assert backlog.add(1, 9, 100 * SECOND) == (100 * SECOND, 110 * SECOND)
    assert backlog.add(2, 9, 101 * SECOND) == (110 * SECOND, 120 * SECOND)
    assert backlog.add(3, 9, 101 * SECOND, 150 * SECOND) == (150 * SECOND, 160 * SECOND)
    assert backlog.begins_ns(0) == 160 * SECOND and backlog.begins_ns(500 * SECOND) == 500 * SECOND
    backlog.begun(1, 130 * SECOND)  # the station was late
    assert backlog.clear_ns() == 160 * SECOND
    backlog.ended(3)
    assert backlog.clear_ns() == 150 * SECOND
    backlog.ended(1, 141 * SECOND)
    assert backlog.clear_ns() == 151 * SECOND and not backlog.has(1) and backlog.has(2)
    backlog.ended(2)
    assert backlog.clear_ns() == 141 * SECOND


def slow() -> tuple[Side, Side]:
    """Return two agencies of which one commands at 7.8125 bit/s, far away."""
    us, them = both()
    us.commander.gate.line(PROBE).link = replace(us.commander.gate.line(PROBE).link, bit_rates=(RATE,))

    def times(one: Any, start: int, octets: int) -> Any:
        return command_times(start, start, radiation_duration_ns(8 * octets, RATE), PATHS, one.request.execute_ns)

    us.commander.times = times
    us.does(us.commander.line_up(PROBE, NOW))
    return us, them


def ask(us: Side, them: Side, *names: str, **more: Any) -> None:
    for name in names:
        asked = prepared(name, (PING[:-1] + name[-1:].encode(),), **more)
        them.does(them.commander.request(asked, NOW))
        agree(us, them, asked)


def due(us: Side, name: str) -> dict[str, int]:
    opens = us.commander.verifiers[PROBE]._of[name][0]
    return {str(stage): at for stage, at in opens[-1].waiting.items()}


def test_reports_of_what_waits_behind_others_are_not_overdue_while_they_are_on_the_air() -> None:
    us, them = slow()
    ask(us, them, *(f"r{number}" for number in range(8)))
    assert len(us.sent) == 8
    seconds = [len(one.octets) * 1.024 for one in us.sent]
    ahead_ns = round(sum(seconds[:-1]) * SECOND)
    first, last = due(us, "r0"), due(us, "r7")
    assert all(last[stage] - first[stage] >= ahead_ns for stage in last)
    us.does(us.commander.on_timer(first["completion"] + SECOND))
    overdue = {str(told.body["request"]) for told in us.commander.unwritten if told.kind == "overdue"}
    assert "r0" in overdue and "r7" not in overdue
    times = us.commander.times_from(prepared("r9"), NOW)
    assert times is not None and times.release_ns == NOW and times.radiation_start_ns - NOW >= ahead_ns
    begins = [int(told.body["begins_ns"]) for told in us.commander.unwritten if told.kind == "sending"]
    assert begins == sorted(begins) and begins[-1] - begins[0] >= ahead_ns


def test_the_stations_own_report_of_radiation_counts_when_it_comes() -> None:
    us, them = slow()
    ask(us, them, "r0", "r1")
    before, late = due(us, "r1"), 5000 * SECOND
    us.does(us.commander.transferred(2, "hill", NOW))
    us.does(us.commander.radiated(2, "hill", NOW + late, NOW + late + 60 * SECOND, NOW + late + 61 * SECOND))
    after = due(us, "r1")
    light = NOW + late + 60 * SECOND + 2 * OWLT
    allowed = us.commander.verifiers[PROBE].allowances
    assert after == {"acceptance": light + allowed.acceptance_ns, "completion": light + allowed.completion_ns}
    assert after["completion"] > before["completion"]
    assert before["completion"] < NOW + late + 62 * SECOND < after["acceptance"]
    us.does(us.commander.on_timer(NOW + late + 62 * SECOND))
    assert not [one for one in us.commander.unwritten if one.kind == "overdue" and one.body["request"] == "r1"]


def test_a_report_of_what_went_sooner_than_estimated_is_not_taken_for_a_strangers() -> None:
    us, them = slow()
    ask(us, them, *(f"r{number}" for number in range(6)))
    for cltu in range(1, 6):
        us.does(us.commander.refused(cltu, "hill", "no", NOW))
    packet = us.commander.standing.board.requests["r5"].prepared.packets[0]
    seen = NOW + OWLT + SECOND
    us.does(
        us.commander.report(
            PROBE, VerificationReport(1, RequestId.decode(packet[:4]), None, None, b""), seen, seen + OWLT, seen + OWLT
        )
    )
    assert us.commander.unwritten[-1].kind == "verified"


# what lines to stations tell


class Client:
    """The events of an association, as its user tells them."""

    def __init__(self, *events: Any) -> None:
        self.events = events

    async def __aiter__(self) -> AsyncIterator[Any]:
        for one in self.events:
            yield one


def line_of(us: Side) -> Any:
    line = CommandLine.__new__(CommandLine)
    line.context = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW + SECOND))  # type: ignore[assignment]
    line.station, line.spacecraft = SimpleNamespace(key="hill"), PROBE  # type: ignore[assignment]
    line.commander, line.does, line.later, line.seen = us.commander, us.does, us.does, Seen()  # type: ignore[assignment]
    line._numbers = {number: one.id for number, one in enumerate(us.sent)}
    return line


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_cltu_whose_return_or_fate_never_came_is_unknown_and_told(is_taken: bool) -> None:
    us, them = slow()
    ask(us, them, "r0")
    line = line_of(us)
    if is_taken:
        us.does(us.commander.transferred(1, "hill", NOW))
        assert state_of(us, "r0") is State.SENT
    told: list[str] = []
    line.does = line.later = lambda outcome: told.extend(us.does(outcome).notes)
    asyncio.run(line._heed(Client(CltuUnknown(0, is_taken, "the service was started again before its fate was told"))))
    assert state_of(us, "r0") is State.UNKNOWN and line._numbers == {}
    assert told == ["CLTU 1 is unknown: the service was started again before its fate was told"]
    assert us.commander.unwritten[-1].body["station"] == "hill" and not us.commander.backlog(PROBE).has(1)
    us.does(us.commander.on_timer(NOW + 2 * SECOND))
    assert len(us.sent) == 1  # never again by itself


def test_what_a_station_tells_of_the_air_reaches_the_commander() -> None:
    us, them = slow()
    ask(us, them, "r0", "r1")
    line, at = line_of(us), NOW + 900 * SECOND
    asyncio.run(line._heed(Client(CltuBegun(0, at))))
    assert us.commander.backlog(PROBE).clear_ns() > at
    asyncio.run(line._heed(Client(CltuTaken(0, 9), CltuRadiated(0, at, at + SECOND))))
    assert state_of(us, "r0") is State.RADIATED and us.commander.backlog(PROBE).has(2)


def test_what_went_of_a_request_in_sequence_is_retimed_when_the_last_of_it_was_radiated() -> None:
    us, them = slow()
    us.commander.gate.line(PROBE).direct(InitiateWithoutCheck("initiate"), NOW)
    asked = prepared(
        "r0", tuple(bytes([0x18, 5, 0xC0, number, 3, 0x83, 0x19, 17, 1]) + bytes(897) for number in range(2)), service=Service.AD
    )
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert len(us.sent) > 1
    before = due(us, "r0")
    for one in us.sent[:-1]:
        us.does(us.commander.radiated(one.id, "hill", NOW + 9000 * SECOND, NOW + 9001 * SECOND, NOW + 9002 * SECOND))
    assert due(us, "r0") == before
    us.does(us.commander.radiated(us.sent[-1].id, "hill", NOW + 9001 * SECOND, NOW + 9700 * SECOND, NOW + 9702 * SECOND))
    assert due(us, "r0")["acceptance"] > NOW + 9700 * SECOND + 2 * OWLT
