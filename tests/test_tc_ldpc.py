"""The telecommand LDPC codes: their matrices, encoders against each other and Yamcs, and what the decoder corrects.

Frame error rates stand beside those of AFF3CT for (128,64) (layered sum-product, 50 iterations) and those of a floating
sum-product decoder written apart from this one for (512,256). Seeds are fixed; bounds are far from what chance does.
"""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.coding import LDPC_128, LDPC_512, Ldpc, derandomize
from aelita.errors import UsageError
from cltu_material import yamcs_vectors
from coding_vectors import vectors

Octets = NDArray[np.uint8]

both = pytest.mark.parametrize("code", [LDPC_128, LDPC_512], ids=lambda code: code.name)


def matrix(code: Ldpc) -> Octets:
    """Return the parity-check matrix in full."""
    checks = code.parity_checks()
    full = np.zeros((len(checks), code.codeword_bits), np.uint8)
    for row, bits in enumerate(checks):
        full[row, bits] = 1
    return full


def solved(code: Ldpc) -> Octets:
    """Return which information bits each parity bit adds, by elimination in the parity-check matrix alone."""
    half = code.codeword_bits // 2
    work = np.roll(matrix(code), half, axis=1)  # parity columns in front
    for column in range(half):
        pivot = column + int(np.flatnonzero(work[column:, column])[0])
        work[[column, pivot]] = work[[pivot, column]]
        others = np.flatnonzero(work[:, column])
        work[others[others != column]] ^= work[column]
    assert np.array_equal(work[:, :half], np.eye(half))  # of full rank
    return work[:, half:]


def random_words(code: Ldpc, count: int, seed: int) -> tuple[Octets, Octets]:
    """Return information and codewords."""
    information = np.random.default_rng(seed).integers(0, 256, (count, code.information_octets), dtype=np.uint8)
    return information, code.encode(information)


def hard(codewords: Octets) -> Octets:
    return np.unpackbits(codewords, axis=1) * np.uint8(255)


@both
def test_the_encoder_is_the_one_that_the_parity_checks_leave(code: Ldpc) -> None:
    information, codewords = random_words(code, 300, 1)
    parity = np.unpackbits(information, axis=1) @ solved(code).T % 2
    assert np.array_equal(np.unpackbits(codewords, axis=1), np.concatenate([np.unpackbits(information, axis=1), parity], axis=1))


@both
def test_the_matrix_is_made_of_circulants(code: Ldpc) -> None:
    full, size = matrix(code), code.circulant
    assert full.shape == (4 * size, 8 * size)
    blocks = full.reshape(4, size, 8, size).swapaxes(1, 2)
    assert np.array_equal(np.roll(blocks, 1, axis=(2, 3)), blocks)
    assert blocks.sum(axis=(2, 3)).tolist() == [
        [2 * size, size, size, size, 0, size, size, size],
        [size, 2 * size, size, size, size, 0, size, size],
        [size, size, 2 * size, size, size, size, 0, size],
        [size, size, size, 2 * size, size, size, size, 0],
    ]


def test_codewords_of_a_real_yamcs_fulfil_every_parity_check() -> None:
    seen = 0
    for vector in yamcs_vectors():
        code = {"LDPC64": LDPC_128, "LDPC256": LDPC_512}.get(vector["cltu_encoding"])
        if code is None:
            continue
        tail = len(vector["cltu_tail_sequence"] or "") // 2
        body = np.frombuffer(bytes.fromhex(vector["cltu_hex"])[8:], np.uint8)
        words = derandomize(body[: body.size - tail].reshape(-1, code.codeword_octets), "telecommand")
        assert not (np.unpackbits(words, axis=1) @ matrix(code).T % 2).any()
        information, wrong = code.decode(hard(words))
        assert information.tobytes().startswith(bytes.fromhex(vector["frame_hex"]))
        assert not wrong.any()
        seen += 1
    assert seen == 60


def test_codewords_of_the_shared_vectors() -> None:
    for name, code in (("cltu_l64_", LDPC_128), ("cltu_l256_", LDPC_512)):
        for letter in "abcd":
            vector = vectors()[name + letter]
            body = np.frombuffer(vector.expected[8:], np.uint8).reshape(-1, code.codeword_octets)
            words = derandomize(body, "telecommand")
            assert words[:, : code.information_octets].tobytes().startswith(vector.given)
            assert np.array_equal(code.encode(words[:, : code.information_octets]), words)


# --- what the decoder corrects


@both
def test_every_single_wrong_bit_is_corrected(code: Ldpc) -> None:
    information, codewords = random_words(code, 1, 2)
    symbols = np.tile(hard(codewords), (code.codeword_bits, 1)) ^ (np.eye(code.codeword_bits, dtype=np.uint8) * 255)
    found, wrong = code.decode(symbols)
    assert (found == information).all()
    assert (wrong == 1).all()


def test_every_pair_of_wrong_bits_is_corrected_in_the_short_code() -> None:
    information, codewords = random_words(LDPC_128, 1, 3)
    pairs = np.array(list(combinations(range(128), 2)))
    symbols = np.repeat(hard(codewords), len(pairs), axis=0)
    symbols[np.arange(len(pairs))[:, None], pairs] ^= 255
    found, wrong = LDPC_128.decode(symbols)
    assert (found == information).all()
    assert (wrong == 2).all()


@pytest.mark.parametrize(
    ("code", "errors", "lost"),
    [(LDPC_128, 3, 0), (LDPC_128, 5, 0.002), (LDPC_128, 7, 0.01), (LDPC_512, 25, 0), (LDPC_512, 30, 0.005)],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_hard_decisions_with_so_many_wrong_bits(code: Ldpc, errors: int, lost: float) -> None:
    information, codewords = random_words(code, 2000, 4)
    places = np.random.default_rng(5).permuted(np.tile(np.arange(code.codeword_bits), (2000, 1)), axis=1)[:, :errors]
    symbols = hard(codewords)
    symbols[np.arange(2000)[:, None], places] ^= 255
    found, wrong = code.decode(symbols)
    good = (found == information).all(axis=1)
    assert np.count_nonzero(~good) <= lost * 2000
    assert (wrong[good] == errors).all()


def noisy(codewords: Octets, bit_energy_db: float, seed: int) -> Octets:
    """Return soft symbols of codewords of rate 1/2 sent through Gaussian noise."""
    sigma = np.sqrt(0.5 / (0.5 * 10 ** (bit_energy_db / 10)))
    sent = 2.0 * np.unpackbits(codewords, axis=1) - 1
    received = sent + np.random.default_rng(seed).normal(0, sigma, sent.shape)
    return np.clip(np.rint(127.5 + 32 * received), 0, 255).astype(np.uint8)


def frame_error_rate(code: Ldpc, bit_energy_db: float, count: int, seed: int) -> float:
    information, codewords = random_words(code, count, seed)
    found, wrong = code.decode(noisy(codewords, bit_energy_db, seed + 1))
    bad = (found != information).any(axis=1)
    undetected = np.count_nonzero(bad & (wrong >= 0))
    assert undetected <= 3
    return float(bad.mean())


@pytest.mark.parametrize(
    ("code", "bit_energy_db", "published", "words"),
    [
        (LDPC_128, 3.0, 4.96e-2, 8000),
        (LDPC_128, 3.5, 1.03e-2, 20000),
        (LDPC_128, 4.0, 1.52e-3, 40000),
        (LDPC_512, 2.0, 1.744e-1, 1500),
        (LDPC_512, 2.5, 2.350e-2, 5000),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_frame_error_rate_beside_the_published_one(code: Ldpc, bit_energy_db: float, published: float, words: int) -> None:
    measured = frame_error_rate(code, bit_energy_db, words, 11)
    print(f"{code.name} at {bit_energy_db} dB: {measured:.2e} measured, {published:.2e} published")
    assert 0.6 * published < measured < 1.5 * published  # 0.2 dB would be a factor of two and more


@both
def test_a_word_that_is_far_from_every_codeword_is_not_decoded_and_given_back(code: Ldpc) -> None:
    symbols = np.random.default_rng(6).integers(0, 2, (200, code.codeword_bits), dtype=np.uint8) * np.uint8(255)
    found, wrong = code.decode(symbols)
    lost = wrong < 0
    assert np.count_nonzero(lost) > 180
    assert np.array_equal(found[lost], np.packbits(symbols[lost] > 127, axis=1)[:, : code.information_octets])


@both
def test_symbols_that_say_nothing_are_filled_in(code: Ldpc) -> None:
    information, codewords = random_words(code, 200, 7)
    symbols = hard(codewords)
    for row, order in enumerate(np.random.default_rng(8).permuted(np.tile(np.arange(code.codeword_bits), (200, 1)), axis=1)):
        symbols[row, order[: code.codeword_bits // 5]] = 127
    assert (code.decode(symbols)[0] == information).all(axis=1).mean() > 0.97


@given(st.sampled_from([LDPC_128, LDPC_512]), st.integers(0, 2**32), st.floats(0, 6))
@settings(max_examples=40, deadline=None)
def test_rows_do_not_disturb_each_other_and_a_decoded_row_is_a_codeword(code: Ldpc, seed: int, bit_energy_db: float) -> None:
    symbols = noisy(random_words(code, 12, seed)[1], bit_energy_db, seed + 1)
    information, wrong = code.decode(symbols)
    for row in range(12):
        alone, count = code.decode(symbols[row : row + 1])
        assert (alone.tobytes(), count[0]) == (information[row].tobytes(), wrong[row])
    again = np.unpackbits(code.encode(information), axis=1)
    distance = (again != symbols // 128).sum(axis=1)
    assert (distance[wrong >= 0] == wrong[wrong >= 0]).all()


@both
def test_other_shapes_are_refused(code: Ldpc) -> None:
    with pytest.raises(UsageError, match="information octets"):
        code.encode(np.zeros((1, code.information_octets + 1), np.uint8))
    with pytest.raises(UsageError, match="symbols"):
        code.decode(np.zeros(code.codeword_bits, np.uint8))
    assert code.encode(np.zeros((0, code.information_octets), np.uint8)).shape == (0, code.codeword_octets)
    assert code.decode(np.zeros((0, code.codeword_bits), np.uint8))[0].shape == (0, code.information_octets)
