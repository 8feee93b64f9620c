"""Error rates on Gaussian noise against measured ones (libfec, 8-bit soft symbols; binary phase shift keying).

Measured: rate 1/2 alone at 3.0 dB 3.55e-4 wrong bits; concatenated with Reed-Solomon (255, 223) of depth 5, codeblocks lost at
2.0 dB 16 %, at 2.3 dB below 0.3 %. Seeds are fixed and bounds lie far from what chance does.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from aelita.coding import Convolutional, ReedSolomon, Viterbi

Octets = NDArray[np.uint8]


def through_noise(octets: Octets, bit_energy_db: float, information: float, seed: int) -> Octets:
    """Return soft symbols of octets sent at rate 1/2; `information` is the part of the octets that is information."""
    bits = np.unpackbits(Convolutional().encode(octets))
    sigma = np.sqrt(0.5 / (0.5 * information * 10 ** (bit_energy_db / 10)))
    noisy = 2.0 * bits - 1 + np.random.default_rng(seed).normal(0, sigma, bits.size)
    return np.clip(np.rint(127.5 + 48 * noisy), 0, 255).astype(np.uint8)


def decoded(symbols: Octets, *, soft: bool) -> Octets:
    decoder = Viterbi(Convolutional(), soft=soft, phase=0)
    given = symbols if soft else np.packbits(symbols > 127)
    return np.concatenate([decoder.feed(given), decoder.finish()])


def wrong_bits(bit_energy_db: float, *, soft: bool, seed: int) -> float:
    octets = np.random.default_rng(seed).integers(0, 256, 125_000, dtype=np.uint8)
    found = decoded(through_noise(octets, bit_energy_db, 1.0, seed + 1), soft=soft)
    return float(np.unpackbits(found[: octets.size] ^ octets).mean())


def test_bit_errors_of_soft_and_hard_decisions() -> None:
    soft = wrong_bits(3.0, soft=True, seed=1)
    assert soft == pytest.approx(3.55e-4, rel=0.5)  # a million bits: some 80 bursts
    assert wrong_bits(4.0, soft=True, seed=2) < 0.2 * soft
    assert wrong_bits(3.0, soft=False, seed=3) > 10 * soft
    assert 0.3 * soft < wrong_bits(5.1, soft=False, seed=4) < 3 * soft  # hard decisions cost two decibels


def lost_codeblocks(bit_energy_db: float, blocks: int, seed: int) -> int:
    code = ReedSolomon(16, 5)
    sent = code.encode(np.random.default_rng(seed).integers(0, 256, (blocks, code.frame_octets), dtype=np.uint8))
    symbols = through_noise(sent.reshape(-1), bit_energy_db, 223 / 255, seed + 1)
    received = decoded(symbols, soft=True)[: sent.size].reshape(sent.shape)
    made = code.decode(received)
    good = (made.corrected >= 0).all(axis=1)
    assert np.array_equal(made.blocks[good], sent[good])
    return int(np.count_nonzero(~good))


def test_concatenated_codes_lose_all_or_nothing_within_a_decibel() -> None:
    assert lost_codeblocks(2.5, 60, 5) == 0
    assert lost_codeblocks(1.6, 60, 6) > 40
