"""What travels on the streams: frames and merged frames in messages, and the values published of them."""

import itertools
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.archive import Source, open_archive
from aelita.errors import DataError, DefinitionError
from aelita.link import flat_state
from aelita.services import define
from aelita.services.databases import Library
from aelita.services.live.batches import unpack
from aelita.services.live.decoding import LiveDecoder, batch_of, batches_of
from aelita.services.live.messages import (
    FRAMES,
    HOLES,
    Holes,
    Unusable,
    copies_of,
    empty_message,
    merged_of,
    pack_frames,
    pack_merged,
)
from aelita.services.live.publishing import RAW, container_token, messages_of
from aelita.services.live.space import Emitted, Play, SignalPath, arrival, as_heard, emissions
from aelita.telemetry import Copies, Hole, Merged, Merger, Processor, Reception
from aelita.time import SECOND
from following_material import assert_same
from shared import shared

RECORDING = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
FRAME = 1115
HOLE_VALUES = st.builds(Hole, st.integers(0, 63), *(st.integers(-(2**60), 2**60) for _ in range(5)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**60), st.integers(0, 2), st.binary(min_size=1, max_size=3000)), max_size=40))
def test_frames_come_out_of_messages_as_they_went_in(rows: list[tuple[int, int, bytes]]) -> None:
    times, quality, octets = [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
    parts = [copies_of(m, "x", 7) for m in pack_frames(times, np.array(times, np.int64), quality, [0] * len(rows), octets)]
    found = [
        (int(part.received_at[i]), int(part.quality[i]), part.buffer[part.offset[i] :][: part.length[i]].tobytes())
        for part in parts
        for i in range(len(part))
    ]
    assert found == rows and all(part.message == 7 and part.station == "x" for part in parts)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_what_is_no_message_is_refused(octets: bytes) -> None:
    for read in (
        lambda: copies_of(octets, "x", 1),
        lambda: merged_of(octets),
        lambda: Holes.of({HOLES: octets.decode("latin1")}),
    ):
        try:
            read()
        except DataError as error:
            assert str(error)


def test_a_message_with_other_columns_is_refused() -> None:
    with pytest.raises(DataError, match="columns"):
        merged_of(empty_message(FRAMES))


@given(st.lists(HOLE_VALUES, max_size=5), st.lists(HOLE_VALUES, max_size=5))
def test_holes_travel_in_a_header(opened: list[Hole], closed: list[Hole]) -> None:
    holes = Holes(tuple(opened), tuple(closed))
    assert Holes.of(holes.header()) == holes


def recorded(count: int) -> Merged:
    """Return merged frames of the recording, as one station heard them."""
    octets = np.frombuffer(bytearray(shared(RECORDING).read_bytes()[: FRAME * count]), np.uint8)
    rows = np.arange(count, dtype=np.int64)
    zeros = np.zeros(count, np.uint8)
    at = 10**18 + rows * 340_328_000
    copies = Copies(
        "malargue", octets, rows * FRAME, np.full(count, FRAME), at + 969 * SECOND, at, zeros, np.zeros(count, np.int64)
    )
    merger = Merger(define(Library(), mission="exomars").channel)
    first = merger.feed(copies, 0)
    assert len(merger.finish()) == 0
    return first


def test_merged_frames_are_cut_into_messages_and_nothing_is_lost() -> None:
    merged = recorded(700)
    messages = pack_merged(merged)
    assert len(messages) > 2 and all(len(octets) <= 256 << 10 for octets, _ in messages)
    parts = [merged_of(octets, headers)[0] for octets, headers in messages]
    assert [p.octets(i) for p in parts for i in range(len(p))] == [merged.octets(i) for i in range(len(merged))]
    assert np.concatenate([p.emitted_at for p in parts]).tolist() == merged.emitted_at.tolist()
    assert {p.stations for p in parts} == {("malargue",)}


def test_published_values_are_those_of_the_recording() -> None:
    """Raw and engineering values on the stream equal those that the processor gives for the whole recording at once."""
    definition = define(Library(), mission="exomars")
    merged = recorded(600)
    decoder = LiveDecoder(definition)
    rows: dict[str, list[pl.DataFrame]] = {}
    packets = 0
    for first in range(0, 600, 50):
        part = pack_merged(_rows(merged, slice(first, first + 50)))
        for octets, headers in part:
            for out in messages_of("esa", "tgo", decoder.take(merged_of(octets, headers)[0])):
                rows.setdefault(out.subject, []).append(unpack(out.octets))
                packets += out.subject.startswith("esa.packets.") and rows[out.subject][-1].height
    received = Reception(definition.channel).feed(shared(RECORDING).read_bytes()[: FRAME * 600])
    processed = Processor(definition.channel, definition.compiled, definition.clock).process(received.packets)
    assert packets == int((~received.packets.idle).sum())
    compared = 0
    for one in processed.decoded.containers:
        found = pl.concat(rows[f"esa.parameters.tgo.{container_token(one.container)}"], how="diagonal_relaxed")
        assert found["sequence_count"].to_list() == received.packets.sequence_count[one.packet].tolist()
        for name, column in one.raw.items():
            stored = found[name + RAW] if name + RAW in found.columns else found[name]
            if column.labels is None and column.values.dtype.kind in "iuf" and column.values.ndim == 1:
                good = column.valid if column.valid is not None else np.ones(len(column.values), np.bool_)
                assert np.array_equal(stored.to_numpy()[good], column.values[good]), name
                compared += 1
    assert compared > 300
    assert all(frame["received"].null_count() == 0 for frames in rows.values() for frame in frames)


def _rows(merged: Merged, some: slice) -> Merged:
    columns = ("offset", "length", "virtual_channel", "count", "received_at", "emitted_at", "station", "late")
    return Merged(buffer=merged.buffer, stations=merged.stations, **{name: getattr(merged, name)[some] for name in columns})


def test_a_decoder_goes_on_from_its_state() -> None:
    definition = define(Library(), mission="exomars")
    merged = recorded(300)
    whole, first, second = (LiveDecoder(definition) for _ in range(3))
    halves = _rows(merged, slice(0, 150)), _rows(merged, slice(150, 300))
    expected = [whole.take(half) for half in halves]
    first.take(halves[0])
    second.restore(first.state())
    found = second.take(halves[1])
    packets, others = found.received.packets, expected[1].received.packets
    assert packets.frame.tolist() == others.frame.tolist() and packets.buffer.tobytes() == others.buffer.tobytes()
    assert found.packets_received.tolist() == expected[1].packets_received.tolist()
    assert batch_of(halves[1], merged_of(*pack_merged(halves[1])[0])[1], found).frames_station == ["malargue"] * 150


@pytest.mark.parametrize("seed", range(2))
def test_messages_decoded_together_give_the_same_rows(tmp_path: Path, seed: int) -> None:
    """However messages are put together; a packet that late frames complete, with frames behind them too, among them."""
    definition, chance = define(Library(), mission="exomars"), random.Random(seed)
    merged = recorded(400)
    order = np.r_[0:100, 120:200, 100:118, 200:320, 118:120, 320:400]
    late = np.zeros(400, np.bool_)
    late[180:198], late[318:320] = True, True
    merged = replace(_rows(merged, order), late=late)
    edges = [0, *sorted(chance.sample(range(1, 400), 60)), 400]
    messages = [_rows(merged, slice(first, last)) for first, last in itertools.pairwise(edges)]
    archives, counts = [], []
    for most in (1, 12):
        archive, decoder = open_archive(tmp_path / str(most), create=True), LiveDecoder(definition)
        following = archive.follow(Source("5f" * 32, "esa.merged.tgo", -1, spacecraft="tgo"), definition.text)
        made, at = 0, 0
        while at < len(messages):
            some = messages[at : at + chance.randint(1, most)]
            batches = batches_of(decoder, [(one, Unusable([], [], [], [])) for one in some])
            if len(batches) == 1:
                following.commit(at + len(some), batches[0], first=at + 1)
            else:
                for number, batch in enumerate(batches, start=at + 1):
                    following.commit(number, batch)
            made, at = made + len(batches), at + len(some)
        following.flush(flat_state(decoder.state()))
        archives.append(archive)
        counts.append(made)
    assert counts[0] == 61 and 10 < counts[1] < 50
    assert (archives[0].packets()["quality"] == 0).all()
    assert_same(*archives)


def test_a_path_loses_and_damages_the_same_each_time() -> None:
    path = SignalPath(loss=0.3, bit_error_rate=1e-4, outages=((500, 600),), seed=9)
    frames = [Emitted(at, at, bytes(1000)) for at in range(1000)]
    heard = [as_heard(path, "kalyazin", frame.at, frame) for frame in frames]
    assert heard == [as_heard(path, "kalyazin", frame.at, frame) for frame in frames]
    assert heard != [as_heard(path, "malargue", frame.at, frame) for frame in frames]
    assert all(heard[at] is None for at in range(500, 600))
    others = [h for at, h in enumerate(heard) if not 500 <= at < 600]
    assert 0.6 < sum(h is not None for h in others) / len(others) < 0.8
    wrong = [bin(int.from_bytes(h, "big")).count("1") for h in others if h is not None]
    assert 0.5 < np.mean(wrong) < 1.1  # 8000 bits at 1e-4


def test_a_recording_is_emitted_at_its_pace(tmp_path: Path) -> None:
    channel = define(Library(), mission="exomars").channel
    recording = tmp_path / "some.tm"
    recording.write_bytes(shared(RECORDING).read_bytes()[: FRAME * 20])
    play = Play("tgo", channel, recording, 10**18, 8 * FRAME * 10.0, loops=2)
    frames = list(emissions(play))
    assert len(frames) == 40 and [frame.at - 10**18 for frame in frames[:3]] == [0, SECOND // 10, SECOND // 5]
    assert frames[20].octets == frames[0].octets
    assert arrival(lambda station, craft, received: np.array([7]), "x", "tgo", 100) == 107
    with pytest.raises(DefinitionError, match="bit_rate"):
        Play("tgo", channel, recording, 0, 0.0)
