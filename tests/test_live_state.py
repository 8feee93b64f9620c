"""Decoders that stop anywhere and go on as new ones, from nothing but plain arrays."""

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import test_derive
import test_interpret_dynamic
from aelita.errors import DataError, UsageError
from aelita.link import CHECKSUM_BAD, FrameReceiver, Received, State, flat_state, nested_state, words_array, words_of
from aelita.mdb import compile_database
from aelita.telemetry import Column, Processed, Processor, Reception
from aelita.telemetry.kept_values import column_kept, kept_column
from bench_database import bench_database
from packet_material import batch, mission
from reception_material import Everything, mission_channel, tm
from shared import shared
from test_limits import CHANNEL, bench
from test_link_model import ACTS, disturbed, sent
from test_processor import assert_same, joined
from test_recordings import PATHS

RECORDINGS = {
    "tgo": ("exomars", "tgo"),
    "hera": ("hera", "hera"),
    "euclid": ("euclid", "euclid"),
    "cruise": ("mars2020", "cruise"),
}


def stored(state: State) -> State:
    """Return a state after it was written to a file and read again, without pickle."""
    file = io.BytesIO()
    flat = flat_state(state)
    np.savez(file, allow_pickle=False, **flat)  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file, allow_pickle=False) as read:
        return nested_state(dict(read))


class Chain:
    """Reception and processing of one recording."""

    def __init__(self, mission_name: str, channel_name: str) -> None:
        self.parts = mission(mission_name, channel_name)
        channel, database, clock = self.parts
        self.reception, self.processor = Reception(channel), Processor(channel, database, clock)

    def feed(self, piece: bytes) -> tuple[Received, Processed]:
        received = self.reception.feed(piece)
        return received, self.processor.process(received.packets)

    def finish(self) -> tuple[Received, Processed]:
        received = self.reception.finish()
        return received, self.processor.process(received.packets)

    def successor(self, name: tuple[str, str]) -> "Chain":
        made, state = Chain(*name), stored({"reception": self.reception.state(), "processor": self.processor.state()})
        reception, processor = state["reception"], state.get("processor", {})
        assert isinstance(reception, dict) and isinstance(processor, dict)
        made.reception.restore(reception)
        made.processor.restore(processor)
        return made


def outcome(made: list[tuple[Received, Processed]]) -> tuple[Everything, dict[str, Any]]:
    everything, first, parts = Everything(), 0, []
    for received, processed in made:
        everything.add(received)
        parts.append((first, processed))
        first += len(received.packets)
    return everything, joined(parts)


@pytest.mark.parametrize("name", RECORDINGS)
@settings(max_examples=2)
@given(data=st.data())
def test_a_recording_with_restarts_gives_the_same(name: str, data: st.DataObject) -> None:
    octets = shared(f"data/telemetry/{PATHS[name]}").read_bytes()[:1_000_000]
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6))), len(octets)]
    pieces = [octets[a:b] for a, b in pairwise(cuts)]
    through, restarting = Chain(*RECORDINGS[name]), Chain(*RECORDINGS[name])
    whole, parts = [], []
    for piece in pieces:
        whole.append(through.feed(piece))
        parts.append(restarting.feed(piece))
        restarting = restarting.successor(RECORDINGS[name])
    whole.append(through.finish())
    parts.append(restarting.finish())
    (frames, values), (same_frames, same_values) = outcome(whole), outcome(parts)
    assert frames == same_frames
    assert_same(values, same_values)


@settings(max_examples=12)
@given(st.integers(0, 10**6), ACTS, st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_lost_repeated_and_late_frames_with_restarts(seed: int, acts: list[tuple[str, int, int]], sizes: list[int]) -> None:
    frames = disturbed(sent(seed, 60), acts)
    through, found, same = FrameReceiver(tm()), Everything(), Everything()
    restarting = FrameReceiver(tm())
    at = 0
    while at < len(frames):
        part = frames[at : at + sizes[at % len(sizes)]]
        offset = np.arange(len(part), dtype=np.int64) * 40
        given_frames = (b"".join(part), offset, np.full(len(part), 40), at * 40 + offset)
        found.add(through.receive(*given_frames))
        same.add(restarting.receive(*given_frames))
        state, restarting = stored(restarting.state()), FrameReceiver(tm())
        restarting.restore(state)
        at += len(part)
    found.add(through.finish())
    same.add(restarting.finish())
    assert found == same


@settings(max_examples=4)
@given(st.lists(st.integers(0, 2_000), min_size=1, max_size=4).map(sorted), st.integers(0, 2**32 - 1))
def test_limits_and_contexts_of_the_benchmark_with_restarts(cuts: list[int], seed: int) -> None:
    marks = np.random.default_rng(seed).choice([0, 0, 0, CHECKSUM_BAD], 2_000).astype(np.uint8)
    stream, database = bench(marks), compile_database(bench_database())
    assert_restarts_change_nothing(lambda: Processor(CHANNEL, database), stream, cuts)


def assert_restarts_change_nothing(make: Callable[[], Processor], stream: Any, cuts: list[int]) -> None:
    whole, parts, processor = [], [], make()
    through = make()
    for first, last in pairwise([0, *cuts, len(stream)]):
        rows = stream.select(np.arange(first, last))
        whole.append((first, through.process(rows)))
        parts.append((first, processor.process(rows)))
        state, processor = stored(processor.state()), make()
        processor.restore(state)
    assert_same(joined(whole), joined(parts))


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(-128, 127)), max_size=30), st.lists(st.integers(0, 30), max_size=3))
def test_derived_values_and_totals_with_restarts(sent_values: list[tuple[int, int]], cuts: list[int]) -> None:
    switched = test_derive.derivation("x", "a if c == 'ON' else -a", "a", "c")
    total = test_derive.derivation("total", "total + a", "total", "a")
    database = test_derive.database(switched, total)
    packets = [test_derive.ab(a, b) if a % 3 else test_derive.c(b & 1) for a, b in sent_values]
    stream, marks = batch(packets), sorted(min(cut, len(packets)) for cut in cuts)
    assert_restarts_change_nothing(lambda: Processor(test_derive.CHANNEL, database), stream, marks)


@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=6, max_size=9)), max_size=40),
    st.lists(st.integers(0, 40), max_size=3),
)
def test_packets_of_varying_layout_with_restarts(sent_octets: list[tuple[int, bytes]], cuts: list[int]) -> None:
    entry, repeat, dynamic = test_interpret_dynamic.entry, test_interpret_dynamic.repeat, test_interpret_dynamic.dynamic
    database = compile_database(test_interpret_dynamic.database(entry("n") + entry("a", repeat(dynamic("n"))) + entry("b")))
    stream = batch([bytes([first]) + rest for first, rest in sent_octets])
    marks = sorted(min(cut, len(sent_octets)) for cut in cuts)
    assert_restarts_change_nothing(lambda: Processor(test_derive.CHANNEL, database, root="/S/C"), stream, marks)


@pytest.mark.parametrize(
    "column",
    [
        Column(np.array([7], ">u2")),
        Column(np.array([np.nan, -0.0, 1e-320])),
        Column(np.array([1], np.uint8), None, ("OFF", "ON")),
        Column(np.array([2**63], np.uint64)),
        Column(np.array(["a\0", None, b"\0\1", "\ud800"], object)),
        Column(np.array([None], object)),
    ],
)
def test_values_of_every_kind_are_kept(column: Column) -> None:
    kept = column_kept(words_of(words_array(kept_column(column))))
    assert kept.values.dtype == column.values.dtype and kept.labels == column.labels
    assert repr(kept.values.tolist()) == repr(column.values.tolist())
    assert kept.values.dtype == object or kept.values.tobytes() == column.values.tobytes()


def test_lists_are_kept() -> None:
    values = np.empty(1, object)
    values[0] = np.array([[1.5, 2.5]], np.float32)
    kept = column_kept(words_of(words_array(kept_column(Column(values)))))
    assert kept.values[0].dtype == np.float32 and kept.values[0].tolist() == [[1.5, 2.5]]


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(DataError, match="has no number"):
        FrameReceiver(tm()).restore({})
    with pytest.raises(DataError, match="a value where a part"):
        Reception(tm()).restore({"delimiter": np.array(1)})
    with pytest.raises(DataError, match="both a value and more"):
        nested_state({"a": np.array(1), "a.b": np.array(2)})
    with pytest.raises(UsageError, match="coded channel"):
        Reception(mission_channel("snpp")).state()
