"""Decoding against the peer benchmark's own model of packets: raw values, engineering values, which container each packet is."""

import numpy as np
import pytest

from aelita.errors import UsageError
from aelita.telemetry import Decoder, engineering
from bench_database import batch_of, bench_database, bench_packets, peer_module


def expected(p: object, count: int) -> np.ndarray:
    values = peer_module("gen_packets").value(p, np.arange(count))
    return values / {"f32": 1024.0, "f64": 65536.0}.get(p.kind, 1)  # type: ignore[attr-defined]


def test_every_raw_value_of_the_peer_benchmark() -> None:
    model, decoded = peer_module("model"), Decoder(bench_database()).decode(bench_packets(5000))
    assert {c.container for c in decoded} == {f"/bench/{s}/hk" for s in model.SUBSYSTEMS}
    assert decoded.unidentified.size == decoded.ambiguous.size == 0 and not decoded.faults
    for rows in decoded:
        apid = model.APID0 + model.SUBSYSTEMS.index(rows.container.split("/")[2])
        assert rows.packet.tolist() == list(range(apid - model.APID0, 5000, 10))
        for p in model.params_of(apid):
            np.testing.assert_array_equal(rows.raw[p.qualified].values, expected(p, 500))
            assert rows.raw[p.qualified].valid is None


def test_engineering_values_of_the_peer_benchmark() -> None:
    model, decoder = peer_module("model"), Decoder(bench_database())
    words = {"enum": dict(model.ENUM), "b_mode": dict(model.MODE), "b_flag": {0: "False", 1: "True"}}
    for rows in decoder.decode(bench_packets(2000)):
        made = engineering(decoder.compiled, rows.container, rows.raw)
        apid = model.APID0 + model.SUBSYSTEMS.index(rows.container.split("/")[2])
        for p in model.params_of(apid):
            raw, column = expected(p, 200), made[p.qualified]
            if p.kind in words:
                assert column.words().tolist() == [words[p.kind][int(v)] for v in raw]
            elif p.calibrator is None:
                np.testing.assert_array_equal(column.values, raw)
            elif p.calibrator[0] == "poly":
                np.testing.assert_allclose(column.values, sum(c * raw**i for i, c in enumerate(p.calibrator[1])), rtol=1e-12)
            else:
                np.testing.assert_allclose(column.values, np.interp(raw, *p.calibrator[1:]), rtol=1e-15)


def test_headers_are_not_samples() -> None:
    decoder = Decoder(bench_database())
    decoded = decoder.decode(bench_packets(100))
    headers = {c.container: decoder.compiled.layout(c.container).headers(13) for c in decoded}
    assert all(len(h) == 10 for h in headers.values())  # seven of the primary header, three of the secondary
    assert sum(c.samples(headers[c.container]) for c in decoded) == 100 * 20
    assert sum(c.samples() for c in decoded) == 100 * 30


def test_packet_of_no_container_is_unidentified() -> None:
    batch = bench_packets(10)
    packets = [batch.buffer[o : o + n].tobytes() for o, n in zip(batch.offset, batch.length, strict=True)]
    packets[3] = b"\x09\xff" + packets[3][2:]  # an APID that the database does not know
    packets[7] = b"\x00" + packets[7][1:]  # no secondary header
    decoded = Decoder(bench_database()).decode(batch_of(packets))
    assert decoded.unidentified.tolist() == [3, 7]
    assert sorted(int(i) for c in decoded for i in c.packet) == [0, 1, 2, 4, 5, 6, 8, 9]


@pytest.mark.parametrize("length", [0, 1, 2, 6, 18, 19, 20, 40, 66, 67, 68])
def test_fields_beyond_the_packet_are_invalid(length: int) -> None:
    batch = bench_packets(20)
    whole, short = batch.buffer[64:133].tobytes(), batch.buffer[64 : 64 + length].tobytes()  # APID 101: 67 octets and a checksum
    decoded = Decoder(bench_database()).decode(batch_of([whole, short, whole]))
    known = next(c for c in decoded if c.container == "/bench/AOCS/hk")
    assert known.packet.tolist() == ([0, 1, 2] if length >= 2 else [0, 2])
    if length < 2:  # the fields that decide what it is are not there
        assert decoded.unidentified.tolist() == [1]
        return
    assert decoded.faults == ({("/bench/AOCS/hk", "the packet ends before its fields do"): 1} if length < 67 else {})
    model = peer_module("model")
    for p in model.params_of(101):
        held = (p.bit + model.BITS[p.kind]) <= 8 * length
        column = known.raw[p.qualified]
        assert column.mask().tolist() == [True, held, True]
        assert column.values[0] == column.values[2] == expected(p, 1)[0]


def test_unknown_root_is_refused() -> None:
    with pytest.raises(UsageError, match="no container /bench/nothing"):
        Decoder(bench_database(), root="/bench/nothing")


def test_root_can_be_a_container_below() -> None:
    decoded = Decoder(bench_database(), root="/bench/pus").decode(bench_packets(20))
    assert sum(c.packet.size for c in decoded) == 20
