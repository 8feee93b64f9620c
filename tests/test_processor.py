"""The whole of processing: real recordings, damaged packets, and batches cut anywhere."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.link import CHECKSUM_BAD, IDLE_APID, Channel, Packets
from aelita.mdb import compile_database
from aelita.octets import iso_checksum
from aelita.telemetry import Processed, Processor
from aelita.time import NO_TIME
from bench_database import bench_database
from packet_material import batch, mission, space_packet
from recording import HERA, packets, tgo_packets
from test_limits import CHANNEL, bench


@pytest.fixture(scope="module")
def tgo() -> Processed:
    channel, database, clock = mission("exomars")
    return Processor(channel, database, clock).process(batch(tgo_packets()))


def raw(made: Processed, container: str) -> dict[str, Any]:
    found = {one.container: one for one in made.decoded}[container]
    return {name.rpartition("/")[2]: column.values for name, column in found.raw.items()}


def test_services_of_tgo(tgo: Processed) -> None:
    counts: Counter[tuple[int, int]] = Counter()
    for one in tgo.decoded:
        columns = {name.rpartition("/")[2]: column.values for name, column in one.raw.items()}
        if "service" in columns:
            counts.update(zip(columns["service"].tolist(), columns["subtype"].tolist(), strict=True))
    assert counts == {(1, 1): 829, (1, 3): 826, (1, 7): 828, (3, 25): 1097, (3, 26): 140, (5, 1): 1626, (6, 6): 813}
    assert sum(one.packet.size for one in tgo.decoded) == 6_215 and not tgo.decoded.unidentified.size
    assert not tgo.decoded.faults and not tgo.limits["packet"].size


def test_memory_dumps_of_tgo_have_good_checksums(tgo: Processed) -> None:
    dump = raw(tgo, "/TGO/MemoryDump")
    assert len(dump["dump_data"]) == 813
    assert all(
        iso_checksum(data) == checksum and len(data) == length
        for data, checksum, length in zip(dump["dump_data"], dump["dump_checksum"], dump["dump_length"], strict=True)
    )


def test_attitude_of_tgo_at_its_time(tgo: Processed) -> None:
    one = next(one for one in tgo.decoded if one.container == "/TGO/AttitudeAA" or "/TGO/attitude_0" in one.raw)
    first = [tgo.engineering[one.container][f"/TGO/attitude_{i}"].values[0] for i in range(4)]
    assert first == pytest.approx((0.1174881, -0.0232931, -0.3661298, 0.9228234), abs=1e-7)
    assert tgo.ticks[one.packet[0]] / 65536 == pytest.approx(227049675.8, abs=1e-4)


def test_samples_leave_headers_out(tgo: Processed) -> None:
    assert tgo.samples["/TGO/EventReport"] == 1_626 * 7  # five octets, the identifier and the checksum
    assert tgo.samples["/TGO/SpacecraftTime"] == 56 * 3  # rate, P-field and time: these packets have no secondary header
    assert tgo.samples["/TGO/AcceptanceSuccess"] == 829 * 7
    channel, database, clock = mission("hera")
    made = Processor(channel, database, clock).process(batch(packets(*HERA)))
    assert sum(made.samples.values()) > 1_000


def test_idle_packets_are_not_decoded_and_rows_count_them() -> None:
    channel, database, clock = mission("exomars")
    real = tgo_packets()[:40]
    mixed = batch([p for packet in real for p in (space_packet(IDLE_APID, bytes(9)), packet)])
    alone = Processor(channel, database, clock).process(batch(real))
    made = Processor(channel, database, clock).process(mixed)
    assert np.array_equal(made.generated[1::2], alone.generated) and np.all(made.generated[::2] == NO_TIME)
    for one, other in zip(made.decoded, alone.decoded, strict=True):
        assert np.array_equal(one.packet, 2 * other.packet + 1)
    assert made.samples == alone.samples and np.array_equal(made.events["packet"], 2 * alone.events["packet"] + 1)


def test_encapsulation_packets_are_no_space_packets() -> None:
    channel, database, clock = mission("exomars")
    real = tgo_packets()[0]
    made = Processor(channel, database, clock).process(batch([b"\xfe\x10" + bytes(14), real]))
    assert [one.packet.tolist() for one in made.decoded] == [[1]] and not made.decoded.unidentified.size
    assert made.generated[0] == NO_TIME


def test_without_a_database_there_are_times_and_events() -> None:
    channel, _, clock = mission("exomars")
    made = Processor(channel, None, clock).process(batch(tgo_packets()))
    assert (len(made.decoded), made.samples, made.engineering) == (0, {}, {})
    assert np.count_nonzero(made.generated != NO_TIME) == 6_215 and len(made.events["packet"]) == 1_626


def test_an_empty_batch() -> None:
    channel, database, clock = mission("exomars")
    made = Processor(channel, database, clock).process(batch([]))
    assert made.ticks.size == made.generated.size == made.limits["packet"].size == made.events["packet"].size == 0


def joined(parts: list[tuple[int, Processed]]) -> dict[str, Any]:
    """Return what several batches gave as one: `parts` come with the row of their first packet."""
    columns: dict[str, list[Any]] = {}
    samples: Counter[str] = Counter()
    for first, made in parts:
        columns.setdefault("ticks", []).extend(made.ticks.tolist())
        columns.setdefault("generated", []).extend(made.generated.tolist())
        samples.update(made.samples)
        for kind, table in (("limits", made.limits), ("events", made.events)):
            for name, values in table.items():
                shifted = values + first if name == "packet" else values
                columns.setdefault(f"{kind}.{name}", []).extend(list(shifted))
        for one in made.decoded:
            columns.setdefault(one.container, []).extend((one.packet + first).tolist())
            for name, column in made.engineering[one.container].items():
                words = [value if good else None for value, good in zip(column.words(), column.mask(), strict=True)]
                columns.setdefault(f"{one.container}:{name}", []).extend(words)
    return {**columns, "samples": dict(samples)}


def in_parts(processor: Processor, stream: Packets, cuts: list[int]) -> dict[str, Any]:
    bounds = [0, *cuts, len(stream)]
    return joined([(first, processor.process(stream.select(np.arange(first, last)))) for first, last in pairwise(bounds)])


def assert_same(whole: dict[str, Any], parts: dict[str, Any]) -> None:
    assert whole.keys() == parts.keys() and whole["samples"] == parts["samples"]
    different = [name for name in whole if name != "samples" and repr(whole[name]) != repr(parts[name])]  # repr: nan equals nan
    assert not different


@settings(deadline=None, max_examples=6)
@given(st.lists(st.integers(0, 2_000), max_size=4).map(sorted), st.integers(0, 2**32 - 1))
def test_how_the_benchmark_is_cut_does_not_matter(cuts: list[int], seed: int) -> None:
    marks = np.random.default_rng(seed).choice([0, 0, 0, CHECKSUM_BAD], 2_000).astype(np.uint8)
    stream, database = bench(marks), compile_database(bench_database())
    assert_same(in_parts(Processor(CHANNEL, database), stream, []), in_parts(Processor(CHANNEL, database), stream, cuts))


@pytest.mark.parametrize("cuts", [[1], [100, 3_000, 3_001], [0, 6_215]])
def test_how_tgo_is_cut_does_not_matter(tgo: Processed, cuts: list[int]) -> None:
    channel, database, clock = mission("exomars")
    assert_same(joined([(0, tgo)]), in_parts(Processor(channel, database, clock), batch(tgo_packets()), cuts))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.binary(min_size=6, max_size=60), max_size=12), st.integers(0, 15))
def test_arbitrary_octets_are_processed(octets: list[bytes], quality: int) -> None:
    for name in ("exomars", "hera"):
        channel, database, clock = mission(name)
        made = Processor(channel, database, clock).process(batch(octets, [quality] * len(octets)))
        assert made.ticks.size == made.generated.size == len(octets)


def test_flipped_bits_of_real_packets_are_processed() -> None:
    rng = np.random.default_rng(7)
    channel, database, clock = mission("exomars")
    stream = [bytearray(packet) for packet in tgo_packets()[:400]]
    for packet in stream:
        packet[int(rng.integers(len(packet)))] ^= 1 << int(rng.integers(8))
    made = Processor(channel, database, clock).process(batch([bytes(p) for p in stream], [CHECKSUM_BAD] * 400))
    assert not made.limits["packet"].size and set(made.events["severity"].tolist()) == {0}


def test_received_times_serve_where_there_are_no_others() -> None:
    channel = Channel.from_toml('name = "x"\nspacecraft = "X"\nprotocol = "packets"\n')
    made = Processor(channel, compile_database(bench_database())).process(bench(), np.arange(2_000) * 10**9)
    assert np.all(made.generated == NO_TIME)  # they are not taken for generation times
