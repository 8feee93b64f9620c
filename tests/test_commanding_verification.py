"""Commands verified by reports of service 1: those of the real recording, and a model of what a spacecraft may report."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.commanding import (
    Allowances,
    CommandTimes,
    Expected,
    LightPaths,
    Overdue,
    ReportSeen,
    Stage,
    Unasked,
    Verified,
    Verifier,
    command_times,
    seen_commands,
    stages_asked,
)
from aelita.errors import DefinitionError, UsageError
from aelita.link import CommandLink
from aelita.pus import HeaderLayout, RequestId, VerificationReport, Widths, decode_report, read_headers
from aelita.services.live.commander import allowances_of
from aelita.time import NO_TIME, SECOND, Cuc
from recording import tgo_packets

TGO = HeaderLayout("A", 0, 1, 6, time=Cuc(4, 2, None))
ALL = (Stage.ACCEPTANCE, Stage.START, Stage.COMPLETION)


def reports_of_tgo() -> list[ReportSeen]:
    packets = [one for one in tgo_packets() if one[0] & 8 and one[7] == 1]
    length = np.array([len(one) for one in packets], np.int64)
    octets = b"".join(packets)
    headers = read_headers(np.frombuffer(octets, np.uint8), np.cumsum(length) - length, length, TGO)
    found = []
    for i in range(len(packets)):
        start = int(headers.data_offset[i])
        report = decode_report(1, int(headers.subtype[i]), octets[start : start + int(headers.data_length[i])], Widths())
        assert isinstance(report, VerificationReport)
        found.append(ReportSeen(report, int(headers.ticks[i]) * SECOND // 65536, NO_TIME))
    return found


def test_the_telecommands_of_the_real_recording_are_rebuilt_from_their_reports() -> None:
    found = seen_commands(reports_of_tgo())
    assert len(found) == 829
    lacking = Counter(stage for one in found for stage in one.missing)
    assert lacking == {Stage.START: 3, Stage.COMPLETION: 1}  # one lacks both: only its acceptance was heard
    assert all(Stage.ACCEPTANCE in one.stages for one in found)
    assert len({one.identity for one in found}) == 829
    for one in found:
        times = [one.stages[stage].generated_ns for stage in ALL if stage in one.stages]
        assert times == sorted(times)
    assert [one.first_ns for one in found] == sorted(one.first_ns for one in found)


@given(order=st.randoms(use_true_random=False))
def test_reports_in_any_order_make_the_same_history(order: object) -> None:
    identity = [RequestId(0, True, True, 5, 3, count) for count in range(3)]
    reports = [
        ReportSeen(VerificationReport(subtype, identity[i], None, None, b""), 100 * i + subtype, NO_TIME)
        for i in range(3)
        for subtype in (1, 3, 7)
    ]
    mixed = list(reports)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    made = seen_commands(mixed)
    assert [one.identity for one in made] == identity and all(one.missing == () for one in made)


def test_a_sequence_count_that_comes_again_is_another_telecommand() -> None:
    identity = RequestId(0, True, True, 5, 3, 9)
    seen = [
        ReportSeen(VerificationReport(subtype, identity, None, None, b""), at, NO_TIME) for at, subtype in enumerate((1, 7, 1, 3))
    ]
    first, second = seen_commands(seen)
    assert first.missing == (Stage.START,) and second.missing == (Stage.COMPLETION,)


def test_a_failure_ends_what_is_missing() -> None:
    identity = RequestId(0, True, True, 5, 3, 9)
    refused = seen_commands([ReportSeen(VerificationReport(2, identity, None, 7, b""), 5, NO_TIME)])
    assert refused[0].missing == ()


def times(arrival: int, light: int = 900 * SECOND, execute: int | None = None) -> CommandTimes:
    return command_times(arrival - light, arrival - light, SECOND, LightPaths(lambda _: light, lambda _: light), execute)


def sent(count: int, arrival: int, request: str = "r", stages: tuple[Stage, ...] = ALL, execute: int | None = None) -> Expected:
    return Expected(request, 0, RequestId(0, True, True, 5, 3, count), stages, times(arrival, execute=execute))


def report(subtype: int, count: int) -> VerificationReport:
    return VerificationReport(subtype, RequestId(0, True, True, 5, 3, count), None, 3 if subtype % 2 == 0 else None, b"")


def test_nothing_is_overdue_before_light_could_bring_evidence() -> None:
    verifier = Verifier(Allowances(10 * SECOND, 20 * SECOND, 30 * SECOND))
    verifier.expect(sent(1, 2000 * SECOND))
    possible = 2001 * SECOND + 900 * SECOND
    assert verifier.next_deadline() == possible + 10 * SECOND
    assert verifier.on_timer(possible + 10 * SECOND - 1) == []
    assert verifier.on_timer(possible + 20 * SECOND) == [
        Overdue("r", 0, Stage.ACCEPTANCE, possible, possible + 10 * SECOND),
        Overdue("r", 0, Stage.START, possible, possible + 20 * SECOND),
    ]
    assert verifier.on_timer(possible + 20 * SECOND) == []
    late = verifier.report(report(1, 1), 2002 * SECOND, possible + 25 * SECOND)
    assert isinstance(late, Verified) and late.late and late.succeeded
    done = verifier.report(report(7, 1), 2003 * SECOND, possible + 26 * SECOND)
    assert isinstance(done, Verified) and not done.late
    assert verifier.next_deadline() is None


def test_after_a_failure_nothing_more_is_waited_for() -> None:
    verifier = Verifier()
    verifier.expect(sent(1, 0))
    told = verifier.report(report(2, 1), SECOND, 901 * SECOND)
    assert isinstance(told, Verified) and (told.succeeded, told.failure) == (False, 3)
    assert verifier.next_deadline() is None


def test_a_command_in_the_schedule_is_waited_for_when_it_is_executed() -> None:
    verifier = Verifier()
    verifier.expect(sent(1, 0, execute=50_000 * SECOND))
    deadlines = [verifier.next_deadline()]
    verifier.report(report(1, 1), SECOND, 901 * SECOND)
    deadlines.append(verifier.next_deadline())
    assert deadlines == [(1 + 900 + 120) * SECOND, (50_000 + 900 + 120) * SECOND]


def test_reports_of_what_others_sent_and_of_what_cannot_be_there_yet_match_nothing() -> None:
    verifier = Verifier()
    verifier.expect(sent(1, 5000 * SECOND))
    assert isinstance(verifier.report(report(1, 2), 5001 * SECOND, 5901 * SECOND), Unasked)
    assert isinstance(verifier.report(report(1, 1), 4000 * SECOND, 4900 * SECOND), Unasked)
    assert isinstance(
        verifier.report(VerificationReport(9, RequestId(0, True, True, 5, 3, 1), None, None, b""), 6000 * SECOND, 0), Unasked
    )
    assert isinstance(verifier.report(report(1, 1), 5001 * SECOND, 5901 * SECOND), Verified)


def test_a_packet_whose_count_comes_again_is_told_from_the_first() -> None:
    verifier = Verifier()
    verifier.expect(sent(1, 0, "first"))
    verifier.expect(sent(1, 9000 * SECOND, "second"))
    said = [
        verifier.report(report(s, 1), at * SECOND, (at + 900) * SECOND)
        for s, at in ((1, 2), (3, 3), (1, 9002), (7, 9003), (7, 4))
    ]
    assert [one.request for one in said if isinstance(one, Verified)] == ["first", "first", "second", "second", "first"]
    assert verifier.next_deadline() is not None  # the start of the second
    verifier.forget("second")
    assert verifier.next_deadline() is None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from((1, 2, 3, 4, 5, 6, 7, 8)), st.integers(0, 3000)), max_size=40),
    st.lists(st.integers(0, 10_000), max_size=10),
)
def test_each_packet_is_told_overdue_once_a_stage_at_most_whatever_is_reported(
    reports: list[tuple[int, int, int]], looks: list[int]
) -> None:
    verifier = Verifier()
    for count in range(4):
        verifier.expect(sent(count, count * 100 * SECOND, f"r{count}"))
    events = [(at, "report", count, subtype) for count, subtype, at in reports] + [(at, "look", 0, 0) for at in looks]
    told: Counter[tuple[str, Stage]] = Counter()
    seen: set[tuple[str, Stage]] = set()
    for at, kind, count, subtype in sorted(events):
        if kind == "look":
            for one in verifier.on_timer(at * SECOND):
                assert one.deadline_ns <= at * SECOND and (one.request, one.stage) not in seen
                told[one.request, one.stage] += 1
        else:
            answer = verifier.report(report(subtype, count), at * SECOND, (at + 900) * SECOND)
            if isinstance(answer, Verified):
                assert answer.request == f"r{count}" and at >= count * 100 - 5
                seen.add((answer.request, answer.stage))
    verifier.on_timer(1 << 62)
    assert verifier.next_deadline() is None and max(told.values(), default=0) <= 1


def test_acknowledgement_bits_name_the_stages() -> None:
    assert stages_asked(0) == () and stages_asked(9) == (Stage.ACCEPTANCE, Stage.COMPLETION)
    assert json.dumps(stages_asked(15)) == '["acceptance", "start", "progress", "completion"]'


def test_a_command_that_would_arrive_after_its_execution_is_refused() -> None:
    paths = LightPaths(lambda _: 900 * SECOND, lambda _: 901 * SECOND)
    made = command_times(0, SECOND, 2 * SECOND, paths)
    assert (made.arrival_ns, made.arrival_stop_ns, made.acceptance_ns) == (901 * SECOND, 903 * SECOND, 1804 * SECOND)
    assert made.execution_ns == made.arrival_stop_ns and made.up_s == 900.0 and made.round_trip_s == 1803.0
    with pytest.raises(UsageError, match=r"3\.000 s after it is to be executed"):
        command_times(0, SECOND, 2 * SECOND, paths, 900 * SECOND)
    with pytest.raises(UsageError, match="before it is released"):
        command_times(2, 1, 0, paths)


def test_light_takes_over_twenty_minutes_at_the_farthest() -> None:
    au_ns = 499_004_783_836  # light time of one astronomical unit (149,597,870.7 km)

    far = command_times(0, 0, 0, LightPaths(lambda _: 27 * au_ns // 10, lambda _: 27 * au_ns // 10))
    assert far.round_trip_s == pytest.approx(2 * 2.7 * 149_597_870.7 / 299_792.458, abs=1e-6)


@pytest.mark.parametrize(
    "wrong", ["start_s = 0.0", "late_s = -1.0", "completion_s = 1e12", "acceptance_s = nan", "later_s = 1.0"]
)
def test_mistakes_in_what_reports_may_take_are_named(wrong: str) -> None:
    text = 'name = "probe"\nspacecraft_id = 77\n[reports]\n'
    assert allowances_of(CommandLink.from_toml(text + "start_s = 1.5")) == Allowances(start_ns=3 * SECOND // 2)
    assert allowances_of(CommandLink.from_toml(text)) == Allowances()
    with pytest.raises(DefinitionError, match=wrong.split()[0]):
        CommandLink.from_toml(text + wrong)


# ---- bounds


def test_tens_of_thousands_of_packets_are_known_again_after_a_restart() -> None:
    """Each look-up is of its request and packet alone: looked for among all, this would take half an hour."""
    verifier = Verifier()
    for number in range(20_000):
        verifier.expect(sent(number % 16384, number * SECOND, f"r{number}"))
    for number in range(20_000):
        for stage in ALL[: number % 4]:
            verifier.known(f"r{number}", 0, stage, number % 8 > 3)
    late = verifier.on_timer(2_000_000 * SECOND)
    assert Counter(one.stage for one in late) == {Stage.ACCEPTANCE: 5_000, Stage.START: 10_000, Stage.COMPLETION: 15_000}
    assert verifier.next_deadline() is None and verifier.forgotten == 0


def test_what_is_overdue_is_waited_for_a_while_and_then_forgotten() -> None:
    verifier = Verifier(Allowances(10 * SECOND, 20 * SECOND, 30 * SECOND, late_ns=1000 * SECOND))
    verifier.expect(sent(1, 2000 * SECOND))
    due = 2001 * SECOND + 930 * SECOND
    assert verifier.since(due) == 1100 * SECOND
    assert len(verifier.on_timer(due)) == 3
    assert verifier.since(due + 999 * SECOND) == 1100 * SECOND
    assert verifier.since(due + 1000 * SECOND) is None  # also before the timer is called, as at a start
    told = verifier.report(report(7, 1), 2002 * SECOND, due + 999 * SECOND)
    assert isinstance(told, Verified) and told.late
    assert verifier.on_timer(due + 1000 * SECOND) == []
    assert isinstance(verifier.report(report(1, 1), 2002 * SECOND, due + 1001 * SECOND), Unasked)
    assert not verifier._open and not verifier._of


def test_when_too_many_are_open_the_oldest_is_forgotten_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.commanding.verification.MOST_OPEN", 1000)
    verifier = Verifier()
    for number in range(1010):
        verifier.expect(sent(number % 300, number * SECOND, f"r{number}"))
    assert verifier.forgotten == 10 and verifier.since(0) == (10 - 900) * SECOND
    verifier.forget("r3")
    verifier.forget("r500")
    assert len(verifier._of) == 999


@given(
    told=st.lists(
        st.tuples(
            st.sampled_from(["expect", "report", "known", "overdue", "forget", "look"]), st.integers(0, 5), st.integers(1, 8)
        ),
        max_size=60,
    )
)
def test_whatever_happens_what_is_open_agrees_with_a_plain_list(told: list[tuple[str, int, int]]) -> None:
    """Beside a model that looks through all: what is waited for, since when, and what is overdue."""
    allowed = Allowances(10 * SECOND, 20 * SECOND, 30 * SECOND, late_ns=400 * SECOND)
    verifier, now = Verifier(allowed), 0
    for number, (what, which, subtype) in enumerate(told):
        now += 100 * SECOND
        name = f"r{which}"
        if what == "expect":
            verifier.expect(sent(which, now, f"{name}-{number}"))
        elif what == "report":
            verifier.report(report(subtype, which), now, now)
        elif what in ("known", "overdue"):
            for one in list(verifier._all()):
                verifier.known(one.expected.request, 0, ALL[subtype % 3], what == "overdue")
        elif what == "forget":
            for one in [each for each in verifier._all() if each.expected.request.startswith(name)]:
                verifier.forget(one.expected.request)
        else:
            verifier.on_timer(now)
        every = list(verifier._all())
        assert every == [] or {id(one) for one in every} == {
            id(one) for packets in verifier._of.values() for several in packets.values() for one in several
        }
        assert verifier._count == len(every)
        due = [at for one in every for stage, at in one.waiting.items() if stage not in one.overdue]
        assert verifier.next_deadline() == min(due, default=None)
        if what == "look":
            assert all(at > now for at in due)
            assert all(at + allowed.late_ns > now for one in every if one.waiting for at in [max(one.waiting.values())])
