"""Channel coding against libfec, CRC-16 against `binascii`: rates on the same octets, after the answers were found equal."""

import ctypes
import ctypes.util
from binascii import crc_hqx
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .side_by_side import seconds
from .table import Row, absent, rate

Octets = NDArray[np.uint8]
REPEAT = 9
FRAMES = 300
WRONG = (0, 1, 4, 8, 16)
TARGETS = {0: 8.0, 16: 3.0}
FRAME = 1115
VITERBI_BITS = 200_000


def libfec() -> Any:
    """Return libfec, or None when it is absent."""
    name = ctypes.util.find_library("fec")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.create_viterbi27.restype = ctypes.c_void_p
    library.decode_rs_ccsds.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    return library


def damaged(blocks: Octets, depth: int, wrong: int, random: np.random.Generator) -> Octets:
    """Return codeblocks with `wrong` octets of every codeword changed."""
    words = blocks.reshape(len(blocks), -1, depth).copy()
    for n in range(len(words)):
        for lane in range(depth):
            at = random.choice(words.shape[1], wrong, replace=False)
            words[n, at, lane] ^= random.integers(1, 256, wrong, dtype=np.uint8)
    return words.reshape(blocks.shape)


def reed_solomon(library: Any) -> list[Row]:
    """Decode the same codewords, E=16 in the dual basis: ours interleaved by five, libfec's laid out one after another.

    Ours includes taking the interleaving apart; the peer's includes a call through ctypes for each codeword.
    """
    from aelita.coding import ReedSolomon

    made, code, random = [], ReedSolomon(16, 5), np.random.default_rng(1)
    blocks = code.encode(random.integers(0, 256, (FRAMES, code.frame_octets), dtype=np.uint8))
    for wrong in WRONG:
        bad = damaged(blocks, 5, wrong, random)
        apart = np.ascontiguousarray(bad.reshape(FRAMES, 255, 5).transpose(0, 2, 1)).reshape(-1, 255)
        work = apart.copy()
        places = [work.ctypes.data + 255 * i for i in range(len(work))]

        def theirs(places: list[int] = places) -> None:
            for place in places:
                library.decode_rs_ccsds(place, None, 0, 0)

        def again(work: Octets = work, apart: Octets = apart) -> None:
            work[:] = apart

        decoded = code.decode(bad)
        theirs()
        right = work.reshape(FRAMES, 5, 255).transpose(0, 2, 1).reshape(FRAMES, -1)
        name = f"Reed-Solomon, {wrong} wrong symbols of 255"
        if not (np.array_equal(right, decoded.blocks) and (decoded.corrected == wrong).all()):
            made.append(absent(name, f"{name}: the codewords differ"))
            continue
        spent = seconds({"ours": lambda bad=bad: code.decode(bad), "peer": theirs}, REPEAT, again)  # type: ignore[misc]
        mbit = 8e-6 * code.frame_octets * FRAMES
        made.append(rate(name, mbit / spent["ours"], mbit / spent["peer"], "Mbit/s", TARGETS.get(wrong)))
    return made


def crc() -> list[Row]:
    """Check one long message, and frames of 1115 octets one by one as a reader of frames does."""
    from aelita.octets import crc16, crc16_many

    octets = np.random.default_rng(2).integers(0, 256, 4000 * FRAME, dtype=np.uint8)
    data = octets.tobytes()
    frames = [data[i : i + FRAME] for i in range(0, len(data), FRAME)]
    offset = np.arange(0, len(data), FRAME)
    length = np.full(offset.size, FRAME)
    if crc16(octets) != crc_hqx(data, 0xFFFF) or crc16_many(octets, offset, length).tolist() != [
        crc_hqx(f, 0xFFFF) for f in frames
    ]:
        return [absent("CRC-16", "the checksums differ")]
    mbit = 8e-6 * len(data)
    whole = seconds({"ours": lambda: crc16(octets), "peer": lambda: crc_hqx(data, 0xFFFF)}, REPEAT)
    each = seconds(
        {"ours": lambda: crc16_many(octets, offset, length), "peer": lambda: [crc_hqx(f, 0xFFFF) for f in frames]}, REPEAT
    )
    return [
        rate("CRC-16, one long message", mbit / whole["ours"], mbit / whole["peer"], "Mbit/s", 2.5),
        rate("CRC-16, frames of 1115 octets", mbit / each["ours"], mbit / each["peer"], "Mbit/s", 2.5),
    ]


def viterbi(library: Any) -> Row:
    """Decode noisy soft symbols of rate 1/2; libfec gets them in one call, as one long block."""
    from aelita.coding import Convolutional, Viterbi

    random = np.random.default_rng(3)
    data = random.integers(0, 256, VITERBI_BITS // 8, dtype=np.uint8)
    sent = np.unpackbits(Convolutional().encode(data.tobytes() + b"\0"))[: 2 * (VITERBI_BITS + 6)]
    noisy = 127.5 + 64 * (2.0 * sent - 1 + random.normal(0, 0.5, sent.size))
    symbols = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    codec = ctypes.c_void_p(library.create_viterbi27(VITERBI_BITS))
    library.set_viterbi27_polynomial((ctypes.c_int * 2)(0x4F, -0x6D))
    peer, given = (ctypes.c_ubyte * (VITERBI_BITS // 8))(), symbols.tobytes()

    def theirs() -> None:
        library.init_viterbi27(codec, 0)
        library.update_viterbi27_blk(codec, given, VITERBI_BITS + 6)
        library.chainback_viterbi27(codec, peer, VITERBI_BITS, 0)

    def ours() -> Octets:
        decoder = Viterbi(Convolutional(), soft=True, phase=0)
        return np.concatenate([decoder.feed(symbols), decoder.finish()])

    name = "Viterbi, rate 1/2, soft"
    theirs()
    if bytes(peer) != data.tobytes() or ours()[: data.size].tobytes() != data.tobytes():
        return absent(name, "the decoded bits differ")
    spent = seconds({"ours": ours, "peer": theirs}, REPEAT)
    library.delete_viterbi27(codec)
    mbit = 1e-6 * VITERBI_BITS
    return rate(name, mbit / spent["ours"], mbit / spent["peer"], "Mbit/s")


def synchronization() -> list[Row]:
    """Find and derandomize frames behind markers, on octet boundaries and three bits off; the peer is NumPy on boundaries."""
    from aelita.coding import ASM, Synchronizer, derandomize

    octets, count = 1275, 2000
    frames = np.random.default_rng(4).integers(0, 256, (count, octets), dtype=np.uint8)
    units = np.hstack([np.tile(np.frombuffer(ASM, np.uint8), (count, 1)), derandomize(frames, "short")])
    stream = units.reshape(-1)
    shifted = np.packbits(np.concatenate([np.array([1, 0, 1], np.uint8), np.unpackbits(stream)]))

    def ours(data: Octets) -> Octets:
        machine = Synchronizer(ASM, octets)
        found = [machine.feed(data).frames, machine.finish().frames]
        return derandomize(np.concatenate(found), "short")

    def plain() -> Octets:
        rows = stream.reshape(count, -1)
        marker = np.frombuffer(ASM, np.uint8)
        good = (rows[:, :4] == marker).all(axis=1)
        return derandomize(rows[good, 4:], "short")

    if not all(np.array_equal(answer, frames) for answer in (ours(stream), ours(shifted), plain())):
        return [absent("synchronization", "the frames differ")]
    spent = seconds({"aligned": lambda: ours(stream), "shifted": lambda: ours(shifted), "peer": plain}, REPEAT)
    mbit = 8e-6 * stream.size
    return [
        rate(name, mbit / spent[key], mbit / spent["peer"], "Mbit/s")
        for name, key in (
            ("synchronized and derandomized", "aligned"),
            ("the same, three bits off the octets", "shifted"),
        )
    ]


def rows() -> list[Row]:
    """Return all rows of channel coding."""
    library = libfec()
    made = crc() + synchronization()
    if library is None:
        return [absent("Reed-Solomon and Viterbi", "libfec is absent (Debian: apt install libfec-dev)"), *made]
    return [*reed_solomon(library), *made, viterbi(library)]
