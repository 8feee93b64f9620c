"""Recordings of packets without frames: space packets and encapsulation packets, whole and damaged."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.link import CHECKSUM_BAD, ENCAPSULATION_APID, IDLE_APID, Channel, PacketReceiver
from reception_material import Everything, checked, packet, received

PLAIN = Channel.from_toml('name="p"\nspacecraft="P"\nprotocol="packets"')
CHECKED = Channel.from_toml('name="p"\nspacecraft="P"\nprotocol="packets"\n[packets]\nchecksum="crc16"\nunchecked_apids=[0]')
BEYOND = "packet length runs past the end"
NONE = "no packets: octets before the next place where packets follow one another"


def stream(seed: int, number: int = 80, apids: tuple[int, ...] = (3, 70, 1200)) -> list[bytes]:
    chance = random.Random(seed)
    counts = dict.fromkeys(apids, 0)
    made = []
    for _ in range(number):
        apid = chance.choice(apids)
        made.append(packet(apid, counts[apid], chance.randbytes(chance.randint(1, 200))))
        counts[apid] += 1
    return made


def encapsulated(protocol: int, data: bytes, octets_of_length: int) -> bytes:
    """Header fields: CCSDS 133.1-B."""
    size = {0: 0, 1: 1, 2: 2, 4: 3}[octets_of_length]
    head = bytes([7 << 5 | protocol << 2 | size])
    if size == 3:
        head += b"\x00\x12\x34"
    elif size == 2:
        head += b"\x00"
    total = len(head) + octets_of_length + len(data)
    return head + (total.to_bytes(octets_of_length) if size else b"") + data


def octets_of(found: Everything) -> list[bytes]:
    return [row[0] for row in found.packets]


def test_packets_back_to_back() -> None:
    sent = stream(1)
    found = received(PLAIN, b"".join(sent), [3, 1000, 1001])
    assert octets_of(found) == sent
    assert [row[6] for row in found.packets] == np.cumsum([0, *map(len, sent)])[:-1].tolist()
    assert {(row[3], row[4], row[5]) for row in found.packets} == {(0, -1, 0)}
    assert found.quarantined == []


@pytest.mark.parametrize("number", range(1, 12))
def test_short_recordings(number: int) -> None:
    sent = stream(number, number)
    assert octets_of(received(PLAIN, b"".join(sent))) == sent


def test_encapsulation_packets_among_space_packets() -> None:
    chance = random.Random(4)
    sent, kinds = [], []
    for k in range(60):
        if chance.random() < 0.5:
            sent.append(encapsulated(chance.choice([2, 4]), chance.randbytes(chance.randint(1, 200)), chance.choice([1, 2, 4])))
            kinds.append(ENCAPSULATION_APID)
        else:
            sent.append(packet(9, k, chance.randbytes(20)))
            kinds.append(9)
    sent[10:10], kinds[10:10] = [b"\xe0", b"\xe0"], [IDLE_APID, IDLE_APID]  # idle packets of a single octet
    found = received(PLAIN, b"".join(sent), range(0, 5000, 7))
    assert (octets_of(found), [row[1] for row in found.packets]) == (sent, kinds)


def test_checksums() -> None:
    good = [checked(packet(5, k, bytes(10) + b"xx")[:-2]) for k in range(10)]
    bad = good[4][:8] + b"\xff" + good[4][9:]
    found = received(CHECKED, b"".join([*good[:4], bad, *good[5:], packet(0, 1, b"no checksum here")]))
    assert [row[5] for row in found.packets] == [0] * 4 + [CHECKSUM_BAD] + [0] * 6
    assert [row[7] for row in found.packets] == [True] * 10 + [False]


def test_the_end_cuts_the_last_packet_off() -> None:
    sent = stream(5)
    whole = b"".join(sent)
    found = received(PLAIN, whole[:-3], [100])
    assert octets_of(found) == sent[:-1]
    assert found.quarantined == [(len(whole) - len(sent[-1]), sent[-1][:-3], BEYOND)]


@pytest.mark.parametrize("where", [0, 1, 40, 77])
def test_a_length_that_runs_past_everything(where: int) -> None:
    sent = stream(6)
    wrong = sent[where][:4] + b"\xff\xff" + sent[where][6:]
    found = received(PLAIN, b"".join([*sent[:where], wrong, *sent[where + 1 :]]))
    assert octets_of(found) == sent[:where] + sent[where + 1 :]
    assert [(q[0], q[1]) for q in found.quarantined] == [(sum(map(len, sent[:where])), wrong)]


@pytest.mark.parametrize("extra", [1, 10, 700, 70_000, 200_000])
@pytest.mark.parametrize("where", [0, 40, 80])
def test_garbage_between_packets(extra: int, where: int) -> None:
    sent = stream(7)
    garbage = b"\x8f" * extra  # no version that packets have
    place = sum(map(len, sent[:where]))
    found = received(PLAIN, b"".join([*sent[:where], garbage, *sent[where:]]), range(0, 300_000, 5000))
    assert octets_of(found) == sent
    assert b"".join(q[1] for q in found.quarantined) == garbage
    assert {q[2] for q in found.quarantined} == {NONE}
    assert found.quarantined[0][0] == place


@pytest.mark.parametrize(("first", "worst"), [(0, 0.07), (20, 0.02)])
def test_lost_octets_cost_the_packets_around(first: int, worst: float) -> None:
    """Random data may look like packets by chance, sooner before all kinds of packets have been seen."""
    chance, costly = random.Random(5), 0
    for seed in range(300):
        sent = stream(seed)
        starts = np.cumsum([0, *map(len, sent)]).tolist()
        where, lost = chance.randint(first, 79), chance.randint(1, 150)
        place, octets = starts[where], b"".join(sent)
        found = set(octets_of(received(PLAIN, octets[:place] + octets[place + lost :])))
        untouched = sent[:where] + [one for one, start in zip(sent, starts, strict=False) if start >= place + lost]
        costly += sum(one not in found for one in untouched) > 2
    assert costly <= worst * 300


@pytest.mark.parametrize("number", range(1, 9))
def test_few_packets_of_different_kinds_before_the_end_cuts_one_off(number: int) -> None:
    sent = [packet(k, 0, bytes([k]) * 20) for k in range(number)]
    found = received(PLAIN, b"".join(sent)[:-1], range(0, 300, 9))
    assert octets_of(found) == sent[:-1]
    assert [(q[1], q[2]) for q in found.quarantined] == [(sent[-1][:-1], BEYOND)]


def test_zeros_are_no_packets() -> None:
    sent = stream(8)
    found = received(PLAIN, b"".join([*sent[:40], bytes(5000), *sent[40:]]))
    assert octets_of(found) == sent
    assert b"".join(q[1] for q in found.quarantined) == bytes(5000)


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=5))
def test_any_octets(octets: bytes, cuts: list[int]) -> None:
    found = received(PLAIN, octets, cuts)
    assert found == received(PLAIN, octets)
    parts = sorted([(row[6], row[0]) for row in found.packets] + [(q[0], q[1]) for q in found.quarantined])
    assert b"".join(part for _, part in parts) == octets, "every octet is in a packet or in quarantine, once"


def test_little_is_kept_of_endless_noise() -> None:
    receiver = PacketReceiver(PLAIN)
    for k in range(12):
        receiver.feed(random.Random(k).randbytes(1 << 18))
        assert receiver._rest.size < 9 << 20
