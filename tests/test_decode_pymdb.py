"""Documents that yamcs-pymdb writes, and packets made by hand for them."""

import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aelita.mdb.load import load_database
from aelita.telemetry import Decoder, engineering
from aelita.time import tai_ns_from_utc
from bench_database import batch_of
from test_interpret_dynamic import plain
from xtce_peer import compare
from yamcs import pymdb as y

SCHEMES = y.IntegerEncodingScheme


def bits(value: int, count: int) -> str:
    return format(value & ((1 << count) - 1), f"0{count}b")


def octets(*parts: str) -> bytes:
    whole = "".join(parts)
    whole += "0" * (-len(whole) % 8)
    return int(whole, 2).to_bytes(len(whole) // 8) if whole else b""


def hexadecimal(data: bytes) -> str:
    return bits(int.from_bytes(data), 8 * len(data))


def written(system: y.System, folder: Path) -> Path:
    path = folder / f"{system.name}.xml"
    path.write_text(system.dumps())
    return path


def decode(path: Path, packets: list[bytes], root: str) -> list[dict[str, Any]]:
    """Return (raw, engineering) by parameter of each packet."""
    database = load_database(path)
    assert [f for f in database.findings if f.severity != "ignored"] == []
    decoder = Decoder(database, root)
    decoded = decoder.decode(batch_of(packets))
    assert not decoded.faults
    found: list[dict[str, Any]] = [{} for _ in packets]
    for rows in decoded:
        made = engineering(decoder.compiled, rows.container, rows.raw)
        for name, column in rows.raw.items():
            for at in np.flatnonzero(column.mask()):
                short = name.removeprefix(f"/{database.name}/")
                found[rows.packet[at]][short] = (plain(column.values[at]), plain(made[name].words()[at]))
    return found


def scheme_bits(scheme: SCHEMES, value: int, count: int) -> str:
    if value >= 0 or scheme is SCHEMES.TWOS_COMPLEMENT:
        return bits(value, count)
    return bits(~-value, count) if scheme is SCHEMES.ONES_COMPLEMENT else "1" + bits(-value, count - 1)


def test_integers_of_all_widths_and_floats(tmp_path: Path) -> None:
    system = y.System("Widths")
    entries, rng = [], random.Random(5)
    fields: list[tuple[str, list[Any], list[str]]] = []

    def add(name: str, parameter: Any, values: list[Any], encoded: list[str]) -> None:
        entries.append(y.ParameterEntry(parameter))
        fields.append((name, values, encoded))

    for width in range(1, 65):
        kind = y.IntegerParameter(system, f"u{width}", signed=False, bits=64, encoding=y.IntegerEncoding(width))
        values = [0, (1 << width) - 1, *(rng.getrandbits(width) for _ in range(18))]
        add(f"u{width}", kind, values, [bits(v, width) for v in values])
    for scheme in (SCHEMES.TWOS_COMPLEMENT, SCHEMES.ONES_COMPLEMENT, SCHEMES.SIGN_MAGNITUDE):
        for width in range(2, 65, 5):
            name = f"{scheme.name.lower()}_{width}"
            kind = y.IntegerParameter(system, name, bits=64, encoding=y.IntegerEncoding(width, scheme=scheme))
            top = (1 << (width - 1)) - 1
            values = [0, top, -top, *(rng.randint(-top, top) for _ in range(17))]
            add(name, kind, values, [scheme_bits(scheme, v, width) for v in values])
    filler = -sum(len(encoded[0]) for _, _, encoded in fields) % 8
    add(
        "filler",
        y.IntegerParameter(system, "filler", signed=False, encoding=y.IntegerEncoding(filler or 8)),
        [0] * 20,
        ["0" * (filler or 8)] * 20,
    )
    for width, letter in ((16, "H"), (32, "I"), (64, "Q")):
        name = f"le{width}"
        kind = y.IntegerParameter(system, name, signed=False, bits=64, encoding=y.IntegerEncoding(width, little_endian=True))
        values = [rng.getrandbits(width) for _ in range(20)]
        add(name, kind, values, [hexadecimal(struct.pack(f"<{letter}", v)) for v in values])
    for width, letter in ((32, "f"), (64, "d")):
        for little in (False, True):
            name = f"f{width}{'le' if little else ''}"
            kind = y.FloatParameter(system, name, bits=width, encoding=y.FloatEncoding(width, little_endian=little))  # type: ignore[arg-type]
            values = [float(np.float32(rng.uniform(-1e9, 1e9))) for _ in range(20)]
            add(name, kind, values, [hexadecimal(struct.pack(f"{'<' if little else '>'}{letter}", v)) for v in values])
    y.Container(system, "all", entries)
    packets = [octets(*(encoded[k] for _, _, encoded in fields)) for k in range(20)]
    path = written(system, tmp_path)
    for k, packet in enumerate(decode(path, packets, "/Widths/all")):
        assert {name: raw for name, (raw, _) in packet.items()} == {name: values[k] for name, values, _ in fields}
    assert [len(p) for p in decode(path, packets * 2, "/Widths/all")] == [len(fields)] * 40


def test_inheritance_against_space_packet_parser(tmp_path: Path) -> None:
    system = y.System("Tree")
    head = [
        y.IntegerParameter(system, n, signed=False, encoding=y.IntegerEncoding(w))
        for n, w in (("PKT_APID", 8), ("mode", 3), ("rest", 5))
    ]
    a = y.IntegerParameter(
        system, "a", encoding=y.IntegerEncoding(16, scheme=SCHEMES.TWOS_COMPLEMENT), calibrator=y.Polynomial([1, 2])
    )
    b = y.FloatParameter(system, "b", encoding=y.FloatEncoding(32))
    c = y.EnumeratedParameter(system, "c", [(0, "OFF"), (1, "ON"), (2, "AUTO")], encoding=y.IntegerEncoding(8))
    d = y.BinaryParameter(system, "d", encoding=y.BinaryEncoding(24))
    packet = y.Container(system, "packet", [y.ParameterEntry(p) for p in head], abstract=True)
    one = y.Container(
        system, "one", [y.ParameterEntry(a), y.ParameterEntry(c)], base=packet, condition=y.EqExpression(head[0], 1)
    )
    y.Container(
        system,
        "deep",
        [y.ParameterEntry(b)],
        base=one,
        condition=y.AndExpression(y.GtExpression(head[1], 3), y.EqExpression(c, "AUTO")),
    )
    y.Container(
        system,
        "two",
        [y.ParameterEntry(d)],
        base=packet,
        condition=y.OrExpression(y.EqExpression(head[0], 2), y.EqExpression(head[0], 3)),
    )
    rng = random.Random(9)
    packets = []
    for _ in range(400):
        kind, mode, word = rng.randint(0, 4), rng.getrandbits(3), rng.randint(0, 2)
        deep = kind == 1 and mode > 3 and word == 2
        body = (
            rng.randbytes(2) + bytes([word]) + (struct.pack(">f", rng.random()) if deep else b"")
            if kind == 1
            else rng.randbytes(3)
        )
        packets.append(bytes([kind, mode << 5 | rng.getrandbits(5)]) + body)
    _, values = compare(written(system, tmp_path), packets, "packet")
    assert values > 1000


def test_calibrators_booleans_and_times(tmp_path: Path) -> None:
    system = y.System("Kinds")
    parameters = [
        y.BooleanParameter(system, "flag", zero_string_value="no", one_string_value="yes", encoding=y.IntegerEncoding(8)),
        y.FloatParameter(system, "line", encoding=y.IntegerEncoding(8), calibrator=y.Interpolate([0, 100, 200], [0, 10, 40])),
        y.FloatParameter(system, "curve", encoding=y.IntegerEncoding(8), calibrator=y.Polynomial([1, 0.5, 0.25])),
        y.AbsoluteTimeParameter(system, "time", y.Epoch.UNIX, encoding=y.IntegerTimeEncoding(32, scale=0.5)),
        y.StringParameter(system, "name", encoding=y.StringEncoding(bits=40, charset=y.Charset.UTF_8)),
    ]
    y.Container(system, "all", [y.ParameterEntry(p) for p in parameters])
    packet = bytes([1, 150, 4]) + (3_400_000_000).to_bytes(4) + b"ab\0xx"
    (found,) = decode(written(system, tmp_path), [packet], "/Kinds/all")
    assert found["flag"] == (1, "yes")
    assert found["line"] == (150, 25.0)
    assert found["curve"] == (4, 7.0)
    assert found["time"] == (3_400_000_000, tai_ns_from_utc("2023-11-14T22:13:20"))
    assert found["name"] == (b"ab", "ab")


@pytest.mark.parametrize("times", [1, 30])
def test_what_the_packet_decides(tmp_path: Path, times: int) -> None:
    system = y.System("Dynamic")
    byte = y.IntegerDataType(signed=False, encoding=y.IntegerEncoding(8))
    count = y.IntegerParameter(system, "count", signed=False, encoding=y.IntegerEncoding(8))
    listed = y.ArrayParameter(system, "list", byte, length=y.ParameterValue(count))
    three = y.ArrayParameter(system, "three", byte, length=3)
    text = y.StringParameter(system, "text", encoding=y.StringEncoding(charset=y.Charset.UTF_8))
    counted = y.StringParameter(system, "counted", encoding=y.StringEncoding(length_bits=16, termination=None))
    blob = y.BinaryParameter(system, "blob", encoding=y.BinaryEncoding(length_bits=8))
    pair = y.AggregateParameter(
        system,
        "pair",
        [y.IntegerMember("x", signed=False, encoding=y.IntegerEncoding(8)), y.FloatMember("y", encoding=y.FloatEncoding(32))],
    )
    extra = y.IntegerParameter(system, "extra", signed=False, encoding=y.IntegerEncoding(16, little_endian=True))
    again = y.IntegerParameter(system, "again", signed=False, encoding=y.IntegerEncoding(8))
    y.Container(
        system,
        "all",
        [
            y.ParameterEntry(count), y.ParameterEntry(listed), y.ParameterEntry(three), y.ParameterEntry(text), y.ParameterEntry(counted),
            y.ParameterEntry(pair), y.ParameterEntry(extra, condition=y.GtExpression(count, 1)),
            y.ParameterEntry(again, repeat=y.ParameterValue(count)), y.ParameterEntry(blob),
        ],
    )  # fmt: skip

    def packet(n: int, word: str) -> bytes:
        body = bytes([n, *range(n), 7, 8, 9]) + word.encode() + b"\0" + len(word).to_bytes(2) + word.encode()
        body += bytes([n]) + struct.pack(">f", n / 2) + (struct.pack("<H", 1000 + n) if n > 1 else b"")
        return body + bytes(range(n, 0, -1)) + bytes([n]) + b"\xaa" * n

    cases = [(n, "x" * (n % 4)) for n in range(6)] * times
    found = decode(written(system, tmp_path), [packet(*case) for case in cases], "/Dynamic/all")
    for (n, word), values in zip(cases, found, strict=True):
        raw = {name: value for name, (value, _) in values.items()}
        assert raw["count"] == n
        assert raw.get("list", []) == list(range(n))
        assert [raw[f"three[{k}]"] for k in range(3)] == [7, 8, 9]
        assert values["text"][1] == values["counted"][1] == word
        assert (raw["pair.x"], raw["pair.y"]) == (n, n / 2)
        assert raw.get("extra") == (1000 + n if n > 1 else None)
        assert raw.get("again[]", []) == list(range(n, 0, -1))
        assert raw["blob"] == b"\xaa" * n
