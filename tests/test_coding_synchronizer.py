"""Frame synchronization: a real recording shifted, inverted and damaged; streams built bit by bit; any segmentation."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.coding import ASM, ASM_TURBO_1_2, ASM_TURBO_1_6, ReedSolomon, Synchronized, Synchronizer, derandomize
from aelita.errors import UsageError
from shared import shared

Bits = NDArray[np.uint8]
SNPP = "data/telemetry/snpp/snpp_synchronized_cadus.dat"
CADU = 1024
SNPP_CODE = ReedSolomon(16, 4)


def bits(data: bytes) -> Bits:
    return np.unpackbits(np.frombuffer(data, np.uint8))


def join(*parts: Bits) -> bytes:
    """Pack bits into octets, filled with zeros."""
    return np.packbits(np.concatenate(parts)).tobytes()


def noise(count: int, seed: int) -> Bits:
    return np.random.default_rng(seed).integers(0, 2, count, dtype=np.uint8)


def gather(parts: list[Synchronized]) -> Synchronized:
    return Synchronized(
        np.concatenate([p.frames for p in parts]),
        np.concatenate([p.position for p in parts]),
        np.concatenate([p.inverted for p in parts]),
        np.concatenate([p.marker_errors for p in parts]),
        [s for p in parts for s in p.skipped],
    )


def run(machine: Synchronizer, data: bytes, cuts: list[int] | None = None) -> Synchronized:
    edges = [0, *sorted(cuts or []), len(data)]
    parts = [machine.feed(data[a:b]) for a, b in pairwise(edges)]
    return gather([*parts, machine.finish()])


def same(one: Synchronized, other: Synchronized) -> bool:
    return (
        np.array_equal(one.frames, other.frames)
        and np.array_equal(one.position, other.position)
        and np.array_equal(one.inverted, other.inverted)
        and np.array_equal(one.marker_errors, other.marker_errors)
        and one.skipped == other.skipped
    )


def snpp() -> bytes:
    return shared(SNPP).read_bytes()


def snpp_frames() -> NDArray[np.uint8]:
    return np.frombuffer(snpp(), np.uint8).reshape(65, CADU)[:, 4:]


def test_a_real_recording_needs_no_correction() -> None:
    found = run(Synchronizer(ASM, CADU - 4), snpp())
    assert found.position.tolist() == list(range(0, 65 * 8 * CADU, 8 * CADU))
    assert found.skipped == []
    assert not found.marker_errors.any() and not found.inverted.any()
    decoded = SNPP_CODE.decode(derandomize(found.frames, "short"))
    assert decoded.corrected.shape == (65, 4) and not decoded.corrected.any()
    headers = decoded.frames[:, :2].astype(np.int64) @ (256, 1)
    assert set(headers & 63) == {16} and set(headers >> 6 & 0xFF) == {157}


@pytest.mark.parametrize("shift", range(8))
@pytest.mark.parametrize("invert", [False, True])
def test_a_real_recording_at_any_bit_offset_and_either_polarity(shift: int, invert: bool) -> None:
    stream = join(noise(shift, 1), bits(snpp()) ^ invert)
    found = run(Synchronizer(ASM, CADU - 4), stream, [1, 5000, 5001, 40000])
    assert np.array_equal(found.frames, snpp_frames())
    assert (found.inverted == invert).all()
    assert found.position.tolist() == list(range(shift, shift + 65 * 8 * CADU, 8 * CADU))


def test_a_real_recording_with_noise() -> None:
    """Symbol errors in every frame and in the markers: the same frames after correction."""
    random = np.random.default_rng(7)
    stream = np.frombuffer(snpp(), np.uint8).reshape(65, CADU).copy()
    for cadu in stream:
        at = np.concatenate([4 + lane + 4 * random.choice(255, 10, replace=False) for lane in range(4)])
        cadu[at] ^= random.integers(1, 256, 40, dtype=np.uint8)
        cadu[random.integers(4)] ^= 0x11
    stream[[9, 10, 30], :4] ^= 0x5A  # markers beyond recognition
    found = run(Synchronizer(ASM, CADU - 4, search_errors=2), join(noise(3, 1), bits(stream.tobytes()) ^ 1))
    assert len(found.frames) == 65
    assert np.flatnonzero(found.marker_errors > 4).tolist() == [9, 10, 30]
    decoded = SNPP_CODE.decode(derandomize(found.frames, "short"))
    assert (decoded.corrected == 10).all()
    assert np.array_equal(decoded.blocks, derandomize(snpp_frames(), "short"))


def test_lost_and_inserted_bits_and_garbage() -> None:
    cadus = [bits(snpp()[i * CADU : (i + 1) * CADU]) for i in range(20)]
    cadus[3] = np.delete(cadus[3], [1000, 4000, 4001])  # bits lost within a frame: this frame is gone, the next is not
    cadus[6] = np.concatenate([cadus[6], noise(5, 2)])
    cadus[9] = np.concatenate([cadus[9], noise(30011, 3)])
    cadus[12] = cadus[12][:500]
    for i in range(15, 20):
        cadus[i] = cadus[i] ^ 1
    found = run(Synchronizer(ASM, CADU - 4), join(*cadus))
    kept = [i for i in range(20) if i not in (3, 12)]
    assert np.array_equal(found.frames, snpp_frames()[kept])
    assert found.inverted.tolist() == [i >= 15 for i in kept]
    starts = np.cumsum([0, *[c.size for c in cadus]])
    assert found.position.tolist() == starts[kept].tolist()
    spans = [(s.position, s.bits, s.reason) for s in found.skipped]
    assert spans == [
        (starts[3], 8 * CADU - 3, "frame cut short by the next sync marker"),
        (starts[7] - 5, 5, "no sync marker"),
        (starts[10] - 30011, 30011, "no sync marker"),
        (starts[12], 500, "frame cut short by the next sync marker"),
    ] + ([(starts[20], -starts[20] % 8, "no sync marker")] if starts[20] % 8 else [])


def test_the_last_frame_of_a_recording_may_be_cut_off() -> None:
    found = run(Synchronizer(ASM, CADU - 4), snpp()[: 10 * CADU + 700])
    assert len(found.frames) == 10
    assert [(s.position, s.bits, s.reason) for s in found.skipped] == [(80 * CADU, 5600, "frame cut off by the end")]
    assert found.skipped[0].octets == snpp()[10 * CADU : 10 * CADU + 700]


def test_a_lone_frame_in_noise() -> None:
    frame = noise(800, 4)
    stream = join(noise(12345, 5), bits(ASM_TURBO_1_2), frame, noise(20000, 6))
    found = run(Synchronizer(ASM_TURBO_1_2, 100, flywheel=0), stream)
    assert found.position.tolist() == [12345]
    assert np.array_equal(found.frames[0], np.packbits(frame))


@pytest.mark.parametrize("marker", [ASM, ASM_TURBO_1_2, ASM_TURBO_1_6])
def test_marker_errors_are_counted_in_search_and_in_lock(marker: bytes) -> None:
    random = np.random.default_rng(8)
    frames = random.integers(0, 2, (7, 400), dtype=np.uint8)
    wrong, parts = [3, 0, 5, 1, 5, 2, 0], []
    for frame, count in zip(frames, wrong, strict=True):
        head = bits(marker)
        head[random.choice(head.size, count, replace=False)] ^= 1
        parts += [head, frame]
    stream = join(*parts)
    found = run(Synchronizer(marker, 50, search_errors=3, lock_errors=5), stream)
    assert found.marker_errors.tolist() == wrong
    assert np.array_equal(found.frames, np.packbits(frames, axis=1))
    strict = run(Synchronizer(marker, 50, search_errors=2, lock_errors=4, flywheel=0), stream)
    assert strict.marker_errors.tolist() == [0, 1, 2, 0]


def test_garbage_is_reported_in_pieces_without_being_kept() -> None:
    machine = Synchronizer(ASM, 100)
    data = np.random.default_rng(9).integers(0, 256, 300_000, dtype=np.uint8).tobytes()
    made = gather([machine.feed(data[i : i + 1000]) for i in range(0, len(data), 1000)])
    assert [s.bits for s in made.skipped] == [8 * 65536] * 4
    assert machine._buffer.size < 70_000
    assert b"".join(s.octets for s in [*made.skipped, *machine.finish().skipped]) == data


TOKENS = st.one_of(
    st.just(bits(ASM)),
    st.just(bits(ASM) ^ 1),
    st.integers(0, 31).map(lambda i: bits(ASM) ^ (np.arange(32) == i)),
    st.binary(min_size=1, max_size=6).map(bits),
    st.integers(1, 9).map(lambda n: np.zeros(n, np.uint8)),
    st.binary(min_size=3, max_size=3).map(lambda b: np.concatenate([bits(ASM), bits(b)])),
)


@given(
    st.lists(TOKENS, max_size=40),
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_any_segmentation_gives_the_same_and_no_bit_is_lost(
    tokens: list[Bits], octets: int, search: int, lock: int, flywheel: int, cuts: list[int]
) -> None:
    data = join(np.zeros(0, np.uint8), *tokens)
    whole = run(Synchronizer(ASM, octets, search, lock, flywheel), data)
    assert same(whole, run(Synchronizer(ASM, octets, search, lock, flywheel), data, [c for c in cuts if c <= len(data)]))
    assert same(whole, run(Synchronizer(ASM, octets, search, lock, flywheel), data, list(range(len(data)))))
    spans = [(p, p + 32 + 8 * octets) for p in whole.position.tolist()]
    spans += [(s.position, s.position + s.bits) for s in whole.skipped]
    assert [bit for a, b in sorted(spans) for bit in range(a, b)] == list(range(8 * len(data)))
    stream = bits(data)
    for i, start in enumerate(whole.position):
        head = stream[start : start + 32] ^ whole.inverted[i]
        assert np.count_nonzero(head != bits(ASM)) == whole.marker_errors[i]
        body = stream[start + 32 : start + 32 + 8 * octets] ^ whole.inverted[i]
        assert np.array_equal(np.packbits(body), whole.frames[i])
    for s in whole.skipped:
        assert s.octets == data[s.position // 8 : -(-(s.position + s.bits) // 8)]


@given(st.lists(st.tuples(st.integers(0, 60), st.binary(min_size=9, max_size=9)), min_size=1, max_size=12), st.booleans())
def test_every_whole_frame_between_garbage_is_found(items: list[tuple[int, bytes]], inverted: bool) -> None:
    """Garbage is zeros, which no marker resembles."""
    parts: list[Bits] = []
    for gap, frame in items:
        parts += [np.zeros(gap, np.uint8), bits(ASM), bits(frame)]
    found = run(Synchronizer(ASM, 9, lock_errors=0, flywheel=0), join(*(p ^ inverted for p in parts)))
    assert [f.tobytes() for f in found.frames] == [frame for _, frame in items]
    assert (found.inverted == inverted).all()


@pytest.mark.parametrize("numbers", [(b"\x1a\xcf", 10), (ASM, 0), (ASM, 10, 8), (ASM, 10, 0, -1), (ASM, 10, 0, 0, -1)])
def test_impossible_settings_are_refused(numbers: tuple[bytes, int]) -> None:
    with pytest.raises(UsageError):
        Synchronizer(*numbers)
