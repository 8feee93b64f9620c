"""The receiving end of the uplink on board: frames and CLTUs of others, attacks on the link, faults on the way, COP-1."""

import json
import struct
from collections import deque
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import DefinitionError, UsageError
from aelita.link import (
    CommandLink,
    ControlWord,
    DirectiveConfirmed,
    Farm1,
    Fdu,
    FduAccepted,
    FduConfirmed,
    Fop1,
    FopOutput,
    FopSettings,
    InitiateWithSetVr,
    SecurityRules,
    SegmentRefused,
    TcFormat,
    TcPacket,
    Transmit,
    encode_tc_frame,
    security,
)
from aelita.spacecraft import CommandReceiver, SecurityRefused, Spacecraft, Uplinked
from aelita.time import SECOND
from shared import shared
from spacecraft_material import KEY, RATE, SPACECRAFT_ID, T0, Ground, Heard, cltu, crc, definition, listen, request, twin

CODINGS = {"BCH": "bch", "LDPC64": "ldpc-128", "LDPC256": "ldpc-512"}


def frames_of(receiver: CommandReceiver, octets: bytes) -> list[bytes]:
    return [frame for _, event in receiver.demodulate(octets) for frame in receiver.decoded(event)]


def yamcs() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(shared("data/vectors/yamcs_tc_cltu_bd.json").read_text())["vectors"]
    return found


def test_packets_that_a_real_yamcs_sent_come_out_of_its_frames_and_cltus() -> None:
    seen = set()
    for one in yamcs():
        sdls = one.get("sdls")
        rules = (
            SecurityRules("authenticated-encryption", sdls["spi"], window=1 << 32) if isinstance(sdls, dict) else SecurityRules()
        )
        link = CommandLink(
            "yamcs", int(str(one["scid"])), int(str(one["vcid"])), None if one["map"] is None else int(str(one["map"])),
            coding=CODINGS.get(str(one["cltu_encoding"]), "bch"), randomizer=bool(one["randomized"]) or str(one["cltu_encoding"]).startswith("LDPC"), fecf=bool(one["fecf"]), security=rules,
        )  # fmt: skip
        receiver = CommandReceiver(link, 64, bytes.fromhex(sdls["key_hex"]) if isinstance(sdls, dict) else None)
        frame = bytes.fromhex(str(one["frame_hex"]))
        if one["cltu_hex"]:
            frames = frames_of(receiver, b"\x55" * 16 + bytes.fromhex(str(one["cltu_hex"])) + b"\x55" * 8)
            assert frames == [frame]
        (packet,) = receiver.take(frame)
        assert isinstance(packet, TcPacket) and packet.octets.hex() == one["packet_hex"]
        seen.add((one["cltu_encoding"], one["randomized"], bool(sdls)))
    assert len(seen) == 7


SERVICES = {"authenticated-encryption", "authentication", "encryption"}


def test_frames_that_cryptolib_secured_are_opened_and_none_twice() -> None:
    opened = 0
    for one in json.loads(shared("data/vectors/sdls_tc_cryptolib.json").read_text())["vectors"]:
        if None in (one["protected_frame_hex"], one["plain_frame_hex"]) or one["service"] not in SERVICES:
            continue
        sa, plain, frame = one["sa"], bytes.fromhex(one["plain_frame_hex"]), bytes.fromhex(one["protected_frame_hex"])
        if (
            one["authentication_algorithm"] != "AES-256-GCM"
            or sa["arsn_len"]
            or sa["shplf_len"]
            or sa["shivf_len"] != sa["iv_len"]
        ):
            continue
        segmented = one["segment_header"] is not None
        rules = SecurityRules(one["service"], one["spi"], mac_octets=sa["stmacf_len"], window=0)
        link = CommandLink("cryptolib", 3, one["vcid"], 0 if segmented else None, fecf=one["fecf"], security=rules)
        receiver = CommandReceiver(link, 64, bytes.fromhex(one["key_hex"]))
        assert receiver.store is not None
        mask = bytes.fromhex(sa["auth_mask_hex"])[: 5 + segmented + 14].ljust(5 + segmented + 14, b"\0")
        association = replace(receiver.store.associations[one["spi"]], mask=mask, window=1 << 97)
        receiver.store.associations[one["spi"]] = association
        receiver.farm = Farm1(receiver.settings, frame[4])
        (told,) = receiver.take(frame)
        due = plain[5 : len(plain) - 2 * one["fecf"]]
        assert isinstance(told, TcPacket | SegmentRefused) and told.octets in (due, due[segmented:]), (one["id"], told)
        opened += 1
        receiver.farm = Farm1(receiver.settings, frame[4])
        again = receiver.take(frame)
        assert [type(two) for two in again] == [SecurityRefused]
    assert opened >= 20


# attacks


def test_a_replayed_frame_is_refused_counted_and_told() -> None:
    craft, ground = twin(), Ground()
    frame = ground.frame(request(1, 17, 1))
    ground.send(craft, frame)
    ground.send(craft, frame)
    heard = listen(craft, 10)
    assert len(heard.reports(17)) == 1 and craft.receiver.counters["security_refused"] == 1
    (event,) = heard.reports(5, 3)
    assert event[16:18] == b"\xf0\x02" and event[18] == security.Refusal.REPLAY.value
    assert craft.board.security_report[0] & 0xC == 0xC  # alarm and bad sequence number


def test_a_whole_recorded_uplink_radiated_again_does_nothing() -> None:
    craft, ground = twin(), Ground()
    for number in range(3):
        ground.send(craft, ground.frame(request(number, 8, 1, b"\x01")))
    listen(craft, 10)
    craft.board.mode = craft.mode.__class__.NOMINAL
    for octets in list(ground.sent):
        ground.at_ns = max(ground.at_ns, craft.now_ns) + SECOND
        craft.receive(Uplinked(ground.at_ns, RATE, octets))
        ground.at_ns += 5 * SECOND
    listen(craft, 30)
    assert craft.mode.value == 1 and craft.receiver.counters["security_refused"] == 3


@given(st.integers(0, 8 * 60 - 1))
@settings(max_examples=60, deadline=None)
def test_a_frame_changed_in_any_bit_behind_its_header_is_refused(bit: int) -> None:
    craft, ground = twin(), Ground()
    frame = bytearray(ground.frame(request(1, 17, 1)))
    at = 8 * 5 + bit % (8 * (len(frame) - 7))
    frame[at >> 3] ^= 0x80 >> (at & 7)
    frame[-2:] = crc(bytes(frame[:-2])).to_bytes(2)
    told = craft.receiver.take(bytes(frame))
    assert [type(one) for one in told] == [SecurityRefused]


def test_a_frame_of_somebody_without_the_key_moves_v_r_and_nothing_else() -> None:
    craft, ground = twin(), Ground(key=bytes(32))
    ground.send(craft, ground.frame(request(1, 8, 1, b"\x01"), 0))
    heard = listen(craft, 6)
    assert craft.receiver.farm.expected_number == 1 and craft.mode.value == 1 and not heard.reports(1)


def test_an_unsecured_frame_or_an_unknown_association_is_refused() -> None:
    craft = twin()
    packet = request(1, 17, 1)
    for body in (b"\xc0" + packet, b"\xc0\x00\x02" + bytes(12) + packet + bytes(16)):
        head = struct.pack(">HHB", 0x2000 | SPACECRAFT_ID, 5 + len(body) + 1, 0)
        frame = head + body + struct.pack(">H", crc(head + body))
        assert [type(one) for one in craft.receiver.take(frame)] == [SecurityRefused]


def test_control_frames_are_obeyed_unsecured() -> None:
    craft, ground = twin(), Ground()
    ground.send(craft, ground.frame(request(1, 17, 1), 100))
    word = listen(craft, 4).words[-1]
    assert word & 0x2000  # lockout
    ground.send(craft, ground.control(b"\0"), ground.control(b"\x82\0\x64"))
    word = listen(craft, 4).words[-1]
    assert not word & 0x2000 and word & 0xFF == 100
    assert craft.receiver.counters["security_refused"] == 0


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_octets_are_heard_without_harm(octets: bytes) -> None:
    craft = twin()
    craft.receive(Uplinked(T0 + SECOND, Fraction(4000), octets))
    craft.receiver.take(octets)
    craft.executive.receive(octets)
    heard = listen(craft, 4)
    assert not heard.reports(1, 1)


@given(st.integers(0, 15), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_request_is_done_or_refused_by_a_report(ack: int, service: int, subtype: int, data: bytes) -> None:
    craft = twin()
    craft.executive.receive(request(9, service, subtype, data, ack=ack | 9))
    stages = listen(craft, 30).stages(9)
    assert stages in ([2], [1, 4], [1, 7], [1, 3, 7], [1, 8], [1, 3, 8])


# the way


def test_the_control_word_tells_of_carrier_and_bit_lock_while_something_arrives() -> None:
    craft, ground = twin(), Ground()
    uplinked = ground.send(craft, ground.frame(request(1, 17, 1)))
    slow = replace(uplinked, rate=Fraction(125, 16), start_ns=T0 + 10 * SECOND)  # 7.8125 bit/s
    craft = twin()
    craft.receive(slow)
    flags = []
    for _ in range(200):
        at = craft.next_frame_ns()
        word = ControlWord.decode(int.from_bytes(craft.frame()[-6:-2]))
        flags.append((slow.start_ns <= at < slow.end_ns, not word.no_rf, not word.no_bit_lock))
    assert all(a == b == c for a, b, c in flags) and sum(a for a, _, _ in flags) > 90


def test_nothing_is_accepted_before_its_last_codeword_has_arrived() -> None:
    craft, ground = twin(), Ground()
    octets = cltu(ground.frame(request(1, 17, 1)))
    uplinked = Uplinked(T0 + SECOND, Fraction(125, 16), octets)
    craft.receive(uplinked)
    heard = Heard()
    while not heard.reports(1):
        heard.feed(craft.frame())
    (accepted,) = heard.reports(1, 1)
    at_s = (int.from_bytes(accepted[10:16]) - 0x0D888000 * 65536) / 65536
    tail_s = 64 / 7.8125
    assert at_s == pytest.approx((uplinked.end_ns - T0) / SECOND - tail_s + 0.1, abs=0.001)


def test_several_frames_in_one_cltu_and_commands_without_gap_are_all_taken() -> None:
    craft, ground = twin(), Ground()
    first = b"\x55" * 16 + cltu(ground.frame(request(1, 17, 1)) + ground.frame(request(2, 17, 1)))
    second = cltu(ground.frame(request(3, 17, 1))) + b"\x55"
    one = Uplinked(T0 + SECOND, RATE, first)
    craft.receive(one)
    craft.receive(Uplinked(one.end_ns, RATE, second))
    heard = listen(craft, 12)
    assert [heard.stages(count) for count in (1, 2, 3)] == [[1, 3, 7]] * 3


def test_a_second_carrier_is_not_heard_while_the_first_is_received() -> None:
    craft, ground = twin(), Ground()
    one = Uplinked(T0 + SECOND, RATE, b"\x55" * 16 + cltu(ground.frame(request(1, 17, 1))))
    two = Uplinked(T0 + SECOND + SECOND // 4, RATE, b"\x55" * 16 + cltu(ground.frame(request(2, 17, 1))))
    craft.receive(one)
    craft.receive(two)
    heard = listen(craft, 10)
    assert heard.stages(1) == [1, 3, 7] and heard.stages(2) == [] and craft.receiver.counters["uplinks_unheard"] == 1


def test_one_wrong_bit_in_each_codeword_is_corrected() -> None:
    craft, ground = twin(), Ground()
    octets = bytearray(b"\x55" * 16 + cltu(ground.frame(request(1, 17, 1))))
    codewords = range(16 + 2, len(octets) - 8, 8)
    for number, at in enumerate(codewords):
        octets[at + number % 8] ^= 1 << (1 + number % 7)
    craft.receive(Uplinked(T0 + SECOND, RATE, bytes(octets)))
    assert listen(craft, 8).stages(1) == [1, 3, 7] and craft.receiver.counters["corrected_bits"] == len(codewords)


# the whole loop


class Loop:
    """FOP-1 on the ground, the spacecraft, and a line of so much light time that loses some of what passes."""

    def __init__(self, dice: Random, light_s: int, loss: float) -> None:
        self.craft, self.ground, self.dice, self.loss = twin(), Ground(), dice, loss
        self.light_ns = light_s * SECOND
        settings_ = FopSettings(SPACECRAFT_ID, 0, 10, t1_ns=2 * self.light_ns + 8 * SECOND, limit=8)
        self.fop, self.heard = Fop1(settings_), Heard()
        self.down: deque[tuple[int, bytes]] = deque()
        self.outputs: list[FopOutput] = []
        self.waiting: deque[Fdu] = deque()
        self.free_ns = T0

    def done(self, outputs: list[FopOutput], now: int) -> None:
        for one in outputs:
            self.outputs.append(one)
            if isinstance(one, Transmit):
                self.radiate(encode_tc_frame(one.frame, TcFormat(1024, True)), now)
                self.done(self.fop.on_accepted(one.frame.kind, now), now)

    def radiate(self, frame: bytes, now: int) -> None:
        octets = b"\x55" * 16 + cltu(frame) + b"\x55"
        begin = max(now, self.free_ns)
        uplinked = Uplinked(begin + self.light_ns, Fraction(100_000), octets)
        self.free_ns = begin + uplinked.end_ns - uplinked.start_ns + SECOND // 100
        if self.dice.random() >= self.loss:
            self.craft.receive(uplinked)

    def step(self) -> None:
        """Let one frame leave the spacecraft, and the ground do what is due until then."""
        now = self.craft.next_frame_ns()
        self.down.append((now + self.light_ns, self.craft.frame()))
        while self.down and self.down[0][0] <= now:
            _, frame = self.down.popleft()
            if self.dice.random() >= self.loss:
                word = ControlWord.decode(int.from_bytes(frame[-6:-2]))
                self.done(self.fop.on_control_word(word, now), now)
        deadline = self.fop.next_deadline()
        if deadline is not None and deadline <= now:
            self.done(self.fop.on_timer(now), now)
        started = any(isinstance(one, DirectiveConfirmed) for one in self.outputs)
        if started and self.waiting and self.fop.waiting is None:
            self.done(self.fop.transfer(self.waiting.popleft(), now), now)


@pytest.mark.parametrize(("seed", "light_s", "loss"), [(1, 3, 0.0), (2, 5, 0.2), (3, 8, 0.3), (4, 2, 0.4)])
def test_fop_1_delivers_every_command_once_and_in_order_through_a_lossy_delaying_line(
    seed: int, light_s: int, loss: float
) -> None:
    loop = Loop(Random(seed), light_s, loss)
    loop.done(loop.fop.direct(InitiateWithSetVr("start", 0), T0), T0)
    for number in range(12):
        protected = loop.ground.frame(request(number, 17, 1))[5:-2]
        loop.waiting.append(Fdu(f"command {number}", protected))
    for _ in range(900):
        loop.step()
        if sum(isinstance(one, FduConfirmed) for one in loop.outputs) == 12:
            break
    confirmed = [one for one in loop.outputs if isinstance(one, FduConfirmed)]
    assert len(confirmed) == 12 and all(one.positive for one in confirmed), loop.outputs[-5:]
    assert sum(isinstance(one, FduAccepted) for one in loop.outputs) == 12
    assert loop.craft.receiver.counters["security_refused"] == 0 and loop.craft.receiver.counters["packets"] == 12


# what cannot be


def test_a_secured_link_without_a_key_and_a_window_too_small_are_refused() -> None:
    with pytest.raises(DefinitionError, match="no key"):
        Spacecraft(definition(), 1, T0, lambda at: 0)
    with pytest.raises(DefinitionError, match="farm_window"):
        twin(farm_window=4)
    with pytest.raises(UsageError, match="no uplink"):
        Uplinked(T0, RATE, b"")
    assert KEY
