"""CLTUs against those of a real Yamcs and the vectors of other programs; BCH promises; the receiver on any stream of bits."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.coding import (
    TAIL_BCH,
    TAIL_LDPC_128,
    TAIL_LDPC_128_OLD,
    CltuEnd,
    CltuReceived,
    CltuReceiver,
    CltuRules,
    CltuStarted,
    CodewordAccepted,
    ReceiverEvent,
    ReceiverState,
    TcCode,
    decode_bch,
    encode_bch,
    encode_cltu,
)
from aelita.coding.cltu_receiver import TRANSITIONS
from aelita.errors import UsageError
from cltu_material import (
    ALL_RULES,
    BCH,
    BCH_PLAIN,
    LDPC_LONG,
    LDPC_SHORT,
    LDPC_TAIL,
    alternating,
    bits,
    cltus,
    name_of,
    received,
    symbols,
    yamcs_rules,
    yamcs_vectors,
)
from coding_vectors import octets, row, vectors

Octets = NDArray[np.uint8]

FORMS = {
    "cltu_bch_": BCH_PLAIN,
    "cltu_bchr_": BCH,
    "cltu_l64_newtail_": LDPC_TAIL,
    "cltu_l64t_": CltuRules.ldpc_128(tail=TAIL_LDPC_128_OLD),
    "cltu_l64_": LDPC_SHORT,
    "cltu_l256_": LDPC_LONG,
}
every_rules = pytest.mark.parametrize("rules", ALL_RULES, ids=name_of)


def stream(parts: list[Octets]) -> Octets:
    return np.concatenate(parts)


# --- truths made elsewhere


def test_cltus_of_a_real_yamcs_are_equal_octet_for_octet() -> None:
    assert len(yamcs_vectors()) == 160  # of 200 BD frames; the other 40 went out without channel coding
    for vector in yamcs_vectors():
        assert encode_cltu(bytes.fromhex(vector["frame_hex"]), yamcs_rules(vector)).hex() == vector["cltu_hex"], vector["config"]


def test_the_receiver_finds_every_frame_that_yamcs_sent() -> None:
    for vector in yamcs_vectors():
        receiver = CltuReceiver(yamcs_rules(vector))
        events = receiver.feed(b"\x55" * 16 + bytes.fromhex(vector["cltu_hex"]) + b"\x55" * 128) + receiver.deactivate()
        frame = bytes.fromhex(vector["frame_hex"])
        (cltu,) = cltus(events)
        assert cltu.octets.startswith(frame)
        assert len(cltu.octets) - len(frame) < receiver.rules.information_octets
        assert (cltu.position, cltu.corrected, cltu.start_errors, cltu.inverted) == (128, 0, 0, False)
        assert cltu.end is (CltuEnd.TAIL if receiver.rules.tail else CltuEnd.REJECTED)


@pytest.mark.parametrize("form", FORMS)
def test_cltus_of_the_shared_vectors(form: str) -> None:
    names = [name for name in vectors() if name.startswith(form) and len(name) == len(form) + 1]
    assert len(names) == 4
    for name in names:
        assert encode_cltu(vectors()[name].given, FORMS[form]) == vectors()[name].expected, name


def test_bch_codewords_of_the_shared_vectors() -> None:
    names = [name for name in vectors() if name.startswith("bch_")]
    assert len(names) == 5
    for name in names:
        vector = vectors()[name]
        assert encode_bch(row(vector.given)).tobytes() == vector.expected
        information, wrong = decode_bch(row(vector.expected), correct=False)
        assert (information.tobytes(), wrong.tolist()) == (vector.given, [0])


# --- BCH: what the code promises


def damaged(codeword: Octets, *positions: int) -> Octets:
    flipped = np.unpackbits(codeword)
    flipped[list(positions)] ^= 1
    return np.packbits(flipped)


def codeword_of(seed: int) -> Octets:
    return encode_bch(np.random.default_rng(seed).integers(0, 256, (1, 7), dtype=np.uint8))[0]


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_any_wrong_bit_is_corrected_and_any_two_are_detected(seed: int) -> None:
    codeword = codeword_of(seed)
    single = np.stack([damaged(codeword, bit) for bit in range(64)])
    information, wrong = decode_bch(single, correct=True)
    assert np.array_equal(information, np.tile(codeword[:7], (64, 1)))
    assert wrong.tolist() == [1] * 64
    double = np.stack([damaged(codeword, *pair) for pair in combinations(range(64), 2)])
    assert (decode_bch(double, correct=True)[1] == -1).all()


def test_up_to_three_wrong_bits_are_detected_without_correction() -> None:
    codeword = codeword_of(5)
    for count in (1, 2, 3):
        wrong = np.stack([damaged(codeword, *places) for places in combinations(range(63), count)])
        assert (decode_bch(wrong, correct=False)[1] == -1).all()


def test_codewords_are_a_linear_space_with_four_bits_between_them() -> None:
    generators = encode_bch(np.packbits(np.eye(56, dtype=np.uint8), axis=1)) ^ encode_bch(np.zeros((1, 7), np.uint8))
    assert np.array_equal(np.unpackbits(generators, axis=1)[:, :56], np.eye(56))
    weights = [np.unpackbits(np.bitwise_xor.reduce(generators[list(rows)])).sum() for rows in combinations(range(56), 3)]
    assert min(np.unpackbits(generators, axis=1).sum(axis=1).min(), *weights) == 4


@pytest.mark.parametrize("mode", [True, False])
def test_no_tail_with_a_wrong_bit_passes_for_a_codeword(mode: bool) -> None:
    tail = octets(TAIL_BCH)
    one = np.stack([tail, *(damaged(tail, bit) for bit in range(64))])
    assert (decode_bch(one, correct=mode)[1] == -1).all()


def test_a_batch_is_decoded_as_its_rows_are() -> None:
    words = np.random.default_rng(8).integers(0, 256, (500, 8), dtype=np.uint8)
    information, wrong = decode_bch(words, correct=True)
    for i in range(len(words)):
        alone, count = decode_bch(words[i : i + 1], correct=True)
        assert (alone.tobytes(), count[0]) == (information[i].tobytes(), wrong[i])


# --- CLTUs


@given(st.sampled_from(ALL_RULES), st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=4))
@settings(deadline=None)
def test_several_frames_follow_each_other_in_a_cltu(rules: CltuRules, frames: list[bytes]) -> None:
    made = encode_cltu(frames, rules)
    assert made == encode_cltu(b"".join(frames), rules)
    assert len(made) == rules.cltu_octets(sum(map(len, frames)))
    (cltu,) = cltus(received(CltuReceiver(rules), stream([bits(made), alternating(600)])))
    assert cltu.octets.startswith(b"".join(frames))
    fill = cltu.octets[sum(map(len, frames)) :]
    assert len(fill) < rules.information_octets
    if rules is not BCH:  # there the receiver derandomizes fill that was not randomized
        assert set(fill) <= {0x55}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CltuRules(TcCode.LDPC_128, False, b"\x03", b""), "without randomizer"),
        (lambda: CltuRules.bch(randomized=True, tail=b""), "without tail"),
        (lambda: CltuRules.bch(randomized=True, tail=TAIL_LDPC_128), "tail sequence of 16 octets"),
        (lambda: CltuRules(TcCode.BCH, False, b"", TAIL_BCH), "start sequence of 0 octets"),
        (lambda: CltuRules(TcCode.BCH, False, bytes(9), TAIL_BCH), "start sequence of 9 octets"),
        (lambda: encode_cltu(b"", BCH), "without frames"),
        (lambda: encode_cltu([], LDPC_LONG), "without frames"),
        (lambda: encode_bch(np.zeros((2, 8), np.uint8)), "rows of 7 octets"),
        (lambda: decode_bch(np.zeros(8, np.uint8), correct=True), "rows of 8 octets"),
        (lambda: TcCode.BCH.ldpc, "no low-density"),
        (lambda: CltuReceiver(BCH, start_errors=4), "quarter"),
        (lambda: CltuReceiver(BCH, tail_errors=-1), "quarter"),
        (lambda: CltuReceiver(LDPC_LONG, max_data_octets=31), "no room"),
    ],
)
def test_what_does_not_fit_together_is_refused(make: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()  # type: ignore[operator]


# --- the receiver


@every_rules
@pytest.mark.parametrize("inverted", [False, True])
def test_any_bit_offset_and_either_polarity(rules: CltuRules, inverted: bool) -> None:
    frame = bytes(range(60))
    for offset in range(64, 81):
        sent = stream([alternating(offset, offset & 1), bits(encode_cltu(frame, rules)), alternating(700)])
        (cltu,) = cltus(received(CltuReceiver(rules), sent ^ inverted))
        assert cltu.octets.startswith(frame)
        assert (cltu.position, cltu.inverted, cltu.corrected) == (offset, inverted, 0)
        assert cltu.end_position == offset + 8 * (len(encode_cltu(frame, rules)) - len(rules.tail))


@given(st.sampled_from(ALL_RULES), st.integers(0, 2**32), st.data())
@settings(max_examples=60, deadline=None)
def test_any_segmentation_gives_the_same(rules: CltuRules, seed: int, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    parts: list[Octets] = []
    for _ in range(3):
        parts += [alternating(int(random.integers(0, 90))), bits(encode_cltu(random.bytes(int(random.integers(1, 90))), rules))]
    sent = stream([*parts, random.integers(0, 2, 900, dtype=np.uint8)])
    sent ^= (random.random(sent.size) < 0.004).astype(np.uint8)
    whole = received(CltuReceiver(rules), sent)
    cuts = data.draw(st.lists(st.integers(0, sent.size), max_size=12))
    assert received(CltuReceiver(rules), sent, cuts) == whole
    assert received(CltuReceiver(rules), sent, list(range(sent.size))) == whole


def test_octets_and_symbols_are_the_same_stream() -> None:
    data = b"\x55" * 5 + encode_cltu(b"one frame", BCH) + b"\xaa" * 9
    one, other = CltuReceiver(BCH), CltuReceiver(BCH)
    assert one.feed(data) == other.feed_symbols(symbols(bits(data)))


@every_rules
def test_cltus_with_an_octet_of_idle_between_them_are_all_received(rules: CltuRules) -> None:
    frames = [np.random.default_rng(i).bytes(20 + i) for i in range(40)]
    sent = stream([alternating(128), *(part for f in frames for part in (bits(encode_cltu(f, rules)), alternating(8)))])
    found = cltus(received(CltuReceiver(rules), stream([sent, alternating(600)])))
    assert [cltu.octets[: len(f)] for cltu, f in zip(found, frames, strict=True)] == frames


@every_rules
def test_one_start_sequence_with_errors_is_recognized_up_to_the_allowed_number(rules: CltuRules) -> None:
    allowed = 1 if rules.code is TcCode.BCH else 12
    random = np.random.default_rng(4)
    for count in range(allowed + 2):
        sent = stream([alternating(200), bits(encode_cltu(b"frame", rules)), alternating(700)])
        places = 200 + random.choice(8 * len(rules.start), count, replace=False)
        sent[places] ^= 1
        found = [c for c in cltus(received(CltuReceiver(rules), sent)) if c.octets.startswith(b"frame")]
        assert [c.start_errors for c in found] == ([count] if count <= allowed else [])


def test_error_detection_allows_no_wrong_bit_anywhere() -> None:
    sent = stream([alternating(200), bits(encode_cltu(bytes(30), BCH)), alternating(100)])
    for place in range(200, 200 + 16 + 5 * 64):
        wrong = sent.copy()
        wrong[place] ^= 1
        found = cltus(received(CltuReceiver(BCH, correct=False), wrong))
        filler = (place - 216) % 64 == 63 and place >= 216
        assert any(c.octets[:30] == bytes(30) for c in found) == filler


def test_a_wrong_bit_in_every_codeword_is_corrected_and_counted() -> None:
    frame = np.random.default_rng(2).bytes(70)
    for place in range(64):
        sent = stream([alternating(128), bits(encode_cltu(frame, BCH)), alternating(64)])
        sent[128 + 16 + place : 128 + 16 + 640 : 64] ^= 1
        (cltu,) = cltus(received(CltuReceiver(BCH), sent))
        assert (cltu.octets, cltu.corrected, cltu.codewords, cltu.end) == (frame, 10, 10, CltuEnd.TAIL)


def test_what_precedes_an_uncorrectable_codeword_is_given_out_and_the_next_cltu_is_found() -> None:
    first, second = bytes(range(70)), b"second"
    sent = stream(
        [alternating(128), bits(encode_cltu(first, BCH)), alternating(8), bits(encode_cltu(second, BCH)), alternating(80)]
    )
    sent[128 + 16 + 3 * 64 + 5] ^= 1
    sent[128 + 16 + 3 * 64 + 40] ^= 1
    found = cltus(received(CltuReceiver(BCH), sent))
    assert (found[0].octets, found[0].end) == (first[:21], CltuEnd.REJECTED)
    assert found[-1].octets.startswith(second)


@every_rules
def test_a_tail_that_is_lost_costs_no_more_than_one_cltu(rules: CltuRules) -> None:
    random = np.random.default_rng(6)
    frames = [random.bytes(40) for _ in range(3)]
    made = [encode_cltu(f, rules) for f in frames]
    torn = [made[0][: len(made[0]) - len(rules.tail) - 3], *made[1:]]  # bits are missing too
    sent = stream([alternating(128), *(part for m in torn for part in (bits(m), alternating(16)))])
    found = [c.octets[:40] for c in cltus(received(CltuReceiver(rules), stream([sent, alternating(700)])))]
    assert frames[2] in found


def standing(receiver: CltuReceiver) -> str:
    return receiver.state.value


def test_loss_of_bit_lock_ends_a_cltu() -> None:
    receiver = CltuReceiver(LDPC_LONG)
    assert standing(receiver) == "S1"
    assert receiver.deactivate() == []
    made = encode_cltu(bytes(80), LDPC_LONG)
    started, *accepted = receiver.feed(b"\x55" + made + b"\x12")
    assert standing(receiver) == "S3"
    assert started == CltuStarted(8, False, 0)
    assert [type(event) for event in accepted] == [CodewordAccepted] * 3
    (ended,) = receiver.deactivate()
    assert standing(receiver) == "S1"
    assert isinstance(ended, CltuReceived)
    assert (ended.end, ended.octets[:80], ended.end_position) == (CltuEnd.DEACTIVATED, bytes(80), 8 + 8 * len(made))
    assert receiver.feed(b"\xaa\xaa") == []
    assert standing(receiver) == "S2"
    again = receiver.feed(made)
    assert again[0] == CltuStarted(8 * (1 + len(made) + 1 + 2), False, 0)


def test_a_cltu_without_end_is_cut_where_the_receiver_says() -> None:
    receiver = CltuReceiver(BCH, max_data_octets=100)
    (cltu,) = cltus(received(receiver, stream([bits(encode_cltu(bytes(200), BCH)), alternating(64)])))[:1]
    assert (len(cltu.octets), cltu.end) == (98, CltuEnd.TOO_LONG)
    assert receiver._symbols.size < 64


def test_the_state_table_holds_the_transitions_of_the_standard_and_no_other() -> None:
    assert {(s.value, e.value): t.value for (s, e), t in TRANSITIONS.items()} == {
        ("S1", "E1"): "S2",
        ("S2", "E3"): "S3",
        ("S3", "E4"): "S2",
        ("S2", "E2"): "S1",
        ("S3", "E2"): "S1",
    }
    assert {state for state, _ in TRANSITIONS} == set(ReceiverState)
    assert {event for _, event in TRANSITIONS} == set(ReceiverEvent)


@every_rules
def test_noise_never_stops_the_receiver_and_needs_little_memory(rules: CltuRules) -> None:
    receiver = CltuReceiver(rules)
    noise = np.random.default_rng(9)
    starts = words = 0
    for _ in range(100):
        for cltu in cltus(receiver.feed(noise.bytes(1250))):
            starts, words = starts + 1, words + cltu.codewords
        assert receiver._symbols.size < 8 * max(rules.codeword_octets, len(rules.start))
    if rules.code is TcCode.BCH:  # a million bits, 34 of 65,536 patterns start, a quarter of what follows passes for a codeword
        assert 350 < starts < 700
        assert words < starts
    else:
        assert (starts < 8, words) == (True, 0)


def test_noise_hardly_starts_a_receiver_that_only_detects_errors() -> None:
    receiver = CltuReceiver(BCH, correct=False, either_polarity=False)
    found = cltus(receiver.feed(np.random.default_rng(10).bytes(125_000)))
    assert len(found) < 40
    assert sum(cltu.codewords for cltu in found) < 5


@given(st.sampled_from(ALL_RULES), st.lists(st.binary(max_size=400), max_size=6), st.booleans())
@settings(deadline=None)
def test_any_octets_and_soft_symbols_are_taken(rules: CltuRules, pieces: list[bytes], start_first: bool) -> None:
    receiver = CltuReceiver(rules)
    if start_first:
        receiver.feed(rules.start)
    for piece in pieces:
        for event in [*receiver.feed(piece), *receiver.feed_symbols(piece)]:
            if isinstance(event, CltuReceived):
                assert event.end in CltuEnd
                assert len(event.octets) == event.codewords * rules.information_octets
    receiver.deactivate()
    assert receiver.position == 9 * sum(map(len, pieces)) + start_first * 8 * len(rules.start)
