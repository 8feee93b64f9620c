"""Reed-Solomon against libfec, against whole-number polynomials, and under every kind of error pattern."""

import ctypes
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.coding import ReedSolomon
from aelita.coding.galois import TO_CONVENTIONAL, TO_DUAL
from aelita.errors import UsageError
from coding_peers import libfec

__all__ = ["libfec"]
Octets = NDArray[np.uint8]


def times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x187 if a & 0x80 else 0)
        b >>= 1
    return product


def power(exponent: int) -> int:
    value = 1
    for _ in range(exponent % 255):
        value = times(value, 2)
    return value


def model_encode(message: bytes, errors: int) -> bytes:
    """Divide by the generator polynomial, one octet at a time, in the conventional basis."""
    generator = [1]
    for j in range(128 - errors, 128 + errors):
        root = power(11 * j)
        generator = [a ^ times(b, root) for a, b in zip([*generator, 0], [0, *generator], strict=True)]
    rest = list(message) + [0] * (2 * errors)
    for i in range(len(message)):
        for k, coefficient in enumerate(generator):
            rest[i + k] ^= times(coefficient, rest[i]) if k else 0
    return bytes(rest[len(message) :])


def frames(code: ReedSolomon, count: int, seed: int) -> Octets:
    return np.random.default_rng(seed).integers(0, 256, (count, code.frame_octets), dtype=np.uint8)


def damage(code: ReedSolomon, blocks: Octets, errors: int, seed: int) -> Octets:
    """Return blocks with exactly `errors` wrong symbols in every codeword."""
    random, bad = np.random.default_rng(seed), blocks.copy()
    for block in bad:
        for lane in range(code.interleave):
            at = random.choice(code.block_octets // code.interleave, errors, replace=False) * code.interleave + lane
            block[at] ^= random.integers(1, 256, errors, dtype=np.uint8)
    return bad


codes = st.builds(
    lambda errors, interleave, dual, fill: ReedSolomon(errors, interleave, dual, fill * interleave),
    st.sampled_from([8, 16]),
    st.integers(1, 8),
    st.booleans(),
    st.integers(0, 222),
)


@given(codes, st.integers(0, 2**32))
def test_encoding_equals_polynomial_division(code: ReedSolomon, seed: int) -> None:
    block = code.encode(frames(code, 1, seed))[0]
    words = block if not code.dual_basis else TO_CONVENTIONAL[block]
    word = words[:: code.interleave].tobytes()
    assert model_encode(word[: -2 * code.errors], code.errors) == word[-2 * code.errors :]


@given(codes, st.data(), st.integers(0, 2**32))
def test_any_pattern_up_to_the_capability_is_corrected(code: ReedSolomon, draw: st.DataObject, seed: int) -> None:
    length = code.block_octets // code.interleave
    blocks = code.encode(frames(code, 1, seed))
    bad, expected = blocks.copy(), []
    for lane in range(code.interleave):
        where = draw.draw(st.sets(st.integers(0, length - 1), max_size=min(code.errors, length)))
        for at in where:
            bad[0, lane + at * code.interleave] ^= draw.draw(st.integers(1, 255))
        expected.append(len(where))
    decoded = code.decode(bad)
    assert decoded.corrected.tolist() == [expected]
    assert np.array_equal(decoded.blocks, blocks)


@pytest.mark.parametrize("errors", [8, 16])
@pytest.mark.parametrize("dual_basis", [True, False])
def test_more_errors_are_never_claimed_with_a_wrong_word(errors: int, dual_basis: bool) -> None:
    """A decoder may land in another codeword's sphere; what it then gives out must be a codeword within that sphere."""
    code = ReedSolomon(errors, 1, dual_basis)
    blocks = code.encode(frames(code, 3000, 5))
    for wrong in (errors + 1, errors + 2, 2 * errors, 120):
        bad = damage(code, blocks, wrong, 6)
        decoded = code.decode(bad)
        claimed = decoded.corrected[:, 0] >= 0
        if errors == 16:  # probability of one of them is about 1e-14 each
            assert not claimed.any()
        assert np.array_equal(decoded.blocks[~claimed], bad[~claimed])
        changed = np.count_nonzero(decoded.blocks != bad, axis=1)
        assert (changed[claimed] == decoded.corrected[claimed, 0]).all()
        assert np.array_equal(code.encode(decoded.frames[claimed]), decoded.blocks[claimed])
        assert claimed.mean() < 1e-3


def test_errors_in_the_virtual_fill_are_not_invented() -> None:
    """The decoder of a shortened code never 'corrects' a symbol that was not sent."""
    full, short = ReedSolomon(16, 1), ReedSolomon(16, 1, virtual_fill=200)
    bad = full.encode(np.zeros((1, 223), np.uint8))
    bad[0, [3, 50, 199]] ^= 7  # one codeword of the full code with errors only where the short code has fill
    check = full.encode(bad[:, :223])[:, 223:]
    received = np.concatenate([np.zeros((1, 23), np.uint8), check], axis=1)
    assert short.decode(received).corrected.tolist() == [[-1]]


@given(st.binary(min_size=2 * 510, max_size=2 * 510))
def test_arbitrary_octets_are_refused_or_made_codewords(data: bytes) -> None:
    code = ReedSolomon(8, 2)
    decoded = code.decode(np.frombuffer(data, np.uint8).reshape(2, 510))
    again = code.decode(decoded.blocks)
    assert ((decoded.corrected < 0) == (again.corrected < 0)).all()
    assert (again.corrected <= 0).all()


def test_equals_libfec_in_the_dual_basis(libfec: Any) -> None:
    for fill in (0, 23, 222):
        code = ReedSolomon(16, 1, virtual_fill=fill)
        blocks = code.encode(frames(code, 40, fill))
        for block in blocks:
            parity = (ctypes.c_ubyte * 32)()
            libfec.encode_rs_ccsds(block.tobytes(), parity, fill)
            assert bytes(parity) == block[-32:].tobytes()
        for wrong in (0, 1, 7, 16, 17, 30):
            bad = damage(code, blocks, wrong, wrong)
            decoded = code.decode(bad)
            for i, block in enumerate(bad):
                peer = (ctypes.c_ubyte * 255).from_buffer_copy(block.tobytes().ljust(255, b"\0"))
                count = libfec.decode_rs_ccsds(peer, None, 0, fill)
                assert max(count, -1) == decoded.corrected[i, 0]
                if count >= 0:
                    assert bytes(peer)[: code.block_octets] == decoded.blocks[i].tobytes()


@pytest.mark.parametrize(("errors", "fill"), [(16, 0), (16, 100), (8, 0), (8, 175)])
def test_equals_libfec_in_the_conventional_basis(libfec: Any, errors: int, fill: int) -> None:
    code = ReedSolomon(errors, 1, dual_basis=False, virtual_fill=fill)
    dual = ReedSolomon(errors, 1, dual_basis=True, virtual_fill=fill)
    codec = ctypes.c_void_p(libfec.init_rs_char(8, 0x187, 128 - errors, 11, 2 * errors, fill))
    blocks = code.encode(frames(code, 40, fill))
    for block in blocks:
        parity = (ctypes.c_ubyte * (2 * errors))()
        libfec.encode_rs_char(codec, block.tobytes(), parity)
        assert bytes(parity) == block[-2 * errors :].tobytes()
    assert np.array_equal(dual.encode(TO_DUAL[blocks[:, : code.frame_octets]]), TO_DUAL[blocks])
    for wrong in (1, errors, errors + 1):
        bad = damage(code, blocks, wrong, wrong)
        decoded = code.decode(bad)
        for i, block in enumerate(bad):
            peer = (ctypes.c_ubyte * 255).from_buffer_copy(block.tobytes().ljust(255, b"\0"))
            count = libfec.decode_rs_char(codec, peer, None, 0)
            assert max(count, -1) == decoded.corrected[i, 0]
            if count >= 0:
                assert bytes(peer)[: code.block_octets] == decoded.blocks[i].tobytes()
    libfec.free_rs_char(codec)


def test_the_received_blocks_are_left_alone_and_shapes_are_checked() -> None:
    code = ReedSolomon(16, 4)
    blocks = code.encode(frames(code, 2, 1))
    blocks[0, 0] ^= 1
    before = blocks.copy()
    code.decode(blocks)
    assert np.array_equal(blocks, before)
    assert code.decode(blocks[:0]).corrected.shape == (0, 4)
    with pytest.raises(UsageError, match="rows of 1020 octets"):
        code.decode(blocks[:, :-1])
    with pytest.raises(UsageError, match="rows of 892 octets"):
        code.encode(blocks)


@pytest.mark.parametrize("numbers", [(10, 1, True, 0), (16, 0, True, 0), (16, 9, True, 0), (16, 5, True, 3), (16, 1, True, 223)])
def test_impossible_codes_are_refused(numbers: tuple[int, int, bool, int]) -> None:
    with pytest.raises(UsageError):
        ReedSolomon(*numbers)
