"""Convolutional codes: shared vectors, the best path found by brute force, libfec on noise, and real frames end to end."""

import ctypes
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.coding import ASM, Convolutional, ReedSolomon, Synchronizer, Viterbi, derandomize
from aelita.errors import UsageError
from coding_peers import libfec
from coding_vectors import vectors
from shared import shared

__all__ = ["libfec"]
Octets = NDArray[np.uint8]
RATES = {"1/2": "12", "2/3": "23", "3/4": "34", "5/6": "56", "7/8": "78"}
NOT_INVERTED = Convolutional("1/2", second_inverted=False)


def decode(code: Convolutional, symbols: Octets | bytes, *, soft: bool, phase: int | None, cuts: tuple[int, ...] = ()) -> Octets:
    decoder = Viterbi(code, soft=soft, phase=phase)
    edges = [0, *sorted(min(c, len(symbols)) for c in cuts), len(symbols)]
    return np.concatenate([*(decoder.feed(symbols[a:b]) for a, b in itertools.pairwise(edges)), decoder.finish()])


def received(bits: Octets, sigma: float, seed: int) -> Octets:
    """Return soft symbols of bits sent over a channel with Gaussian noise; amplitude 1 is 64 steps from the middle."""
    noisy = 2.0 * bits - 1 + np.random.default_rng(seed).normal(0, sigma, bits.size)
    return np.clip(np.rint(127.5 + 64 * noisy), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "code"), [(f"conv_{n}", Convolutional(rate)) for rate, n in RATES.items()] + [("conv_12_noinv", NOT_INVERTED)]
)
def test_vectors(name: str, code: Convolutional) -> None:
    vector = vectors()[name]
    assert code.encode(vector.given).tobytes() == vector.expected
    assert decode(code, vector.expected, soft=False, phase=0).tobytes().startswith(vector.given)


def test_the_first_output_of_a_one_is_the_generator() -> None:
    bits = np.unpackbits(NOT_INVERTED.encode(b"\x80"))[:14]
    assert bits[::2].tolist() == [1, 1, 1, 1, 0, 0, 1]  # 171 octal
    assert bits[1::2].tolist() == [1, 0, 1, 1, 0, 1, 1]  # 133 octal


@pytest.mark.parametrize("kind", ["short", "long"])
def test_symbols_become_a_frame(kind: str) -> None:
    vector = vectors()[f"chain_conv_rs_i5_{kind}"]
    octets = decode(Convolutional(), vector.expected, soft=False, phase=0)
    machine = Synchronizer(ASM, 1275)
    found = np.concatenate([machine.feed(octets).frames, machine.finish().frames])
    decoded = ReedSolomon(16, 5).decode(derandomize(found, kind))
    assert decoded.frames.tobytes() == vector.given
    assert not decoded.corrected.any()


def registers(bits: list[int], start: int) -> list[tuple[int, int]]:
    """Return both outputs (not inverted) at every bit time, from the six earlier bits `start`, the newest first."""
    made, state = [], start
    for bit in bits:
        register = bit << 6 | state
        made.append(((register & 0o171).bit_count() & 1, (register & 0o133).bit_count() & 1))
        state = register >> 1
    return made


def certainty(code: Convolutional, symbols: Octets) -> NDArray[np.int64]:
    """Return what the symbols say of both outputs at every bit time; zero where nothing was sent or received."""
    times = -(-len(symbols) // code.symbols) * code.bit_times
    levels = np.zeros((times, 2), np.int64)
    slots = (code.sent + 2 * code.bit_times * np.arange(times // code.bit_times)[:, None]).ravel()[: len(symbols)]
    levels.ravel()[slots] = 2 * symbols.astype(np.int64) - 255
    levels[:, 1] *= -1 if code.inverts_second else 1
    return levels


def gain(levels: NDArray[np.int64], outputs: list[tuple[int, int]]) -> int:
    return int((levels[: len(outputs)] * (2 * np.array(outputs) - 1)).sum())


@given(st.sampled_from(list(RATES)), st.booleans(), st.binary(min_size=12, max_size=60), st.integers(0, 7))
def test_the_path_found_is_the_best_there_is(rate: str, second_first: bool, data: bytes, phase: int) -> None:
    """Dynamic programming in plain Python over arbitrary symbols: no path has more certainty than the decoded one."""
    code = Convolutional(rate, second_first)
    phase %= code.symbols
    symbols = np.frombuffer(data, np.uint8)
    levels = certainty(code, symbols[phase:])
    best = dict.fromkeys(range(64), 0)
    for level in levels:
        after: dict[int, int] = {}
        for state, so_far in best.items():
            for bit in (0, 1):
                register = bit << 6 | state
                outputs = registers([bit], state)
                after[register >> 1] = max(after.get(register >> 1, -(2**62)), so_far + gain(level[None], outputs))
        best = after
    bits = np.unpackbits(decode(code, symbols, soft=True, phase=phase))
    times = len(levels) - (int(np.count_nonzero(levels.any(axis=1)[::-1].cumsum() == 0)) if len(levels) else 0)
    path = bits[:times].tolist()
    assert max(gain(levels, registers(path, start)) for start in range(64)) == max(best.values())


@given(
    st.sampled_from(list(RATES)),
    st.booleans(),
    st.integers(0, 2**32),
    st.lists(st.integers(0, 30000), max_size=8),
    st.sampled_from([None, 0, 1]),
)
def test_any_segmentation_gives_the_same(rate: str, soft: bool, seed: int, cuts: list[int], phase: int | None) -> None:
    code, random = Convolutional(rate), np.random.default_rng(seed)
    sent = np.unpackbits(code.encode(random.integers(0, 256, 1500, dtype=np.uint8)))
    symbols = received(sent, 0.5, seed) if soft else np.packbits(received(sent, 0.5, seed) > 127)
    whole = decode(code, symbols, soft=soft, phase=phase)
    assert np.array_equal(whole, decode(code, symbols, soft=soft, phase=phase, cuts=tuple(cuts)))


def test_octet_by_octet() -> None:
    code = Convolutional("3/4")
    symbols = code.encode(np.random.default_rng(3).integers(0, 256, 400, dtype=np.uint8))
    whole = decode(code, symbols, soft=False, phase=None)
    assert np.array_equal(whole, decode(code, symbols, soft=False, phase=None, cuts=tuple(range(len(symbols)))))


@pytest.mark.parametrize("rate", RATES)
def test_the_phase_of_the_pattern_is_found_and_shown(rate: str) -> None:
    code = Convolutional(rate)
    data = np.random.default_rng(1).integers(0, 256, 3000, dtype=np.uint8)
    bits = np.unpackbits(code.encode(data))
    for missing in range(code.symbols):
        symbols = received(bits[missing:], 0.4, 2)  # 0.6 % of hard symbols are wrong
        quality = code.disagreements(symbols[:8400])
        right = -missing % code.symbols
        assert int(np.argmin(quality)) == right
        assert quality[right] < 0.7 * np.delete(quality, right).min()
        found = np.unpackbits(decode(code, symbols, soft=True, phase=None))
        lost = -(-missing // code.symbols) * code.bit_times
        expected = np.unpackbits(data)[lost:]
        assert np.count_nonzero(found[: expected.size][: found.size] != expected[: found.size]) < 40


def test_the_wrong_convention_is_shown() -> None:
    symbols = received(np.unpackbits(Convolutional().encode(bytes(range(256)) * 8)), 0.3, 1)
    assert Convolutional().disagreements(symbols).min() < 0.01
    assert NOT_INVERTED.disagreements(symbols).min() > 0.05
    assert Convolutional(second_first=True).disagreements(symbols).min() > 0.05


def test_inverted_symbols_give_inverted_bits() -> None:
    """Every generator has an odd number of taps, so the polarity can be left to the frame synchronizer."""
    data = np.random.default_rng(4).integers(0, 256, 500, dtype=np.uint8)
    for rate in RATES:
        code = Convolutional(rate)
        found = np.unpackbits(decode(code, ~code.encode(data), soft=False, phase=0))[: 8 * data.size]
        assert np.array_equal(found[20:] ^ 1, np.unpackbits(data)[20:])


def test_the_disagreement_is_the_symbol_error_rate() -> None:
    code = Convolutional()
    symbols = np.unpackbits(code.encode(np.random.default_rng(5).integers(0, 256, 20000, dtype=np.uint8)))
    wrong = np.random.default_rng(6).random(symbols.size) < 0.02
    decoder = Viterbi(code, soft=False, phase=0)
    decoder.feed(np.packbits(symbols ^ wrong))
    decoder.finish()
    assert decoder.disagreement == pytest.approx(wrong.mean(), rel=0.02)


def test_as_good_as_libfec_on_noise(libfec: Any) -> None:
    code, octets = Convolutional(), 25_000
    data = np.random.default_rng(7).integers(0, 256, octets, dtype=np.uint8)
    symbols = received(np.unpackbits(code.encode(data.tobytes() + b"\0")), 0.85, 8)[: 2 * (8 * octets + 6)]
    libfec.create_viterbi27.restype = ctypes.c_void_p
    codec = ctypes.c_void_p(libfec.create_viterbi27(8 * octets))
    libfec.set_viterbi27_polynomial((ctypes.c_int * 2)(0x4F, -0x6D))
    libfec.init_viterbi27(codec, 0)
    libfec.update_viterbi27_blk(codec, symbols.tobytes(), 8 * octets + 6)
    peer = (ctypes.c_ubyte * octets)()
    libfec.chainback_viterbi27(codec, peer, 8 * octets, 0)
    libfec.delete_viterbi27(codec)
    bits = np.unpackbits(data)
    theirs = np.count_nonzero(np.unpackbits(np.frombuffer(peer, np.uint8)) != bits)
    ours = np.count_nonzero(np.unpackbits(decode(code, symbols, soft=True, phase=0)[:octets]) != bits)
    hard = np.count_nonzero(np.unpackbits(decode(code, np.packbits(symbols > 127), soft=False, phase=0)[:octets]) != bits)
    assert theirs > 100
    assert ours <= 1.02 * theirs
    assert hard > 5 * ours  # what soft decisions are worth


@pytest.mark.parametrize("rate", RATES)
def test_a_real_recording_through_a_noisy_coded_channel(rate: str) -> None:
    """Frames of S-NPP, encoded, inverted, with symbols missing at the start: all but the first come out corrected."""
    recording = shared("data/telemetry/snpp/snpp_synchronized_cadus.dat").read_bytes()[: 20 * 1024]
    code = Convolutional(rate)
    symbols = received(np.unpackbits(code.encode(recording)) ^ 1, {"1/2": 0.75, "2/3": 0.6, "3/4": 0.55}.get(rate, 0.45), 9)[777:]
    decoder, machine = Viterbi(code, soft=True), Synchronizer(ASM, 1020, search_errors=2)
    parts = [machine.feed(decoder.feed(symbols[i : i + 10_000])) for i in range(0, symbols.size, 10_000)]
    parts += [machine.feed(decoder.finish()), machine.finish()]
    found = np.concatenate([p.frames for p in parts])
    assert all(p.inverted.all() for p in parts)
    decoded = ReedSolomon(16, 4).decode(derandomize(found, "short"))
    assert (decoded.corrected >= 0).all()
    sent = np.frombuffer(recording, np.uint8).reshape(20, 1024)[1:, 4:]
    assert np.array_equal(decoded.blocks[:19], derandomize(sent, "short"))


@given(st.binary(max_size=300), st.sampled_from(list(RATES)), st.booleans(), st.sampled_from([None, 0, 1, 2]))
def test_arbitrary_symbols_give_bits(data: bytes, rate: str, soft: bool, phase: int | None) -> None:
    code = Convolutional(rate)
    made = decode(code, data, soft=soft, phase=phase)
    symbols = len(data) if soft else 8 * len(data)
    assert len(made) <= (symbols * code.bit_times / code.symbols + code.bit_times) / 8 + 1


def test_an_unknown_rate_is_refused() -> None:
    with pytest.raises(UsageError, match="4/5"):
        Convolutional("4/5")
