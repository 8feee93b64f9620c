"""The simulated spacecraft does what packets made by hand ask, and says so in frames that are taken apart by hand."""

import struct

import pytest

from aelita.spacecraft import Code, Mode, Spacecraft
from aelita.time import SECOND
from spacecraft_material import COMMAND_APID, SOURCE, Ground, Heard, clock, crc, iso, listen, request, twin


def ticks(craft: Spacecraft, ahead_s: float = 0.0) -> int:
    return clock(craft.now_ns + round(ahead_s * SECOND))


def asked(*packets: bytes, frames: int = 20, craft: Spacecraft | None = None) -> tuple[Spacecraft, Heard]:
    """Send packets and hear what comes back."""
    craft = twin() if craft is None else craft
    Ground().ask(craft, *packets)
    return craft, listen(craft, frames)


def test_a_ping_is_accepted_started_answered_and_completed() -> None:
    _, heard = asked(request(7, 17, 1))
    assert heard.stages(7) == [1, 3, 7]
    (alive,) = heard.reports(17)
    assert alive[8] == 2 and alive[9] == SOURCE and alive[16:-2] == b""
    apids = {one[8]: struct.unpack(">H", one[:2])[0] for one in heard.reports(1)}
    assert set(apids.values()) == {0x0812}


@pytest.mark.parametrize("ack", range(16))
def test_successes_are_reported_as_the_acknowledgement_flags_ask(ack: int) -> None:
    _, heard = asked(request(1, 17, 1, ack=ack))
    assert heard.stages(1) == [stage for stage, bit in ((1, 1), (3, 2), (7, 8)) if ack & bit]
    assert heard.reports(17)


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (request(3, 17, 1, apid=0x2A), 0),
        (request(3, 17, 1)[:-1] + b"\0", 2),
        (request(3, 250, 1), 3),
        (request(3, 17, 99), 4),
        (request(3, 11, 1), 5),
        (request(3, 6, 2, b"\x06\0\0\0\0\0\0\0\x09ab"), 5),
    ],
)
def test_what_is_not_accepted_fails_with_the_standard_s_code_whatever_the_flags(packet: bytes, code: int) -> None:
    craft, heard = asked(packet)
    (failed,) = heard.reports(1)
    assert failed[8] == 2 and failed[16:20] == packet[:4] and failed[20] == code
    assert craft.receiver.counters["refused"] == 1


def test_memory_is_loaded_dumped_and_checked() -> None:
    data = bytes(range(200))
    place = struct.pack(">BII", 6, 0x1000, len(data))
    _, heard = asked(request(1, 6, 2, place + data + iso(data)), request(2, 6, 5, place), request(3, 6, 9, place))
    assert [heard.stages(count) for count in (1, 2, 3)] == [[1, 3, 7]] * 3
    (dump,) = heard.reports(6, 6)
    assert dump[16:-2] == place + data + iso(data) and dump[:2] == b"\x08\x17"
    (checked,) = heard.reports(6, 10)
    assert checked[16:-2] == place + iso(data)
    assert [one[16:-2].hex() for one in heard.reports(5)] == ["01a10601010605", "01a10601000605"]  # as TGO's, octet for octet


def test_a_dump_longer_than_a_packet_comes_in_parts() -> None:
    _, heard = asked(request(1, 6, 5, struct.pack(">BII", 7, 100, 2500)))
    parts = [one[16:-2] for one in heard.reports(6, 6)]
    assert [struct.unpack(">BII", part[:9]) for part in parts] == [(7, 100, 960), (7, 1060, 960), (7, 2020, 580)]
    assert all(iso(part[9:-2]) == part[-2:] for part in parts)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (struct.pack(">BII", 9, 0, 4), Code.UNKNOWN_OBJECT),
        (struct.pack(">BII", 6, 65533, 4), Code.OUT_OF_RANGE),
        (struct.pack(">BII", 6, 0, 0), Code.OUT_OF_RANGE),
    ],
)
def test_a_dump_of_what_is_not_there_does_not_start(data: bytes, code: Code) -> None:
    _, heard = asked(request(1, 6, 5, data))
    assert heard.stages(1) == [1, 4] and heard.failure(1) == code


def test_a_block_with_a_bad_checksum_is_not_written() -> None:
    craft, heard = asked(request(1, 6, 2, struct.pack(">BII", 6, 0, 4) + b"abcd\0\0"))
    assert heard.stages(1) == [1, 4] and heard.failure(1) == Code.BAD_CHECKSUM and not any(craft.board.memories[6])


def count(heard: Heard) -> int:
    """How many reports of structure 0xAA were heard."""
    return sum(one[16:20] == b"\0\0\0\xaa" for one in heard.reports(3, 25))


def test_structures_are_disabled_enabled_generated_and_slowed_down() -> None:
    craft = twin()
    ground = Ground()
    assert count(listen(craft, 41)) == 10
    ground.ask(craft, request(1, 3, 6, b"\x01\0\0\0\xaa"))
    listen(craft, 4)
    assert count(listen(craft, 40)) == 0
    ground.ask(craft, request(2, 3, 27, b"\x01\0\0\0\xaa"))
    assert count(listen(craft, 10)) == 1
    ground.ask(craft, request(3, 3, 31, b"\x01\0\0\0\xaa" + struct.pack(">I", 20)), request(4, 3, 5, b"\x01\0\0\0\xaa"))
    heard = listen(craft, 61)
    assert heard.stages(3) == heard.stages(4) == [1, 3, 7] and count(heard) in (2, 3)
    ground.ask(craft, request(5, 3, 5, b"\x01\0\0\0\xfe"))
    heard = listen(craft, 10)
    assert heard.failure(5) == Code.UNKNOWN_OBJECT


def test_events_are_disabled_and_told() -> None:
    dump = struct.pack(">BII", 6, 0, 1)
    _, heard = asked(request(1, 5, 6, b"\x01\x01\xa1"), request(2, 6, 5, dump), request(3, 5, 7))
    assert heard.reports(6) and heard.reports(5, 1) == []
    (disabled,) = heard.reports(5, 8)
    assert disabled[16:-2] == b"\x01\x01\xa1"


def test_functions_act() -> None:
    craft, heard = asked(request(1, 8, 1, b"\x01"), request(2, 8, 1, b"\x77"), request(3, 8, 1, b"\x02\x00"))
    assert craft.mode is Mode.SAFE and heard.stages(1) == [1, 3, 7]
    assert (heard.failure(2), heard.failure(3)) == (Code.UNKNOWN_OBJECT, Code.OUT_OF_RANGE)
    (event,) = heard.reports(5, 4)
    assert event[16:18] == b"\xf0\x11"


def test_a_reset_by_command_is_completed_first_and_starts_farm_anew() -> None:
    craft = twin()
    ground = Ground()
    ground.send(craft, ground.frame(request(1, 17, 1), 0))
    listen(craft, 5)
    assert craft.receiver.farm.expected_number == 1
    ground.send(craft, ground.frame(request(2, 8, 1, b"\x04"), 1))
    heard = listen(craft, 10)
    assert heard.stages(2) == [1, 3, 7] and craft.receiver.farm.expected_number == 0 and craft.board.boots == 2
    (event,) = heard.reports(5, 3)
    assert event[16:18] == b"\xf0\x10"


def test_parameters_are_told_and_set() -> None:
    _, heard = asked(
        request(1, 20, 3, b"\x01\x00\x10" + struct.pack(">I", 300)), request(2, 20, 1, b"\x03\0\x01\0\x10\0\x05"),
        request(3, 20, 3, b"\x01\0\x01\0\0\0\x02"), request(4, 20, 1, b"\x01\x03\xe7"), frames=10,
    )  # fmt: skip
    (values,) = heard.reports(20)
    assert values[16:-2].hex() == "03" + "0001" + "00000001" + "0010" + "0000012c" + "0005" + "00000002"
    assert heard.failure(3) == Code.READ_ONLY and heard.failure(4) == Code.UNKNOWN_OBJECT


def test_the_time_is_told_by_packets_of_the_rate_asked_for() -> None:
    craft = twin()
    Ground().ask(craft, request(1, 9, 1, b"\x02"))
    heard = Heard()
    begun: list[int] = []
    for _ in range(200):
        at = craft.next_frame_ns()
        frame = craft.frame()
        heard.feed(frame)
        if frame[1] >> 1 & 7 == 0 and frame[3] % 4 == 0:
            begun.append(clock(at))
    times = [one[8:14] for one in heard.packets if one[:2] == b"\0\0" and len(one) == 14]
    assert all(one[6:8] == b"\0\x2e" for one in heard.packets if one[:2] == b"\0\0")
    told = [int.from_bytes(one) for one in times]
    assert len(told) > 10 and set(told[3:]) <= set(begun)
    _, refused = asked(request(1, 9, 1, b"\x09"))
    assert refused.failure(1) == Code.OUT_OF_RANGE


def insert(count: int, *activities: tuple[int, bytes]) -> bytes:
    """A request to insert activities: number, then time and packet of each."""
    return request(count, 11, 4, bytes([len(activities)]) + b"".join(at.to_bytes(6) + packet for at, packet in activities))


def test_scheduled_requests_are_released_at_their_times() -> None:
    craft = twin()
    ground = Ground()
    at = ticks(craft, 60)
    ground.ask(craft, insert(1, (at + 65536 * 10, request(101, 17, 1)), (at, request(100, 17, 1))))
    heard = listen(craft, 100)
    assert heard.stages(1) == [1, 3, 7]
    accepted = {one[18:20]: int.from_bytes(one[10:16]) for one in heard.reports(1, 1)}
    for number, due in ((100, at), (101, at + 655360)):
        late = accepted[(0xC000 | number).to_bytes(2)] - due
        assert 0 <= late <= 65536 * 0.11  # the time that acceptance takes


def test_the_schedule_is_reported_shifted_deleted_and_held() -> None:
    craft = twin()
    ground = Ground()
    at = ticks(craft, 600)
    which = struct.pack(">HHB", COMMAND_APID, 100, 1)
    ground.ask(craft, insert(1, *((at + 65536 * n, request(100 + n, 17, 1)) for n in range(4))))
    ground.ask(craft, request(2, 11, 5, b"\x01" + which), request(3, 11, 17))
    heard = listen(craft, 10)
    (summary,) = heard.reports(11, 13)
    entries = b"".join(struct.pack(">HH", COMMAND_APID, 100 + n) + (at + 65536 * n).to_bytes(6) for n in (1, 2, 3))
    assert summary[16:-2] == b"\x03" + entries
    ground.ask(craft, request(4, 11, 15, (65536).to_bytes(6)), request(5, 11, 16))
    heard = listen(craft, 8)
    (details,) = heard.reports(11, 10)
    assert details[17:23] == (at + 65536 * 2).to_bytes(6) and details[23:].startswith(request(101, 17, 1))
    ground.ask(craft, request(6, 11, 2, b"\0"), request(7, 11, 5, b"\x01" + which))
    heard = listen(craft, 8)
    assert heard.stages(6) == [1, 3, 7] and heard.failure(7) == Code.UNKNOWN_OBJECT
    heard = listen(craft, 620)
    assert not heard.reports(17) and len([one for one in heard.reports(5, 2) if one[16:18] == b"\xf0\x04"]) == 3
    ground.ask(craft, insert(8, (ticks(craft, -5), request(109, 17, 1))))
    assert listen(craft, 6).failure(8) == Code.TIME_PASSED


def test_packet_stores_are_read_out_by_time_deleted_and_summarized() -> None:
    craft = twin()
    ground = Ground()
    missed = listen(craft, 60)
    lost = missed.reports(3, 25)
    first, last = (int.from_bytes(lost[k][10:16]) for k in (2, 6))
    ground.ask(craft, request(1, 15, 9, b"\x01\x01\x01" + first.to_bytes(6) + last.to_bytes(6)))
    heard = listen(craft, 10)
    again = [one for one in heard.packets if one in lost]
    assert again == [one for one in lost if first <= int.from_bytes(one[10:16]) <= last] and len(again) >= 5
    ground.ask(craft, request(2, 15, 11, last.to_bytes(6) + b"\0"), request(3, 15, 12, b"\0"))
    (summary,) = listen(craft, 6).reports(15, 13)
    assert summary[16:18] == b"\x01\x01" and int.from_bytes(summary[18:24]) > last
    ground.ask(craft, request(4, 15, 9, b"\x01\x09\x00"))
    assert listen(craft, 4).failure(4) == Code.UNKNOWN_OBJECT


def test_a_packet_larger_than_a_frame_comes_in_segments() -> None:
    data = bytes(range(256)) * 7
    whole = request(1, 6, 2, struct.pack(">BII", 7, 0, len(data)) + data + iso(data))
    craft, ground = twin(), Ground()
    parts = [whole[at : at + 900] for at in range(0, len(whole), 900)]
    flags = [1, *[0] * (len(parts) - 2), 2]
    for part, flag in zip(parts, flags, strict=True):
        ground.send(craft, ground.frame(part, segment=flag))
    heard = listen(craft, 30)
    assert heard.stages(1) == [1, 3, 7] and bytes(craft.board.memories[7][: len(data)]) == data


def test_structures_tell_a_unit_quaternion_and_directions_that_agree_with_it() -> None:
    heard = listen(twin(), 40)
    for packet in (one for one in heard.reports(3, 25) if one[16:20] == b"\0\0\0\xab"):
        q0, *v = struct.unpack(">4f", packet[54:70])
        earth, body = struct.unpack(">3f", packet[23:35]), struct.unpack(">3f", packet[71:83])
        assert q0 * q0 + sum(x * x for x in v) == pytest.approx(1, abs=1e-6)
        assert sum(x * x for x in body) == pytest.approx(sum(x * x for x in earth), abs=1e-5)
        assert sum(a * b for a, b in zip(v, earth, strict=True)) == pytest.approx(
            sum(a * b for a, b in zip(v, body, strict=True)), abs=1e-6
        )  # the axis of the turn is the same in both


def test_every_octet_is_the_same_for_the_same_inputs() -> None:
    def told(seed: int) -> bytes:
        craft = twin(seed)
        Ground().ask(craft, request(1, 6, 5, struct.pack(">BII", 7, 0, 64)), request(2, 17, 1))
        return b"".join(craft.frame() for _ in range(40))

    assert told(1) == told(1) and told(1) != told(2)


def test_checksums_of_this_ground_are_the_book_s() -> None:
    """Known answers of ECSS-E-70-41A, annex A, and of the CRC catalogue."""
    assert crc(b"123456789") == 0x29B1 and crc(bytes.fromhex("ABCDEF01")) == 0x04A2
    assert iso(bytes.fromhex("ABCDEF01")).hex() == "9cf8" and iso(bytes.fromhex("1456F89A0001")).hex() == "24dc"
