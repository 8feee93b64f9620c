"""Derived parameters: from the packet itself, from the latest value of others, in any order of definition."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.link import CHECKSUM_BAD, Channel
from aelita.mdb import (
    Alarm,
    AlarmRules,
    BooleanType,
    Comparison,
    CompiledDatabase,
    Container,
    Database,
    DataSource,
    Derivation,
    EnumeratedType,
    EnumerationEntry,
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
    StringType,
    TypeFacts,
    compile_database,
)
from aelita.mdb.load import load_database
from aelita.telemetry.derive import plan
from aelita.telemetry.processor import Processed, Processor
from packet_material import batch, space_packet

CHANNEL = Channel.from_toml('name = "x"\nspacecraft = "X"\nprotocol = "packets"\n')
OCTET = IntegerEncoding(8, IntegerScheme.TWOS_COMPLEMENT)


def derivation(output: str, expression: str, *inputs: str) -> Derivation:
    return Derivation(f"/D/{output}_algorithm", f"/D/{output}", expression, tuple((i, Reference(f"/D/{i}")) for i in inputs))


def database(*derivations: Derivation, **kinds: Any) -> CompiledDatabase:
    """Return a database of two packets: APID 1 holds a and b, APID 2 holds c; both hold the whole header."""
    header = {"version": 3, "kind": 1, "secondary": 1, "apid": 11, "flags": 2, "count": 14, "length": 16}
    types: dict[str, Any] = {
        f"/D/u{n}": IntegerType(TypeFacts(f"/D/u{n}"), IntegerEncoding(n), signed=False) for n in header.values()
    }
    types["/D/octet"] = IntegerType(TypeFacts("/D/octet"), OCTET)
    types["/D/number"] = FloatType(TypeFacts("/D/number"), None, 64)
    types["/D/mode"] = EnumeratedType(TypeFacts("/D/mode"), OCTET, (EnumerationEntry("OFF", 0, 0), EnumerationEntry("ON", 1, 1)))
    types |= {f"/D/{name}_t": kind for name, kind in kinds.items()}
    parameters = {f"/D/{n}": Parameter(f"/D/{n}", f"/D/u{bits}") for n, bits in header.items()}
    parameters |= {f"/D/{n}": Parameter(f"/D/{n}", "/D/octet") for n in "ab"}
    parameters["/D/c"] = Parameter("/D/c", "/D/mode")
    parameters["/D/k"] = Parameter("/D/k", "/D/number", DataSource.CONSTANT, initial_value="2.5")
    for one in derivations:
        name = one.output.rpartition("/")[2]
        start = "0" if name == "total" else None
        kind = f"/D/{name}_t" if name in kinds else "/D/number"
        parameters[one.output] = Parameter(one.output, kind, DataSource.DERIVED, initial_value=start)

    def container(name: str, apid: str, *entries: str) -> Container:
        restriction = Comparison(Reference("/D/apid", calibrated=False), Operator.EQUAL, apid)
        return Container(
            f"/D/{name}", tuple(ParameterEntry(f"/D/{e}") for e in entries), base="/D/packet", restriction=restriction
        )

    base = Container("/D/packet", tuple(ParameterEntry(f"/D/{n}") for n in header), abstract=True)
    containers = {c.name: c for c in (base, container("ab", "1", "a", "b"), container("c", "2", "c"))}
    return compile_database(Database("D", "1", "0" * 64, types, parameters, containers, derivations))


def ab(a: int, b: int) -> bytes:
    return space_packet(1, bytes([a & 255, b & 255]))


def c(value: int) -> bytes:
    return space_packet(2, bytes([value]))


def values(made: Processed, container: str, parameter: str) -> list[Any]:
    column = made.engineering[f"/D/{container}"][f"/D/{parameter}"]
    return [value if good else None for value, good in zip(column.words().tolist(), column.mask(), strict=True)]


def test_from_the_same_packet() -> None:
    compiled = database(derivation("sum", "a + b * k", "a", "b", "k"))
    made = Processor(CHANNEL, compiled).process(batch([ab(1, 2), c(0), ab(-3, 4)]))
    assert values(made, "ab", "sum") == [6.0, 7.0]
    assert "/D/sum" not in made.engineering["/D/c"] and list(made.decoded.containers[0].raw)[-1] == "/D/sum"
    assert made.samples == {"/D/ab": 4, "/D/c": 1}


def test_a_header_field_among_the_inputs_does_not_spread_it_over_all_packets() -> None:
    assert [s.containers for s in plan(database(derivation("x", "a + count", "a", "count")).database).steps] == [{"/D/ab"}]


def test_from_the_latest_value_of_other_packets_over_batches() -> None:
    compiled = database(derivation("x", "a if c == 'ON' else -a", "a", "c"))
    processor = Processor(CHANNEL, compiled)
    made = processor.process(batch([ab(1, 0), c(1), ab(2, 0), c(0)]))
    assert values(made, "ab", "x") == [None, 2.0] and values(made, "c", "x") == [1.0, -2.0]
    made = processor.process(batch([ab(3, 0), c(1), c(7)], [0, CHECKSUM_BAD, 0]))  # damaged, and a value without a label
    assert values(made, "ab", "x") == [-3.0] and values(made, "c", "x") == [3.0, None]
    assert values(processor.process(batch([ab(4, 0)])), "ab", "x") == [-4.0]


def test_derived_from_derived_in_any_order_and_limits_on_it() -> None:
    alarms = AlarmRules(Alarm(ranges=(NormalRange(Severity.DISTRESS, None, 9.0),)))
    kind = FloatType(TypeFacts("/D/twice_t", alarms=alarms), None, 64)
    compiled = database(derivation("twice", "2 * sum", "sum"), derivation("sum", "a + b", "a", "b"), twice=kind)
    made = Processor(CHANNEL, compiled).process(batch([ab(1, 2), ab(4, 1)]))
    assert values(made, "ab", "twice") == [6.0, 10.0]
    assert (made.limits["parameter"], made.limits["after"].tolist(), made.limits["packet"].tolist()) == (["/D/twice"], [3], [1])


def test_the_limits_of_a_parameter_depend_on_the_latest_value_in_another_packet() -> None:
    when_on = Comparison(Reference("/D/c"), Operator.EQUAL, "ON")
    rules = AlarmRules(
        Alarm(ranges=(NormalRange(Severity.WATCH, None, 1.0),)),
        ((when_on, Alarm(ranges=(NormalRange(Severity.SEVERE, 2.0, None),))),),
    )
    kind = FloatType(TypeFacts("/D/x_t", alarms=rules), None, 64)
    sent = [ab(1, 0), c(1), ab(1, 0), ab(2, 0), c(0), ab(2, 0), c(1), c(0), ab(1, 0)]
    for cut in range(len(sent)):
        processor, found = Processor(CHANNEL, database(derivation("x", "a", "a"), x=kind)), []
        for first, part in ((0, sent[:cut]), (cut, sent[cut:])):
            limits = processor.process(batch(part)).limits
            found += list(
                zip((limits["packet"] + first).tolist(), limits["before"].tolist(), limits["after"].tolist(), strict=True)
            )
        assert found == [(2, 0, 5), (3, 5, 0), (5, 0, 1), (8, 1, 0)]


def test_a_circle_is_refused_by_name_and_the_rest_is_derived() -> None:
    compiled = database(derivation("x", "y + a", "y", "a"), derivation("y", "x", "x"), derivation("z", "a", "a"))
    made = Processor(CHANNEL, compiled).process(batch([ab(1, 2)]))
    assert values(made, "ab", "z") == [1.0] and "/D/x" not in made.engineering["/D/ab"]
    assert {name for name, _ in made.decoded.faults} == {"/D/x", "/D/y"}


def test_a_total_needs_its_own_value() -> None:
    compiled = database(derivation("total", "total + a", "total", "a"))
    processor = Processor(CHANNEL, compiled)
    assert values(processor.process(batch([ab(1, 0), ab(2, 0)])), "ab", "total") == [1.0, 3.0]
    assert values(processor.process(batch([c(0)])), "c", "c") == ["OFF"]
    assert values(processor.process(batch([ab(5, 0)])), "ab", "total") == [8.0]


@pytest.mark.parametrize(
    ("kind", "expression", "expected"),
    [
        (BooleanType(TypeFacts("/D/x_t")), "a > b", ["True", "False"]),
        (
            EnumeratedType(TypeFacts("/D/x_t"), None, (EnumerationEntry("LOW", 4, 4),)),
            "'LOW' if a > b else 'HIGH'",
            ["LOW", None],
        ),
        (StringType(TypeFacts("/D/x_t")), "'more' if a > b else 'less'", ["more", "less"]),
        (IntegerType(TypeFacts("/D/x_t")), "a / b", [3, None]),
        (IntegerType(TypeFacts("/D/x_t"), signed=False, bits=64), "a - b", [2, 0]),
        (FloatType(TypeFacts("/D/x_t")), "0 / b", [0.0, None]),
        (FloatType(TypeFacts("/D/x_t")), "7", [7.0, 7.0]),
    ],
)
def test_results_become_values_of_their_type(kind: Any, expression: str, expected: list[Any]) -> None:
    made = Processor(CHANNEL, database(derivation("x", expression, "a", "b"), x=kind)).process(batch([ab(3, 1), ab(0, 0)]))
    assert values(made, "ab", "x") == expected


def test_what_cannot_be_computed_is_a_fault() -> None:
    compiled = database(derivation("x", "a + c", "a", "c"), derivation("y", "'a' if a else 'b'", "a"))
    made = Processor(CHANNEL, compiled).process(batch([c(1), ab(1, 1)]))
    assert values(made, "ab", "x") == [None] and values(made, "ab", "y") == [None]
    assert {(name, reason.partition(":")[0]) for name, reason in made.decoded.faults} == {
        ("/D/ab", "/D/x is not derived"), ("/D/ab", "/D/y is not derived"),
    }  # fmt: skip


def test_an_algorithm_of_an_xtce_document(tmp_path: Any) -> None:
    path = tmp_path / "derived.xml"
    path.write_text(DOCUMENT)
    made = Processor(CHANNEL, compile_database(load_database(path))).process(batch([space_packet(1, bytes([3, 5]))]))
    column = made.engineering["/S/packet"]["/S/product"]
    assert column.values.tolist() == [15.0] and made.samples == {"/S/packet": 2}


DOCUMENT = """<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet>
<IntegerParameterType name="header_t" signed="false" sizeInBits="64"><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>
<IntegerParameterType name="octet" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<FloatParameterType name="real" sizeInBits="64"/>
</ParameterTypeSet>
<ParameterSet><Parameter name="header" parameterTypeRef="header_t"/><Parameter name="a" parameterTypeRef="octet"/>
<Parameter name="b" parameterTypeRef="octet"/>
<Parameter name="product" parameterTypeRef="real"><ParameterProperties dataSource="derived"/></Parameter></ParameterSet>
<ContainerSet><SequenceContainer name="packet"><EntryList><ParameterRefEntry parameterRef="header"/>
<ParameterRefEntry parameterRef="a"/><ParameterRefEntry parameterRef="b"/></EntryList></SequenceContainer></ContainerSet>
<AlgorithmSet><CustomAlgorithm name="multiply"><AlgorithmText language="Python">a * b</AlgorithmText>
<InputSet><InputParameterInstanceRef parameterRef="a"/><InputParameterInstanceRef parameterRef="b"/></InputSet>
<OutputSet><OutputParameterRef parameterRef="product"/></OutputSet></CustomAlgorithm></AlgorithmSet>
</TelemetryMetaData></SpaceSystem>"""

PACKET = st.tuples(st.just("ab"), st.integers(-3, 3), st.integers(-3, 3)) | st.tuples(st.just("c"), st.integers(0, 2), st.just(0))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(PACKET, st.sampled_from([0, 0, 0, CHECKSUM_BAD])), max_size=20), st.integers(0, 20))
def test_batches_do_not_matter_and_rows_agree_with_a_plain_model(sent: list[Any], cut: int) -> None:
    compiled = database(derivation("x", "a if c == 'ON' else -a", "a", "c"), derivation("total", "total + b", "total", "b"))
    octets = [ab(p[1], p[2]) if p[0] == "ab" else c(p[1]) for p, _ in sent]
    marks = [mark for _, mark in sent]
    processor = Processor(CHANNEL, compiled)
    found: dict[tuple[str, str], list[Any]] = {}
    for part in (slice(0, cut), slice(cut, None)):
        made = processor.process(batch(octets[part], marks[part]))
        for container, name in (("ab", "x"), ("c", "x"), ("ab", "total")):
            if f"/D/{container}" in made.engineering:
                found.setdefault((container, name), []).extend(values(made, container, name))
    latest: dict[str, Any] = {"total": 0.0}
    expected: dict[tuple[str, str], list[Any]] = {}
    for (kind, one, two), mark in sent:
        here = dict(latest) | ({"a": one, "b": two} if kind == "ab" else {"c": {0: "OFF", 1: "ON"}.get(one)})
        a, mode = here.get("a"), here.get("c")
        expected.setdefault((kind, "x"), []).append(None if a is None or mode is None else float(a if mode == "ON" else -a))
        if kind == "ab":
            here["total"] += two
            expected.setdefault(("ab", "total"), []).append(float(here["total"]))
        if not mark:
            latest = {name: value for name, value in here.items() if value is not None} | (
                {"c": latest["c"]} if here.get("c") is None and "c" in latest else {}
            )
    assert found == expected
