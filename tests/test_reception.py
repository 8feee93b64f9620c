"""Reception of damaged recordings: what is lost is exactly what was damaged, and the cutting into pieces never matters."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.coding import ASM, Convolutional, ReedSolomon, randomize
from aelita.link import AFTER_LOSS, INCOMPLETE, LATE, REASONS, RESENT, Channel, Delimiter
from aelita.link.header_error import header_check
from aelita.link.reassembly import FAULTS
from reception_material import Everything, checked, filled, mission_channel, packet, received, tm, tm_frame, tm_frames
from shared import shared

OCTETS = 40
OUT_OF_STEP = "no frame: octets before the next good frame"
CUT_OFF = "frame cut off by the end"
CUTS = st.lists(st.integers(0, 4000), max_size=6)
AOS = Channel.from_toml(
    'name="a"\nspacecraft="A"\nprotocol="AOS"\nspacecraft_id=0xA5\nframe_octets=40\nocf="absent"\nother_channels="packets"'
)
USLP = Channel.from_toml(
    'name="u"\nspacecraft="U"\nprotocol="USLP"\nspacecraft_id=0x2A5\nmaximum_frame_octets=64\nocf="absent"\nother_channels="packets"'
)
PACKETS = Channel.from_toml('name="p"\nspacecraft="P"\nprotocol="packets"')
CODED = '\n[coding]\nmarker="1ACFFC1D"\nrandomizer="short"\nreed_solomon=8\ninterleave=1\nvirtual_fill=199'


def packets_of(seed: int, number: int = 60) -> list[bytes]:
    chance = random.Random(seed)
    return [packet(chance.choice([5, 9, 900]), k, chance.randbytes(chance.randint(1, 90))) for k in range(number)]


def noise(seed: int, octets: int) -> bytes:
    return random.Random(seed).randbytes(octets)


def real(found: Everything) -> list[bytes]:
    return [row[0] for row in found.whole if row[1] != 0x7FF]


@pytest.mark.parametrize("fecf", ["present", "stripped"])
def test_a_clean_recording_gives_every_packet(fecf: str) -> None:
    sent = packets_of(1)
    frames = tm_frames(sent, fecf=fecf == "present")
    found = received(tm(fecf=fecf, octets=len(frames[0])), b"".join(frames))
    assert real(found) == sent
    assert (len(found.good), found.quarantined, found.gaps) == (len(frames), [], [])


@pytest.mark.parametrize("fecf", ["present", "stripped"])
@pytest.mark.parametrize("where", [0, 1, 7, 8, 30])
@pytest.mark.parametrize("extra", [1, 13, 40, 41, 1000])
def test_garbage_between_frames_costs_nothing_else(fecf: str, where: int, extra: int) -> None:
    sent = packets_of(2)
    frames = tm_frames(sent, fecf=fecf == "present")
    garbage = noise(extra, extra)
    recording = b"".join(frames[:where]) + garbage + b"".join(frames[where:])
    found = received(tm(fecf=fecf, octets=len(frames[0])), recording)
    assert [row[0] for row in found.good] == frames
    assert real(found) == sent
    place = sum(len(frame) for frame in frames[:where])
    assert b"".join(q[1] for q in found.quarantined) == garbage
    assert found.quarantined[0][0] == place
    if extra % len(frames[0]):
        assert found.quarantined == [(place, garbage, OUT_OF_STEP)]


@pytest.mark.parametrize("fecf", ["present", "stripped"])
@pytest.mark.parametrize("lost", [1, 5, 20, 30])
def test_octets_lost_inside_a_frame_cost_that_frame(fecf: str, lost: int) -> None:
    frames = tm_frames(packets_of(3), fecf=fecf == "present")
    size = len(frames[0])
    cut = frames[10][:6] + frames[10][6 + lost :]
    recording = b"".join(frames[:10]) + cut + b"".join(frames[11:])
    found = received(tm(fecf=fecf, octets=size), recording)
    assert [row[0] for row in found.good] == frames[:10] + frames[11:]
    assert (10 * size, cut, OUT_OF_STEP) in found.quarantined
    assert found.gaps == [(0, 9, 10, 11, 1)]


@given(st.sets(st.integers(0, 40), max_size=6), st.integers(0, 300), CUTS)
def test_flipped_bits_never_move_the_grid(bad: set[int], bit: int, cuts: list[int]) -> None:
    frames = tm_frames(packets_of(4))
    bad = {k for k in bad if k < len(frames)}
    damaged = [bytearray(frame) for frame in frames]
    for k in bad:
        damaged[k][bit // 8] ^= 0x80 >> bit % 8
    found = received(tm(), b"".join(damaged), cuts)
    assert [row[1] for row in found.frames] == list(range(len(frames)))
    assert [row[1] for row in found.frames if row[3]] == sorted(bad)
    refused = [q for q in sorted(found.quarantined) if q[2] == REASONS[1]]
    assert refused == [(k * OCTETS, bytes(damaged[k]), REASONS[1]) for k in sorted(bad)]


@given(st.sets(st.integers(0, 40), max_size=4), CUTS)
def test_damaged_headers_without_error_control_never_move_the_grid(bad: set[int], cuts: list[int]) -> None:
    frames = tm_frames(packets_of(4), fecf=False)
    bad = {k for k in bad if k < len(frames)}
    damaged = [bytearray(frame) for frame in frames]
    for k in bad:
        damaged[k][0] ^= 0x10
    found = received(tm(fecf="stripped", octets=len(frames[0])), b"".join(damaged), cuts)
    assert [row[1] for row in found.frames if row[3]] == sorted(bad)
    assert len(found.frames) == len(frames)


def test_a_recording_cut_off_in_a_frame_keeps_the_rest_in_quarantine() -> None:
    frames = tm_frames(packets_of(5))
    found = received(tm(), b"".join(frames)[:-7])
    assert [row[0] for row in found.good] == frames[:-1]
    assert found.quarantined[0] == ((len(frames) - 1) * OCTETS, frames[-1][:-7], CUT_OFF)


def test_frames_of_another_spacecraft_are_refused_by_name_and_keep_the_grid() -> None:
    frames = tm_frames(packets_of(6))
    alien = tm_frame(bytes(32), 0, 0, spacecraft=0x15A)
    found = received(tm(), b"".join([*frames[:5], alien, *frames[5:]]))
    assert [row[0] for row in found.good] == frames
    assert found.quarantined == [(5 * OCTETS, alien, "spacecraft id")]
    found = received(tm(), alien * 50)
    assert {q[2] for q in found.quarantined} == {"spacecraft id"}
    assert (len(found.frames), len(found.good), found.packets) == (50, 0, [])


def test_the_wrong_frame_length_gives_no_good_frame_and_loses_no_octet() -> None:
    recording = b"".join(tm_frames(packets_of(7, 400)))
    found = received(tm(octets=42), recording, [100, 5000])
    assert found.good == found.packets == []
    assert b"".join(q[1] for q in sorted(found.quarantined)) == recording


def test_noise_longer_than_the_patience_is_passed_and_frames_found_behind_it() -> None:
    frames = tm_frames(packets_of(8))
    garbage = noise(9, 40 * 100 + 17)
    found = received(tm(), b"".join(frames[:9]) + garbage + b"".join(frames[9:]), [977, 2000])
    assert [row[0] for row in found.good] == frames
    assert b"".join(q[1] for q in sorted(found.quarantined)) == garbage


def test_little_is_kept_of_endless_noise() -> None:
    delimiter = Delimiter(tm(octets=1115))
    for k in range(20):
        delimiter.feed(noise(k, 100_000))
        assert delimiter._rest.size < 34 * 1115


@given(st.sampled_from([tm(), tm(fecf="stripped", octets=38), AOS, USLP, PACKETS]), st.integers(0, 10**6), CUTS)
def test_noise_is_quarantined_whole(channel: Channel, seed: int, cuts: list[int]) -> None:
    octets = noise(seed, 1500)
    found = received(channel, octets, cuts)
    assert found.good == [] or channel.fecf == "stripped"
    if channel.protocol != "packets":
        good = [(row[2], row[0]) for row in found.good]  # without error control, chance may make a header
        refused = [(q[0], q[1]) for q in found.quarantined if len(q[1]) and q[2] not in FAULTS.values()]
        assert b"".join(part for _, part in sorted(good + refused)) == octets


MATERIAL = {
    "TM": (tm(), lambda seed: b"".join(tm_frames(packets_of(seed)))),
    "TM without error control": (
        tm(fecf="stripped", octets=38),
        lambda seed: b"".join(tm_frames(packets_of(seed), fecf=False, octets=38)),
    ),
    "packets": (PACKETS, lambda seed: b"".join(packets_of(seed))),
    "coded": (tm(CODED), lambda seed: coded(tm_frames(packets_of(seed)))),
}


def coded(frames: list[bytes]) -> bytes:
    rows = np.frombuffer(b"".join(frames), np.uint8).reshape(-1, OCTETS)
    blocks = randomize(ReedSolomon(8, 1, True, 199).encode(rows), "short")
    return b"".join(ASM + block.tobytes() for block in blocks)


def harmed(octets: bytes, harms: list[tuple[str, float, int]]) -> bytes:
    for what, where, size in harms:
        at = int(where * len(octets))
        if what == "flip" and octets:
            at = min(at, len(octets) - 1)
            octets = octets[:at] + bytes([octets[at] ^ 1 << size % 8]) + octets[at + 1 :]
        elif what == "lose":
            octets = octets[:at] + octets[at + size :]
        else:
            octets = octets[:at] + noise(size, size) + octets[at:]
    return octets


HARMS = st.lists(st.tuples(st.sampled_from(["flip", "lose", "insert"]), st.floats(0, 1), st.integers(1, 120)), max_size=5)


@pytest.mark.parametrize("kind", MATERIAL)
@given(seed=st.integers(0, 10**6), harms=HARMS, cuts=CUTS)
def test_the_answer_does_not_depend_on_the_pieces(
    kind: str, seed: int, harms: list[tuple[str, float, int]], cuts: list[int]
) -> None:
    channel, make = MATERIAL[kind]
    octets = harmed(make(seed), harms)
    assert received(channel, octets, cuts).sorted() == received(channel, octets).sorted()


@pytest.mark.parametrize("kind", ["TM", "coded"])
@given(seed=st.integers(0, 10**6), harms=HARMS)
def test_good_frames_are_frames_that_were_sent(kind: str, seed: int, harms: list[tuple[str, float, int]]) -> None:
    channel, make = MATERIAL[kind]
    sent = tm_frames(packets_of(seed))
    found = received(channel, harmed(make(seed), harms))
    good = [row[0] for row in found.good]
    left = iter(sent)
    assert all(frame in left for frame in good), "in their order, and no other"
    assert len(sent) - len(good) <= 6 * len(harms)
    assert set(real(found)) <= set(packets_of(seed))


def test_octet_by_octet() -> None:
    for channel, make in MATERIAL.values():
        octets = make(11)[:1000]
        assert received(channel, octets, range(len(octets))).sorted() == received(channel, octets).sorted()


def test_corrected_symbols_are_reported_and_beyond_them_the_frame_is_bad() -> None:
    frames = tm_frames(packets_of(12))
    octets = bytearray(coded(frames))
    block = 4 + OCTETS + 16
    for k in range(3):
        octets[block + 10 + k] ^= 0xFF
    for k in range(9):
        octets[2 * block + 10 + k] ^= 0xFF
    channel = tm(CODED)
    found = received(channel, bytes(octets))
    assert [row[0] for k, row in enumerate(found.frames) if k != 2] == [frame for k, frame in enumerate(frames) if k != 2]
    assert found.corrected[:4] == [(0,), (3,), (-1,), (0,)]
    assert [(q[0], q[2]) for q in found.quarantined] == [(2 * block, "uncorrectable Reed-Solomon codeword")]
    assert found.gaps == [(0, 1, 2, 3, 1)]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("rate", ["1/2", "7/8"])
def test_convolutional_code_and_positions_in_the_recording(rate: str, soft: bool) -> None:
    frames = tm_frames(packets_of(13, 200))
    code = Convolutional(rate)
    symbols = np.unpackbits(code.encode(noise(3, 25) + coded(frames) + noise(4, 64)))
    symbols[5000:200000:700] ^= 1
    recording = (symbols * np.uint8(255)).tobytes() if soft else np.packbits(symbols).tobytes()
    channel = tm(CODED + f'\nconvolutional="{rate}"\nsoft={str(soft).lower()}')
    found = received(channel, recording, [1000, 1001, 9000])
    assert [row[0] for row in found.good] == frames
    bits = code.symbols / code.bit_times * 8 * (1 if soft else 1 / 8)
    places = [row[2] / bits for row in found.frames]
    assert places == pytest.approx([25 + 60 * k for k in range(len(frames))], abs=1.2)
    assert found.sorted() == received(channel, recording).sorted()


def test_counters_and_their_flags() -> None:
    frames = [tm_frame(packet(5, k, bytes([k]) * 26), k, 0) for k in range(12)]
    order = [0, 1, 4, 2, 5, 5, 6, 3, 7, 11]
    found = received(tm(), b"".join(frames[k] for k in order))
    assert [row[4] for row in found.frames] == [0, 0, AFTER_LOSS, LATE, 0, RESENT, 0, LATE, 0, AFTER_LOSS]
    assert [row[2] for row in found.packets] == [0, 1, 4, 2, 5, 6, 3, 7, 11]
    assert found.gaps == [(0, 1, 2, 4, 2), (0, 8, 8, 11, 3)]


def test_a_packet_cut_by_a_gap_is_kept_as_incomplete() -> None:
    sent = [packet(5, 0, bytes(100)), packet(5, 1, bytes(50)), packet(5, 2, bytes(20))]
    frames = tm_frames(sent)
    found = received(tm(), b"".join([*frames[:2], *frames[3:]]))
    assert [(row[2], row[5], len(row[0])) for row in found.packets if row[1] == 5] == [
        (0, INCOMPLETE, 64),
        (1, 0, 56),
        (2, 0, 26),
    ]


def test_aos_frames_with_insert_zone_and_header_error_control() -> None:
    channel = Channel.from_toml(
        'name="a"\nspacecraft="A"\nprotocol="AOS"\nspacecraft_id=0xA5\nframe_octets=48\nocf="absent"\nheader_error_control=true\n'
        'insert_zone_octets=3\nother_channels="packets"'
    )
    sent = packets_of(14)
    starts = np.cumsum([0, *map(len, sent)])[:-1].tolist()
    frames = []
    for count, (body, pointer) in enumerate(filled(b"".join(sent), starts, 48 - 8 - 3 - 2 - 2)):
        address = (1 << 14 | 0xA5 << 6 | 5).to_bytes(2)
        head = address + count.to_bytes(3) + b"\0" + header_check(int.from_bytes(address), 0).to_bytes(2)
        frames.append(checked(head + b"ins" + pointer.to_bytes(2) + body))
    found = received(channel, b"".join(frames), [100])
    assert real(found) == sent
    assert {(row[5], row[6], row[8]) for row in found.frames} == {(0xA5, 5, k) for k in range(len(frames))}


@given(st.binary(max_size=3000), CUTS, st.booleans())
def test_any_octets_through_every_decoder(octets: bytes, cuts: list[int], soft: bool) -> None:
    channel = tm(CODED + f'\nconvolutional="1/2"\nsoft={str(soft).lower()}')
    assert received(channel, octets, cuts).sorted() == received(channel, octets).sorted()
    assert received(tm(CODED), octets, cuts).good == []


RECORDED = {  # frames without their error control are the harder ones to find again
    "tgo": ("exomars", "tgo/tgo_2023-05-24_first_half.tm"),
    "euclid": ("euclid", "euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8"),
    "europa-clipper": ("europa-clipper", "europa-clipper/europa_clipper_frames.u8"),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_real_recording_with_slips_loses_only_the_frames_that_slipped(name: str) -> None:
    mission, path = RECORDED[name]
    channel = mission_channel(mission)
    octets, size = shared(f"data/telemetry/{path}").read_bytes(), channel.frame_octets
    frames = [octets[at : at + size] for at in range(0, len(octets), size)]
    chance = random.Random(1)
    damaged, kept = [], []
    for k, frame in enumerate(frames):
        what = chance.choice(["lose", "insert", "garbage"]) if k % 40 == 20 else ""
        at, many = chance.randint(8, size - 1), chance.randint(1, 3 * size)
        if what == "lose":
            frame = frame[:at] + frame[at + many :]
        elif what == "insert":
            frame = frame[:at] + chance.randbytes(many) + frame[at:]
        else:
            kept.append(frame)
            frame = (chance.randbytes(many) if what else b"") + frame
        damaged.append(frame)
    found = received(channel, b"".join(damaged), [500_000, 1_000_001])
    good = [row[0] for row in found.good]
    assert set(kept) <= set(good)
    # without error control a frame with octets put in looks good
    assert len(good) - len(kept) <= (0 if channel.fecf == "present" else len(frames) // 40 + 1)
