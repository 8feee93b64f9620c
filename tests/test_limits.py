"""Limits: the peer benchmark's own model and its XTCE, and a plain model of alarms that looks at one sample after the other."""

import operator
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.link import CHECKSUM_BAD, INCOMPLETE, Channel, Packets
from aelita.link.packets import packets_at
from aelita.mdb import (
    Alarm,
    AlarmRules,
    Comparison,
    CompiledDatabase,
    Container,
    Database,
    EnumeratedType,
    EnumerationEntry,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerScheme,
    IntegerType,
    NormalRange,
    Operator,
    Parameter,
    ParameterEntry,
    Reference,
    Severity,
    StringEncoding,
    StringType,
    TypeFacts,
    compile_database,
)
from aelita.mdb.load import load_database
from aelita.telemetry import Column, Values
from aelita.telemetry.limits import LimitChecker, parameter_of, severity_column
from aelita.telemetry.processor import Processor
from aelita.telemetry.recent import Held
from aelita.time import NO_TIME
from bench_database import bench_database, bench_packets, peer_module

CHANNEL = Channel.from_toml('name = "x"\nspacecraft = "X"\nprotocol = "packets"\n')
PACKETS = 2_000


def bench(quality: NDArray[np.uint8] | None = None) -> Packets:
    made = bench_packets(PACKETS)
    octets = np.zeros(PACKETS, np.uint8)
    return packets_at(
        np.asarray(made.buffer), made.offset, made.length, virtual_channel=octets, frame=np.full(PACKETS, -1),
        quality=octets if quality is None else quality, position=made.offset,
    )  # fmt: skip


def predicted(p: Any, packets: Packets) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the packets of a parameter and the severity of each, by the model's own numbers."""
    model = peer_module("model")
    rows = np.flatnonzero(packets.apid == p.apid)
    at, width = packets.offset[rows] + p.bit // 8, model.BITS[p.kind] // 8
    octets = packets.buffer[at[:, None] + np.arange(width)].tobytes()
    raw = np.frombuffer(octets, {"u16": ">u2", "i16": ">i2", "f32": ">f4", "enum": "u1"}[p.kind]).astype(np.float64)
    if p.kind == "enum":
        return rows, np.where(raw == 4, 4, 0)
    value = sum(c * raw**i for i, c in enumerate(p.calibrator[1])) if p.calibrator else raw
    low, high, lowest, highest = p.limits
    return rows, np.where((value < lowest) | (value > highest), 4, np.where((value < low) | (value > high), 2, 0))


def replayed(limits: dict[str, Any], parameter: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the severity in each of these packets that the transitions lead to."""
    mine = [i for i, name in enumerate(limits["parameter"]) if name == parameter]
    packet, after, before = limits["packet"][mine], limits["after"][mine], limits["before"][mine]
    assert np.array_equal(np.concatenate([[0], after[:-1]])[: before.size], before)
    at = np.searchsorted(packet, rows, side="right")
    return np.concatenate([[0], after])[at].astype(np.int64)


@pytest.fixture(scope="module", params=["model", "xtce"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CompiledDatabase:
    if request.param == "model":
        return compile_database(bench_database())
    peer_module("model")
    path = tmp_path_factory.mktemp("mdb") / "bench.xml"
    path.write_text(peer_module("make_mdb").build().dumps())
    return compile_database(load_database(path))


def test_the_severities_of_the_benchmark_are_those_of_its_model(database: CompiledDatabase) -> None:
    packets = bench()
    processor = Processor(CHANNEL, database)
    made = processor.process(packets)
    limited = [p for p in peer_module("model").ALL if p.limits or p.kind == "enum"]
    assert len(limited) == 40
    some = 0
    for p in limited:
        rows, expected = predicted(p, packets)
        assert np.array_equal(replayed(made.limits, p.qualified, rows), expected), p.qualified
        some += int(np.count_nonzero(expected))
    assert some > 100
    assert made.limits["packet"].size == len(made.limits["parameter"]) == len(made.limits["value"])
    assert np.all(np.diff(made.limits["packet"]) >= 0)


@pytest.mark.parametrize("flag", [CHECKSUM_BAD, INCOMPLETE])
def test_damaged_packets_move_no_limit(flag: int) -> None:
    database = compile_database(bench_database())
    bad = np.arange(PACKETS) % 7 < 3
    packets = bench(np.where(bad, flag, 0).astype(np.uint8))
    made = Processor(CHANNEL, database).process(packets)
    assert not bad[made.limits["packet"]].any()
    for p in (p for p in peer_module("model").ALL if p.limits):
        rows, expected = predicted(p, packets)
        here = ~bad[rows]
        assert np.array_equal(replayed(made.limits, p.qualified, rows[here]), expected[here])


# --- a plain model -------------------------------------------------------------------------------------------------------

TYPE = {"number": "/A/number_t", "label": "/A/label_t", "text": "/A/text_t", "mode": "/A/mode_t"}
COMPARE = {Operator.EQUAL: operator.eq, Operator.LESS: operator.lt, Operator.GREATER_OR_EQUAL: operator.ge}


def database_with(rules: AlarmRules, kind: str) -> CompiledDatabase:
    """Return a database whose parameter /A/p has these alarms, beside /A/mode."""
    encoding = IntegerEncoding(8, IntegerScheme.TWOS_COMPLEMENT)
    facts = TypeFacts("/A/p_t", alarms=rules)
    words = (EnumerationEntry("ON", 1, 1), EnumerationEntry("OFF", 0, 0), EnumerationEntry("FAULT", 2, 3))
    types: dict[str, Any] = {
        "/A/p_t": {
            "number": FloatType(facts, FloatEncoding(64), 64),
            "label": EnumeratedType(facts, encoding, words),
            "text": StringType(facts, StringEncoding(size=64)),
        }[kind],
        "/A/mode_t": IntegerType(TypeFacts("/A/mode_t"), encoding),
    }
    parameters = {name: Parameter(name, f"{name}_t") for name in ("/A/p", "/A/mode")}
    container = Container("/A/c", tuple(ParameterEntry(name) for name in parameters))
    return compile_database(Database("A", "1", "0" * 64, types, parameters, {"/A/c": container}))


def outside(one: NormalRange, value: float) -> bool:
    above = one.minimum is None or (value > one.minimum if one.minimum_exclusive else value >= one.minimum)
    below = one.maximum is None or (value < one.maximum if one.maximum_exclusive else value <= one.maximum)
    inside = value == value and above and below
    return inside != one.outside


class Plain:
    """Alarms of one parameter, sample by sample."""

    def __init__(self, rules: AlarmRules) -> None:
        self.rules = rules
        self.stands = self.violations = self.conformances = 0
        self.last: tuple[float, int] | None = None

    def alarm(self, mode: int) -> Alarm | None:
        for condition, alarm in self.rules.contexts:
            assert isinstance(condition, Comparison) and isinstance(condition.right, str)
            if COMPARE[condition.operator](mode, int(condition.right)):
                return alarm
        return self.rules.default

    def sample(self, value: Any, mode: int, time: int) -> int:
        alarm = self.alarm(mode)
        level = 0 if alarm is None else self.level(alarm, value, time)
        self.last = (value, time)
        if level:
            self.violations, self.conformances = self.violations + 1, 0
            if self.stands or self.violations >= (alarm.min_violations if alarm else 1):
                self.stands = level
        else:
            self.violations, self.conformances = 0, self.conformances + 1
            if self.conformances >= (alarm.min_conformances if alarm else 1):
                self.stands = 0
        return self.stands

    def level(self, alarm: Alarm, value: Any, time: int) -> int:
        found = [0]
        if isinstance(value, float):
            found += [int(r.severity) for r in alarm.ranges if outside(r, value)]
            if self.last is not None and alarm.change_ranges:
                last, when = self.last
                change = value - last
                if alarm.change_per_second:
                    timed = time != NO_TIME and when != NO_TIME and time > when
                    found += [
                        int(r.severity) for r in alarm.change_ranges if timed and outside(r, change / ((time - when) / 1e9))
                    ]
                else:
                    found += [int(r.severity) for r in alarm.change_ranges if outside(r, change)]
        elif value in ("ON", "OFF", "FAULT") and alarm.labels:
            found.append(int(dict(reversed(alarm.labels)).get(value, alarm.default_label_severity)))
        elif alarm.patterns:
            fitting = (s for pattern, s in alarm.patterns if re.fullmatch(pattern, value))
            found.append(int(next(fitting, alarm.default_label_severity)))
        return max(found)


SEVERITIES = st.sampled_from([s for s in Severity if s])
BOUND = st.none() | st.integers(-4, 4).map(float)
RANGES = st.lists(st.builds(NormalRange, SEVERITIES, BOUND, BOUND, st.booleans(), st.booleans(), st.booleans()), max_size=3).map(
    tuple
)
COUNTS = st.integers(1, 3)
ALARMS = {
    "number": st.builds(
        Alarm, ranges=RANGES, change_ranges=st.just(()) | RANGES, change_per_second=st.booleans(), min_violations=COUNTS,
        min_conformances=COUNTS,
    ),
    "label": st.builds(
        Alarm, labels=st.lists(st.tuples(st.sampled_from(["ON", "OFF", "FAULT"]), SEVERITIES), min_size=1, max_size=3).map(tuple),
        default_label_severity=st.sampled_from(Severity), min_violations=COUNTS, min_conformances=COUNTS,
    ),
    "text": st.builds(
        Alarm, patterns=st.lists(st.tuples(st.sampled_from(["a.*", "ab", ".b", "", "[bc]+"]), SEVERITIES), max_size=3, min_size=1).map(tuple),
        default_label_severity=st.sampled_from(Severity), min_violations=COUNTS, min_conformances=COUNTS,
    ),
}  # fmt: skip
CONDITIONS = st.builds(Comparison, st.just(Reference("/A/mode")), st.sampled_from(list(COMPARE)), st.integers(0, 2).map(str))
VALUES = {
    "number": st.integers(-6, 6).map(float) | st.sampled_from([np.nan, np.inf, -np.inf]),
    "label": st.integers(-1, 4),
    "text": st.sampled_from(["a", "ab", "bb", "c", "", "abc"]),
}


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, AlarmRules, list[tuple[Any, int, int, bool]], list[int]]:
    kind = draw(st.sampled_from(sorted(ALARMS)))
    alarm = ALARMS[kind]
    rules = AlarmRules(draw(st.none() | alarm), tuple(draw(st.lists(st.tuples(CONDITIONS, alarm), max_size=2))))
    time = st.just(NO_TIME) | st.integers(0, 20).map(lambda n: n * 500_000_000)
    samples = draw(st.lists(st.tuples(VALUES[kind], st.integers(0, 2), time, st.booleans() | st.just(True)), max_size=25))
    return kind, rules, samples, sorted(draw(st.lists(st.integers(0, len(samples)), max_size=3)))


def values_of(compiled: CompiledDatabase, kind: str, samples: list[tuple[Any, int, int, bool]]) -> Values:
    values = [value for value, *_ in samples]
    if kind == "text":
        raw = Column(np.array([v.encode() for v in values] + [None], object)[:-1])
    else:
        raw = Column(np.array(values, np.float64 if kind == "number" else np.int8))
    mode = Column(np.array([mode for _, mode, *_ in samples], np.int8))
    return Values(compiled, {"/A/p": raw, "/A/mode": mode}, len(values))


@settings(max_examples=150, deadline=None)
@given(cases())
def test_columns_agree_with_a_plain_model_however_they_are_cut(case: Any) -> None:
    kind, rules, samples, cuts = case
    compiled = database_with(rules, kind)
    plain, expected, stood = Plain(rules), [], 0
    names = {0: "OFF", 1: "ON", 2: "FAULT", 3: "FAULT"}
    for row, (value, mode, time, good) in enumerate(samples):
        meant = names.get(value) if kind == "label" else value
        if good and meant is not None:
            now = plain.sample(meant, mode, time)
            if now != stood:
                expected.append((row, stood, now))
            stood = now
    checker, found = LimitChecker(compiled), []
    for first, last in zip([0, *cuts], [*cuts, len(samples)], strict=True):
        part = samples[first:last]
        held = Held("/A/c", np.arange(len(part)), values_of(compiled, kind, part))
        good = np.array([g for *_, g in part], np.bool_)
        made = checker.check([held], good, np.array([t for _, _, t, _ in part], np.int64))
        found += list(zip((made.packet + first).tolist(), made.before.tolist(), made.after.tolist(), strict=True))
    assert found == expected
    if rules.default or rules.contexts:
        every = Plain(rules)
        stands, now = [], 0
        for value, mode, time, _ in samples:
            meant = names.get(value) if kind == "label" else value
            now = every.sample(meant, mode, time) if meant is not None else now
            stands.append(now)
        times = np.array([t for _, _, t, _ in samples], np.int64)
        assert severity_column("/A/p", values_of(compiled, kind, samples), times).tolist() == stands


def test_a_condition_alarm_and_the_same_parameter_twice_in_a_packet() -> None:
    alarm = Alarm(
        ranges=(NormalRange(Severity.WATCH, 0.0, 10.0),),
        conditions=((Comparison(Reference("/A/mode"), Operator.EQUAL, "2"), Severity.SEVERE),),
    )
    compiled = database_with(AlarmRules(alarm), "number")
    raw = {
        "/A/p": Column(np.array([1.0, 11.0, 1.0])),
        "/A/mode": Column(np.array([0, 0, 2], np.int8)),
        "/A/p:1": Column(np.array([2.0, 2.0, 12.0])),
    }
    checker = LimitChecker(compiled)
    made = checker.check([Held("/A/c", np.array([4, 5, 9]), Values(compiled, raw, 3))], None, np.full(10, NO_TIME))
    steps = list(zip(made.packet.tolist(), made.before.tolist(), made.after.tolist(), made.value, strict=True))
    assert steps == [(5, 0, 1, 11.0), (5, 1, 0, 2.0), (9, 0, 5, 1.0)]
    assert checker.severities() == {"/A/p": Severity.SEVERE}
    assert set(made.parameter) == {"/A/p"} and parameter_of("/A:b/p[2]:3") == "/A:b/p[2]"


def test_single_precision_is_compared_as_it_is() -> None:
    compiled = database_with(AlarmRules(Alarm(ranges=(NormalRange(Severity.WARNING, None, 0.1),))), "number")
    values = Values(compiled, {"/A/p": Column(np.array([0.1, 0.09], np.float32))}, 2)
    assert severity_column("/A/p", values).tolist() == [2, 0]  # 0.1 of 32 bits is 0.10000000149


def test_rows_without_a_value_keep_the_severity_before_them() -> None:
    compiled = database_with(AlarmRules(Alarm(ranges=(NormalRange(Severity.WARNING, 0.0, 1.0),))), "number")
    valid = np.array([False, True, False, True])
    values = Values(compiled, {"/A/p": Column(np.array([9.0, 9.0, 0.0, 0.5]), valid)}, 4)
    assert severity_column("/A/p", values).tolist() == [0, 2, 2, 0]
    assert severity_column("/A/mode", Values(compiled, {"/A/mode": Column(np.zeros(2, np.int8))}, 2)).tolist() == [0, 0]


def test_transitions_tell_label_and_raw_value() -> None:
    compiled = database_with(AlarmRules(Alarm(labels=(("FAULT", Severity.CRITICAL), ("7", Severity.WATCH)))), "label")
    raw = {"/A/p": Column(np.array([1, 3, 0], np.int8)), "/A/mode": Column(np.zeros(3, np.int8))}
    made = LimitChecker(compiled).check([Held("/A/c", np.arange(3), Values(compiled, raw, 3))], None, np.full(3, NO_TIME))
    assert (made.after.tolist(), made.value, made.text) == ([4, 0], [3.0, 0.0], ["FAULT", "OFF"])
    texts = database_with(AlarmRules(Alarm(patterns=(("(", Severity.WATCH),))), "text")
    words = {"/A/p": Column(np.array([b"x", b"(", b"x"], object)), "/A/mode": Column(np.zeros(3, np.int8))}
    made = LimitChecker(texts).check([Held("/A/c", np.arange(3), Values(texts, words, 3))], None, np.full(3, NO_TIME))
    assert (made.after.tolist(), made.value, made.text) == ([1, 0], [None, None], ["(", "x"])
