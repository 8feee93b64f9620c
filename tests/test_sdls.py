"""Space data link security on TC frames: octets of CryptoLib and Yamcs, then properties, then faults."""

import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aelita.errors import DataError, DefinitionError, UsageError
from aelita.link import (
    Farm1,
    FarmSettings,
    Fdu,
    Fop1,
    FopSettings,
    InitiateWithoutCheck,
    TcFormat,
    TcFrame,
    Transmit,
    decode_tc_frame,
    encode_tc_frame,
    tc_header,
)
from aelita.link.sdls import (
    Accepted,
    Algorithm,
    FrameSecurityReport,
    KeyMaterial,
    KeyState,
    KeyStore,
    LifeCycleError,
    ReceivedNumbers,
    Receiver,
    Refusal,
    Refused,
    SaState,
    SecuredChannel,
    SecurityAssociation,
    SecurityLog,
    SecurityStore,
    Sender,
    SendingNumbers,
    Service,
    shared_keys,
)
from aelita.octets import crc16
from shared import shared

KEY = bytes(range(32))
HEADER = bytes.fromhex("2003040000")  # BD, spacecraft 3, virtual channel 1
CHANNEL = SecuredChannel(3, 1)
OPERATIONAL = SecurityAssociation(9, key_id=7, state=SaState.OPERATIONAL, channels=(CHANNEL,))
HMAC = replace(OPERATIONAL, service=Service.AUTHENTICATION, algorithm=Algorithm.HMAC_SHA_256, iv_octets=0, sn_octets=4)
ALGORITHMS = {
    "AES-256-GCM": Algorithm.AES_256_GCM, "AES-256-GCM (GMAC)": Algorithm.AES_256_GCM, "AES-256-CBC": Algorithm.AES_256_CBC,
    "CMAC-AES-256": Algorithm.CMAC_AES_256, "HMAC-SHA-256": Algorithm.HMAC_SHA_256, None: Algorithm.NONE,
}  # fmt: skip
SERVICES = {service.value.replace(" ", "-"): service for service in Service}


def keys(octets: bytes = KEY, key_id: int = 7, state: KeyState = KeyState.ACTIVE) -> KeyStore:
    store = KeyStore()
    store.load(key_id, octets, state=state)
    return store


def sender(association: SecurityAssociation, numbers: SendingNumbers | None = None, *, block: int = 1000, **more: Any) -> Sender:
    made = Sender(association, keys(), numbers or SendingNumbers(association.spi, association.key_id), **more)
    made.grant(made.reserve(block))
    return made


def receiver(association: SecurityAssociation, last: ReceivedNumbers | None = None) -> Receiver:
    received = {association.spi: last} if last else None
    return Receiver(SecurityStore((association,), keys(), received))


# --- octets that others made ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Vector:
    """One protected frame somebody else made, cut into its parts."""

    name: str
    association: SecurityAssociation
    key: bytes
    numbers: tuple[int, int]
    header: bytes
    segment: bytes
    data: bytes
    protected: bytes
    trailer: int

    @property
    def unsecured_header(self) -> bytes:
        """The header with a frame length that is not yet the final one."""
        return self.header[:2] + bytes((self.header[2] & 0xFC, 0)) + self.header[4:]


def cut(frame: bytes, segmented: bool, trailer: int) -> tuple[bytes, bytes, bytes]:
    assert not trailer or crc16(frame[:-2]) == int.from_bytes(frame[-2:], "big")
    return frame[:5], frame[5 : 5 + segmented], frame[5 + segmented : len(frame) - trailer]


def channel_of(header: bytes) -> SecuredChannel:
    return SecuredChannel((header[0] & 3) << 8 | header[1], header[2] >> 2)


def cryptolib() -> Iterator[Vector]:
    for one in json.loads(shared("data/vectors/sdls_tc_cryptolib.json").read_text())["vectors"]:
        lengths, segmented = one["sa"], one["segment_header"] is not None
        trailer = 2 if one["fecf"] else 0
        frame = bytes.fromhex(one["protected_frame_hex"])
        header, segment, protected = cut(frame, segmented, trailer)
        if one["plain_frame_hex"]:
            data = cut(bytes.fromhex(one["plain_frame_hex"]), segmented, trailer)[2]
        else:  # authentication alone leaves the data readable
            data = protected[len(bytes.fromhex(one["security_header_hex"])) : -lengths["stmacf_len"]]
        association = SecurityAssociation(
            one["spi"], SERVICES[one["service"]], ALGORITHMS[one["encryption_algorithm"] or one["authentication_algorithm"]],
            iv_octets=lengths["iv_len"], iv_sent=lengths["shivf_len"], sn_octets=lengths["arsn_len"], sn_sent=lengths["shsnf_len"],
            pad_octets=lengths["shplf_len"], mac_octets=lengths["stmacf_len"], mask=bytes.fromhex(lengths["auth_mask_hex"]),
            window=0 if one["service"] == "clear" else 5, channels=(channel_of(header),), key_id=7, state=SaState.OPERATIONAL,
        )  # fmt: skip
        numbers = int(one["iv_before_hex"] or "0", 16), int(one["arsn_before_hex"] or "0", 16)
        key = bytes.fromhex(one["key_hex"])
        yield Vector(f"{one['id']}-{one['rep']}", association, key, numbers, header, segment, data, protected, trailer)


def yamcs() -> Iterator[Vector]:
    for one in json.loads(shared("data/vectors/yamcs_tc_cltu_bd.json").read_text())["vectors"]:
        if "sdls" in one:
            header, segment, protected = cut(bytes.fromhex(one["frame_hex"]), one["map"] is not None, 2)
            association = replace(OPERATIONAL, spi=one["sdls"]["spi"], channels=(channel_of(header),))  # the standard mask
            numbers = int(one["sdls"]["iv_hex"], 16), 0
            key, data = bytes.fromhex(one["sdls"]["key_hex"]), bytes.fromhex(one["packet_hex"])
            yield Vector(one["packet_name"], association, key, numbers, header, segment, data, protected, 2)


def test_every_frame_of_cryptolib_and_yamcs_is_made_and_opened_octet_for_octet() -> None:
    made = [*cryptolib(), *yamcs()]
    assert len(made) == 103 + 40
    for vector in made:
        store = keys(vector.key)
        start = SendingNumbers(vector.association.spi, 7, *vector.numbers)
        sending = Sender(vector.association, store, start, trailer_octets=vector.trailer)
        sending.grant(sending.reserve(1))
        assert sending.apply_security(vector.unsecured_header, vector.segment, vector.data) == vector.protected, vector.name
        last = ReceivedNumbers(*(number - 1 for number in vector.numbers))
        receiving = Receiver(SecurityStore((vector.association,), store, {vector.association.spi: last}))
        opened = receiving.process_security(vector.header, vector.segment, vector.protected)
        assert isinstance(opened, Accepted), (vector.name, opened)
        assert opened.data == vector.data
        if vector.association.window:
            again = receiving.process_security(vector.header, vector.segment, vector.protected)
            assert isinstance(again, Refused)  # a number sent in part looks like a later one, and the MAC is wrong
            assert again.reason in (Refusal.REPLAY, Refusal.BAD_MAC if vector.association.iv_sent == 6 else Refusal.REPLAY)


def test_the_standard_masks_are_those_of_the_vectors() -> None:
    seen = 0
    for vector in cryptolib():
        mask = vector.association.mask
        if mask and mask.strip(b"\xff") != b"":
            assert replace(vector.association, mask=None).mask_for(bool(vector.segment)) == mask, vector.name
            seen += 1
    assert seen == 31


def test_the_upper_part_of_an_iv_rolls_over_through_the_five_frames() -> None:
    rolling = [vector for vector in cryptolib() if "rollover" in vector.name]
    association, (first, _) = rolling[0].association, rolling[0].numbers
    sending = Sender(association, keys(rolling[0].key), SendingNumbers(association.spi, 7, first))
    sending.grant(sending.reserve(5))
    start = {association.spi: ReceivedNumbers(first - 1)}
    receiving = Receiver(SecurityStore((association,), keys(rolling[0].key), start))
    for vector in rolling:
        assert sending.apply_security(vector.unsecured_header, vector.segment, vector.data) == vector.protected
        assert isinstance(receiving.process_security(vector.header, vector.segment, vector.protected), Accepted)
    assert receiving.store.received[association.spi].iv == 0x000000000001000000000001


def test_the_anti_replay_set_of_cryptolib() -> None:
    given_set = json.loads(shared("data/vectors/sdls_tc_cryptolib.json").read_text())["cryptolib_unit_tests"]["anti_replay_iv"]
    association = SecurityAssociation(  # with the pad length field that its note names, the pad would exceed the data
        9, Service.ENCRYPTION, mac_octets=0, window=5, channels=(SecuredChannel(3, 0),), key_id=7, state=SaState.OPERATIONAL
    )  # fmt: skip
    last = {9: ReceivedNumbers(int(given_set["last_valid_iv_hex"], 16))}
    store = SecurityStore((association,), keys(bytes.fromhex(given_set["key_hex"])), last)
    outcomes = []
    for frame in given_set["frames"]:
        outcome = Receiver(store).process_security(*cut(bytes.fromhex(frame["hex"]), True, 2))
        outcomes.append(outcome.reason.name if isinstance(outcome, Refused) else f"{outcome.numbers.iv & 0xFF:02X}")
    assert outcomes == ["REPLAY", "OUT_OF_WINDOW", "4C", "4F"]


# --- properties ------------------------------------------------------------------------------------------------------------

SEGMENTS = st.sampled_from([b"", b"\xc0", b"\xc5"])
ASSOCIATIONS = st.sampled_from([
    OPERATIONAL, replace(OPERATIONAL, mac_octets=12), replace(OPERATIONAL, iv_sent=1), replace(OPERATIONAL, sn_octets=2),
    replace(OPERATIONAL, service=Service.AUTHENTICATION), HMAC, replace(HMAC, algorithm=Algorithm.CMAC_AES_256),
    replace(HMAC, mac_octets=32),
])  # fmt: skip


@given(ASSOCIATIONS, SEGMENTS, st.binary(min_size=1, max_size=40), st.data())
@settings(max_examples=300)
def test_any_flip_in_the_authenticated_part_is_refused_and_any_other_accepted(
    association: SecurityAssociation, segment: bytes, data: bytes, draw: st.DataObject
) -> None:
    protected = sender(association).apply_security(HEADER, segment, data)
    octets = bytearray(HEADER + segment + protected)
    bit = draw.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 0x80 >> bit % 8
    header, rest = bytes(octets[:5]), bytes(octets[5:])
    outcome = receiver(association).process_security(header, rest[: len(segment)], rest[len(segment) :])
    mask = association.mask_for(bool(segment))
    in_iv = bit // 8 in range(7 + len(segment), 7 + len(segment) + association.iv_in_header)
    free = bit // 8 < len(mask) and not mask[bit // 8] & 0x80 >> bit % 8 and not in_iv
    outside = bit in (3, *range(6, 22))  # control flag, spacecraft and virtual channel: judged before the MAC
    assert isinstance(outcome, Accepted) == (free and not outside)
    if isinstance(outcome, Refused):
        assert association.spi not in (0, 65535)
        assert outcome.reason is Refusal.BAD_MAC or outside or bit // 8 in range(5 + len(segment), 7 + len(segment))


@given(st.lists(st.integers(0, 39), max_size=120), st.sampled_from([1, 3, 8, 64]), ASSOCIATIONS)
@settings(max_examples=80)
def test_frames_in_any_order_with_loss_and_repetition_pass_as_the_window_says(
    order: list[int], window: int, association: SecurityAssociation
) -> None:
    association = replace(association, window=window)
    sending, receiving, last = sender(association), receiver(association), 0
    frames = [sending.apply_security(HEADER, b"", bytes([n])) for n in range(40)]
    for index in order:
        number, outcome = index + 1, receiving.process_security(HEADER, b"", frames[index])
        if last < number <= last + window:
            assert isinstance(outcome, Accepted)
            assert outcome.data == bytes([index])
            last = number
        else:
            wanted = Refusal.REPLAY if number <= last else Refusal.OUT_OF_WINDOW
            assert isinstance(outcome, Refused)
            assert outcome.reason is wanted or (association.iv_sent == 1 and outcome.reason is Refusal.BAD_MAC)


@given(st.integers(1, 2**20), st.integers(0, 63), st.integers(0, 4))
def test_a_receiver_follows_numbers_sent_in_part_over_any_loss_the_window_allows(first: int, lost: int, more: int) -> None:
    association = replace(OPERATIONAL, iv_sent=1)
    sending = sender(association, SendingNumbers(9, 7, first))
    receiving = receiver(association, ReceivedNumbers(first - 1))
    for _ in range(4):
        for _ in range(lost):
            sending.apply_security(HEADER, b"", b"lost")
        frame = sending.apply_security(HEADER, b"", bytes([more]))
        assert isinstance(receiving.process_security(HEADER, b"", frame), Accepted)


@given(st.binary(max_size=7), st.binary(max_size=2), st.binary(max_size=80))
@settings(max_examples=300)
def test_no_octets_make_the_receiver_fail(header: bytes, segment: bytes, protected: bytes) -> None:
    receiving = receiver(OPERATIONAL)
    assert isinstance(receiving.process_security(header, segment, protected), Refused)
    assert isinstance(receiving.process_security(HEADER, b"", b"\0\x09" + protected), Refused)
    for weak in (
        replace(OPERATIONAL, service=Service.CLEAR, algorithm=Algorithm.NONE, mac_octets=0, iv_octets=0, window=0, pad_octets=2),
        replace(
            OPERATIONAL, service=Service.ENCRYPTION, algorithm=Algorithm.AES_256_CBC, mac_octets=0, iv_octets=16, pad_octets=1
        ),
    ):
        assert isinstance(receiver(weak).process_security(HEADER, b"", b"\0\x09" + protected), Accepted | Refused)


@given(st.binary(min_size=1, max_size=300))
def test_a_frame_is_refused_under_any_other_key(data: bytes) -> None:
    frame = sender(OPERATIONAL).apply_security(HEADER, b"", data)
    other = Receiver(SecurityStore((OPERATIONAL,), keys(bytes(32))))
    assert other.process_security(HEADER, b"", frame) == Refused(Refusal.BAD_MAC, 9, 1)


class CrashingSender(RuleBasedStateMachine):
    """A sender that dies at any moment, and the disk that outlives it: no IV is ever used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = SendingNumbers(9, 7).to_record()
        self.used: list[bytes] = []
        self.promised: SendingNumbers | None = None
        self.restart()

    @rule()
    def restart(self) -> None:
        self.sender = Sender(OPERATIONAL, keys(), SendingNumbers.from_record(json.loads(json.dumps(self.disk))))
        self.promised = None

    @rule(count=st.integers(1, 20))
    def reserve(self, count: int) -> None:
        self.promised = self.sender.reserve(count)

    @rule()
    def persist(self) -> None:
        if self.promised is not None:
            self.disk = self.promised.to_record()

    @rule()
    def grant(self) -> None:
        if self.promised is not None and self.disk == self.promised.to_record():
            self.sender.grant(self.promised)

    @rule(frames=st.integers(1, 5))
    def send(self, frames: int) -> None:
        for _ in range(frames):
            left = self.sender.left
            try:
                protected = self.sender.apply_security(HEADER, b"", b"command")
            except UsageError as error:
                assert left == 0
                assert "no reserved numbers" in str(error)
            else:
                assert left > 0
                self.used.append(protected[2:14])

    @invariant()
    def no_iv_twice(self) -> None:
        assert len(set(self.used)) == len(self.used)


TestCrashingSender = CrashingSender.TestCase
TestCrashingSender.settings = settings(max_examples=60, stateful_step_count=40)

# --- together with FOP-1 and FARM-1 ------------------------------------------------------------------------------------------


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 25))
@settings(max_examples=60)
def test_two_ends_with_cop_1_over_a_lossy_link_deliver_every_command_once(lost: list[bool], commands: int) -> None:
    fop = Fop1(FopSettings(3, 1, window=5, t1_ns=10, limit=100))
    fop.direct(InitiateWithoutCheck("begin"), 0)
    farm, sending, receiving = Farm1(FarmSettings(1, 20)), sender(OPERATIONAL), receiver(OPERATIONAL)
    losses, delivered = iter(lost), list[bytes]()
    radiated: dict[int, bytes] = {}
    waiting = [bytes([n]) * 9 for n in range(commands)]
    for now in range(0, 11 * (len(lost) + commands + 2), 11):  # each round the timer expires
        outputs = fop.on_timer(now)
        if waiting and fop.waiting is None:  # security comes before FOP-1 gives the number
            header = tc_header(3, 1, 1024, bypass=False)
            outputs += fop.transfer(Fdu(now, b"\xc5" + sending.apply_security(header, b"\xc5", waiting.pop(0))), now)
        outputs += fop.on_control_word(farm.report(), now)
        while outputs:
            one = outputs.pop(0)
            if isinstance(one, Transmit):
                octets = encode_tc_frame(one.frame, TcFormat())
                assert radiated.setdefault(int(one.identity), octets) == octets  # a repetition is the same
                outputs += fop.on_accepted(one.frame.kind, now)
                if not next(losses, False):
                    frame = decode_tc_frame(octets, TcFormat())
                    assert isinstance(frame, TcFrame)
                    if farm.receive(frame).accepted:
                        outcome = receiving.process_security(octets[:5], frame.data[:1], frame.data[1:])
                        assert isinstance(outcome, Accepted), outcome
                        delivered.append(outcome.data)
    assert delivered == [bytes([n]) * 9 for n in range(commands)]
    assert receiving.store.report.alarm is False


@pytest.mark.parametrize("length", [1, 200, 230, 700, 986])
def test_the_frame_length_that_is_authenticated_is_the_one_that_is_sent(length: int) -> None:
    association = replace(OPERATIONAL, mask=b"\xff" * 20)
    data = sender(association).apply_security(HEADER, b"\xc5", bytes(length))
    octets = encode_tc_frame(TcFrame(3, 1, True, False, 0, b"\xc5" + data), TcFormat())
    assert isinstance(receiver(association).process_security(octets[:5], b"\xc5", data), Accepted)


@pytest.mark.parametrize(("lost", "passes"), [(254, True), (255, True), (256, False)])
def test_a_number_sent_in_one_octet_bridges_255_lost_frames(lost: int, passes: bool) -> None:
    association = replace(OPERATIONAL, iv_sent=1, window=300)
    sending = sender(association, SendingNumbers(9, 7, 5))
    frames = [sending.apply_security(HEADER, b"", b"data") for _ in range(lost + 1)]
    receiving = receiver(association, ReceivedNumbers(4))
    assert isinstance(receiving.process_security(HEADER, b"", frames[-1]), Accepted) == passes


# --- faults ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("association", "header", "protected", "reason"),
    [
        (OPERATIONAL, HEADER, b"\0", Refusal.TOO_SHORT),
        (OPERATIONAL, HEADER, b"\0\x09" + bytes(27), Refusal.TOO_SHORT),
        (OPERATIONAL, b"\x30" + HEADER[1:], b"\0\x09" + bytes(40), Refusal.CONTROL_FRAME),
        (OPERATIONAL, HEADER, b"\0\x08" + bytes(40), Refusal.UNKNOWN_SPI),
        (OPERATIONAL, HEADER, bytes(40), Refusal.UNKNOWN_SPI),
        (replace(OPERATIONAL, state=SaState.KEYED), HEADER, b"\0\x09" + bytes(40), Refusal.NOT_OPERATIONAL),
        (OPERATIONAL, b"\x20\x03\x08\0\0", b"\0\x09" + bytes(40), Refusal.WRONG_CHANNEL),
        (OPERATIONAL, b"\x20\x04\x04\0\0", b"\0\x09" + bytes(40), Refusal.WRONG_CHANNEL),
        (replace(OPERATIONAL, channels=(SecuredChannel(3, 1, 5),)), HEADER, b"\0\x09" + bytes(40), Refusal.WRONG_CHANNEL),
        (replace(OPERATIONAL, key_id=8), HEADER, b"\0\x09" + bytes(40), Refusal.KEY_NOT_ACTIVE),
        (OPERATIONAL, HEADER, b"\0\x09" + bytes(40), Refusal.BAD_MAC),
    ],
)
def test_each_refusal_has_its_name(association: SecurityAssociation, header: bytes, protected: bytes, reason: Refusal) -> None:
    outcome = receiver(association).process_security(header, b"", protected)
    assert isinstance(outcome, Refused)
    assert outcome.reason is reason


@pytest.mark.parametrize("state", [KeyState.PRE_ACTIVATION, KeyState.DEACTIVATED])
def test_only_an_active_key_protects(state: KeyState) -> None:
    frame = sender(OPERATIONAL).apply_security(HEADER, b"", b"data")
    refused = Receiver(SecurityStore((OPERATIONAL,), keys(state=state))).process_security(HEADER, b"", frame)
    assert refused == Refused(Refusal.KEY_NOT_ACTIVE, 9)
    with pytest.raises(LifeCycleError, match=f"key 7 is {state.name}"):
        Sender(OPERATIONAL, keys(state=state), SendingNumbers(9, 7))


def test_a_forged_frame_does_not_move_the_window() -> None:
    sending, receiving = sender(OPERATIONAL), receiver(OPERATIONAL)
    frame = sending.apply_security(HEADER, b"", b"one")
    forged = b"\0\x09" + (50).to_bytes(12, "big") + bytes(20)
    assert receiving.process_security(HEADER, b"", forged) == Refused(Refusal.BAD_MAC, 9, 50)
    assert receiving.store.received[9] == ReceivedNumbers()
    assert isinstance(receiving.process_security(HEADER, b"", frame), Accepted)


def test_a_frame_that_fop_1_numbers_later_and_sends_twice_is_the_same_and_passes() -> None:
    frame = sender(OPERATIONAL).apply_security(b"\0\x03\x04\0\0", b"\xc0", b"data")
    numbered = b"\0\x03\x04\0\x4d"
    outcome = receiver(OPERATIONAL).process_security(numbered, b"\xc0", frame)
    assert isinstance(outcome, Accepted)
    all_authenticated = replace(OPERATIONAL, mask=b"\xff" * 20)
    frame = sender(all_authenticated).apply_security(b"\0\x03\x04\0\0", b"\xc0", b"data")
    assert isinstance(receiver(all_authenticated).process_security(numbered, b"\xc0", frame), Refused)
    assert any("FOP-1" in weakness for weakness in all_authenticated.weaknesses())


@pytest.mark.parametrize(
    ("header", "segment", "data", "words"),
    [
        (b"\x30\x03\x04\0\0", b"", b"\0", "control frames are never secured"),
        (HEADER[:4], b"", b"data", "headers of 4"),
        (HEADER, b"\xc0\xc0", b"data", "and 2 octets"),
        (b"\x20\x03\x08\0\0", b"", b"data", "does not protect the channel"),
        (HEADER, b"", bytes(988), "frame of 1025 octets"),
    ],
)
def test_the_sender_refuses(header: bytes, segment: bytes, data: bytes, words: str) -> None:
    sending = sender(OPERATIONAL)
    with pytest.raises(UsageError, match=words):
        sending.apply_security(header, segment, data)
    assert sending.left == 1000  # nothing was used up


def test_the_longest_frame_passes() -> None:
    protected = sender(OPERATIONAL).apply_security(HEADER, b"", bytes(987))
    assert 5 + len(protected) + 2 == 1024
    assert sender(OPERATIONAL).overhead(987) == len(protected) - 987 == 30


def test_numbers_are_used_only_when_granted_and_never_past_their_end() -> None:
    sending = Sender(OPERATIONAL, keys(), SendingNumbers(9, 7))
    with pytest.raises(UsageError, match="no reserved numbers"):
        sending.apply_security(HEADER, b"", b"data")
    ahead = sending.reserve(3)
    assert (ahead.iv, sending.left) == (4, 0)
    for wrong in (replace(ahead, iv=9, sn=9), replace(ahead, key_id=1), replace(ahead, iv=0, sn=0)):
        with pytest.raises(UsageError, match="not reserved here"):
            sending.grant(wrong)
    sending.grant(ahead)
    assert sending.left == 3
    with pytest.raises(UsageError, match="Reserve at least one"):
        sending.reserve(0)
    with pytest.raises(UsageError, match="Rekey it"):  # the IVs behind are kept for key verification
        Sender(OPERATIONAL, keys(), SendingNumbers(9, 7, 0xFFFFFFFF << 64)).reserve(1)
    with pytest.raises(UsageError, match="Rekey it"):
        Sender(HMAC, keys(), SendingNumbers(9, 7, 1, 2**32 - 2)).reserve(3)
    Sender(HMAC, keys(), SendingNumbers(9, 7, 1, 2**32 - 2)).reserve(2)


def test_persisted_numbers_of_another_key_are_refused() -> None:
    with pytest.raises(UsageError, match="SPI 9 and key 6"):
        Sender(OPERATIONAL, keys(), SendingNumbers(9, 6))
    records: tuple[dict[str, int | str | None], ...] = (
        {}, {"spi": 9, "key_id": 7, "iv": "x", "sn": "1"}, {"spi": True, "key_id": 7, "iv": "1", "sn": "1"},
    )  # fmt: skip
    for record in records:
        with pytest.raises(DataError, match="unreadable sending numbers"):
            SendingNumbers.from_record(record)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spi": 0}, "1 to 65534"),
        ({"spi": 65535}, "1 to 65534"),
        ({"algorithm": Algorithm.CMAC_AES_256}, "does not provide authenticated encryption"),
        ({"iv_octets": 8}, "IV of 12"),
        ({"iv_sent": 13}, "more of the IV"),
        ({"sn_octets": 2, "sn_sent": 3}, "more of the sequence number"),
        ({"mac_octets": 17}, "MAC of AES-256-GCM has 8 to 16"),
        ({"mac_octets": 4}, "MAC of AES-256-GCM has 8 to 16"),
        ({"service": Service.ENCRYPTION}, "has no MAC"),
        ({"pad_octets": 4}, "pad length"),
        ({"window": -1}, "not negative"),
        ({"iv_sent": 0}, "some octets of the number"),
        ({"mask": bytes(18)}, "mask is shorter"),
        ({"key_id": None}, "operational without a key"),
        ({"service": Service.AUTHENTICATION, "algorithm": Algorithm.HMAC_SHA_256, "iv_octets": 0}, "needs a sequence number"),
    ],
)
def test_contradictions_are_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        replace(OPERATIONAL, **change)


def test_a_mask_for_frames_without_segment_header_is_too_short_with_one() -> None:
    short = replace(OPERATIONAL, mask=b"\xff" * 19)
    assert short.mask_for(False) == b"\xff" * 19
    with pytest.raises(DefinitionError, match="mask is shorter"):
        short.mask_for(True)
    assert isinstance(receiver(short).process_security(HEADER, b"\xc0", b"\0\x09" + bytes(40)), Refused)


def test_what_is_weak_is_said_and_the_default_is_not() -> None:
    assert OPERATIONAL.weaknesses() == ()
    assert len(replace(OPERATIONAL, service=Service.CLEAR, algorithm=Algorithm.NONE, mac_octets=0, window=0).weaknesses()) == 3
    assert "256^1" in " ".join(replace(HMAC, sn_sent=1).weaknesses())
    other = replace(OPERATIONAL, spi=10)
    assert shared_keys((OPERATIONAL, other, replace(HMAC, spi=11))) == {7: (9, 10)}
    assert shared_keys((OPERATIONAL,)) == {}


def test_no_key_octet_is_shown_or_written_out() -> None:
    secret = bytes(range(100, 132))
    store = keys(secret)
    shown = f"{store} {list(store)} {KeyMaterial(secret)!r} {KeyMaterial(secret)}"
    assert secret.hex() not in shown
    assert str(secret) not in shown
    assert "256 bits" in shown
    with pytest.raises(UsageError, match="never written out"):
        pickle.dumps(list(store))
    with pytest.raises(UsageError, match="256 bits, not 128"):
        Sender(OPERATIONAL, keys(bytes(16)), SendingNumbers(9, 7))
    assert KeyMaterial(secret) == KeyMaterial(secret) != KeyMaterial(KEY)


def test_a_key_of_the_wrong_length_on_board_refuses_and_does_not_fail() -> None:
    frame = sender(OPERATIONAL).apply_security(HEADER, b"", b"data")
    for octets in (16, 20, 64):
        outcome = Receiver(SecurityStore((OPERATIONAL,), keys(bytes(octets)))).process_security(HEADER, b"", frame)
        assert outcome == Refused(Refusal.KEY_NOT_ACTIVE, 9)


# --- the report ------------------------------------------------------------------------------------------------------------


def test_the_report_follows_the_frames() -> None:
    sending, receiving = sender(OPERATIONAL), receiver(OPERATIONAL)
    first, second = (sending.apply_security(HEADER, b"", b"data") for _ in range(2))
    assert receiving.store.report.to_octets() == bytes.fromhex("c0000000")
    receiving.process_security(HEADER, b"", first)
    assert receiving.store.report.to_octets() == bytes.fromhex("c0000901")
    receiving.process_security(HEADER, b"", first)
    assert receiving.store.report.to_octets() == bytes.fromhex("cc000901")  # alarm, bad sequence number
    receiving.process_security(HEADER, b"", second[:-1] + bytes([second[-1] ^ 1]))
    assert receiving.store.report.to_octets() == bytes.fromhex("ca000902")  # alarm, bad MAC
    receiving.process_security(HEADER, b"", b"\x12\x34" + second[2:])
    assert receiving.store.report.to_octets() == bytes.fromhex("c9123402")  # alarm, bad association
    receiving.process_security(HEADER, b"", second)
    assert receiving.store.report.to_octets() == bytes.fromhex("c8000902")  # the alarm stays
    assert [event.tag for event in receiving.store.log.events] == [8, 7, 3]


@given(st.binary(min_size=4, max_size=4))
def test_a_report_is_read_as_it_was_written(octets: bytes) -> None:
    octets = bytes([0xC0 | octets[0] & 0xF]) + octets[1:]
    assert FrameSecurityReport.from_octets(octets).to_octets() == octets


@pytest.mark.parametrize(("octets", "words"), [("c00000", "4 octets"), ("01140207", "CLCW"), ("d0000000", "version 101")])
def test_what_is_no_report_is_refused(octets: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        FrameSecurityReport.from_octets(bytes.fromhex(octets))


def test_a_full_log_keeps_the_oldest_and_counts_the_rest() -> None:
    log = SecurityLog(2)
    for tag in range(5):
        log.add(tag)
    assert ([event.tag for event in log.events], log.remaining, log.lost) == ([0, 1], 0, 3)
