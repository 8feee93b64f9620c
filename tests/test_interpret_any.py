"""Any database and any octets: what the decoder reads by shape is what the interpreter reads, and nothing crashes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita import missions
from aelita.mdb import (
    Algorithm,
    ArrayType,
    BinaryEncoding,
    BinaryType,
    Comparison,
    Container,
    ContainerEntry,
    Database,
    DynamicSize,
    Entry,
    IndirectEntry,
    IntegerEncoding,
    IntegerScheme,
    IntegerType,
    Location,
    LookupSize,
    Operator,
    Origin,
    Parameter,
    ParameterEntry,
    ParameterType,
    Placement,
    Reference,
    Repeat,
    Size,
    StringEncoding,
    StringType,
    TypeFacts,
    compile_database,
)
from aelita.mdb.load import load_database
from aelita.telemetry import Decoder, engineering
from aelita.telemetry.interpret import interpret
from bench_database import batch_of
from test_interpret import same

SMALL = [f"/S/n{k}" for k in range(3)]
REFERENCES = st.sampled_from(SMALL).map(Reference)
COMPARISONS = st.builds(Comparison, REFERENCES, st.sampled_from(Operator), st.integers(0, 3).map(str))
ALGORITHMS = REFERENCES.map(lambda r: Algorithm("x % 2 == 1", (("x", r),)))
CONDITIONS = COMPARISONS | ALGORITHMS


def sizes(unit: int) -> st.SearchStrategy[Size]:
    told = st.builds(DynamicSize, REFERENCES, st.just(float(unit)), st.sampled_from([0.0, -1.0, 4.0]))
    looked = st.lists(st.tuples(CONDITIONS, st.integers(0, 3).map(lambda n: n * unit)), min_size=1, max_size=2)
    return told | looked.map(lambda choices: LookupSize(tuple(choices)))


@st.composite
def placements(draw: st.DrawFn) -> Placement:
    locations = [Location()] * 6 + [
        Location(bits=3),
        Location(Origin.CONTAINER_END, 16),
        Location(bits=DynamicSize(Reference(SMALL[0]))),
    ]
    location = draw(st.sampled_from(locations))
    include = draw(st.none() | st.none() | CONDITIONS)
    repeat = draw(st.none() | st.none() | st.builds(Repeat, st.just(2) | sizes(1), st.sampled_from([0, 5])))
    return Placement(location, include, repeat)


@st.composite
def dynamic_databases(draw: st.DrawFn) -> Database:
    types: dict[str, ParameterType] = {}
    parameters: dict[str, Parameter] = {}

    def add(name: str, kind: Any, *arguments: Any) -> ParameterEntry:
        types[f"{name}_t"] = kind(TypeFacts(f"{name}_t"), *arguments)
        parameters[name] = Parameter(name, f"{name}_t", aliases=(("ID", str(len(parameters))),))
        return ParameterEntry(name, draw(placements()))

    entries: list[Entry] = [add(name, IntegerType, IntegerEncoding(draw(st.sampled_from([3, 8])))) for name in SMALL]
    entries.append(add("/S/i", IntegerType, IntegerEncoding(draw(st.integers(1, 64)), draw(st.sampled_from(IntegerScheme)))))
    entries.append(add("/S/b", BinaryType, BinaryEncoding(draw(sizes(8) | st.just(-1)))))
    texts = [
        StringEncoding(termination=b"\0"),
        StringEncoding(length_prefix_bits=8),
        StringEncoding(size=DynamicSize(Reference(SMALL[0]), 8.0)),
    ]
    entries.append(add("/S/s", StringType, draw(st.sampled_from(texts))))
    dimensions = draw(st.lists(st.tuples(st.just(0), st.just(1) | sizes(1)), min_size=1, max_size=2))
    entries.append(add("/S/a", ArrayType, "/S/i_t", tuple(dimensions)))
    entries.append(IndirectEntry(Reference(SMALL[0]), "ID", draw(placements())))
    inner = draw(st.lists(st.sampled_from(entries), max_size=3))
    entries.append(ContainerEntry("/S/inner", draw(placements())))
    heads = [ParameterEntry(name) for name in SMALL]
    chosen = [*heads, *draw(st.lists(st.sampled_from(entries), min_size=1, max_size=6))]
    containers = {
        "/S/inner": Container("/S/inner", tuple(inner)),
        "/S/c": Container("/S/c", tuple(chosen)),
        "/S/d": Container("/S/d", tuple(inner), base="/S/c", restriction=draw(CONDITIONS)),
    }
    return Database("S", "1", "", types, parameters, containers)


def check(database: Database, packets: list[bytes], root: str) -> None:
    """Decode packets, and hold every value against the interpreter's."""
    decoder = Decoder(compile_database(database), root)
    decoded = decoder.decode(batch_of(packets))
    faults: dict[tuple[str, str], int] = {}
    for rows in decoded:
        engineering(decoder.compiled, rows.container, rows.raw)
        for at, row in enumerate(rows.packet.tolist()):
            made = interpret(decoder.compiled, rows.container, packets[row])
            lists: dict[str, list[Any]] = {}
            for item, value in zip(made.fields, made.values, strict=True):
                if item.group:
                    lists.setdefault(item.group, []).append(value)
                else:
                    same(rows.raw[item.column], at, value)
            for name, values in lists.items():
                column = rows.raw[name]
                assert column.mask()[at] == all(v is not None for v in values)
                assert not column.mask()[at] or list(column.values[at]) == values
            names = {item.group or item.column for item in made.fields}
            assert not any(column.mask()[at] for name, column in rows.raw.items() if name not in names)
            for reason in made.faults:
                faults[rows.container, reason] = faults.get((rows.container, reason), 0) + 1
    assert {k: n for k, n in decoded.faults.items() if "evaluated" not in k[1]} == faults


@given(dynamic_databases(), st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.integers(1, 12))
def test_packets_by_shape_are_packets_one_by_one(database: Database, packets: list[bytes], times: int) -> None:
    check(database, packets * times, "/S/c")


MISSIONS = sorted(Path(missions.__path__[0]).glob("*/*.xml"))


@pytest.mark.parametrize("path", MISSIONS, ids=lambda path: path.stem)
def test_arbitrary_octets_and_the_databases_of_missions(path: Path) -> None:
    database = load_database(path)
    compiled = compile_database(database)
    constants = sorted({c.right for c in comparisons(database) if isinstance(c.right, str) and c.right.isdigit()}, key=int)

    @given(st.lists(packets(constants), min_size=1, max_size=30), st.integers(1, 8))
    @settings(max_examples=20)
    def decode(found: list[bytes], times: int) -> None:
        decoded = Decoder(compiled).decode(batch_of(found * times))
        rows = [int(row) for each in decoded for row in each.packet]
        assert sorted([*rows, *decoded.unidentified.tolist()]) == list(range(len(found) * times))
        for each in decoded:
            for column in engineering(compiled, each.container, each.raw).values():
                assert len(column) == each.packet.size

    decode()


def comparisons(database: Database) -> list[Comparison]:
    found = [c.restriction for c in database.containers.values()]
    terms = [t for c in found for t in getattr(c, "terms", (c,))]
    return [t for t in terms if isinstance(t, Comparison)]


def packets(constants: list[str]) -> st.SearchStrategy[bytes]:
    """Octets with headers that the database knows now and then, cut anywhere."""

    def make(apid: str, rest: bytes, length: int) -> bytes:
        return (0x0800 | int(apid) & 0x7FF).to_bytes(2) + b"\xc0\x00" + length.to_bytes(2) + rest

    known = st.builds(make, st.sampled_from(constants or ["0"]), st.binary(max_size=100), st.integers(0, 0xFFFF))
    return st.binary(max_size=60) | known | st.builds(lambda p, n: p[:n], known, st.integers(0, 60))
