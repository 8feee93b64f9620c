"""ISP1 credentials against vectors that two independent codes computed, and the credentials of recorded sessions."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DataError, UsageError
from aelita.sle import Bind, BindReturn, Credentials, HashAlgorithm, Refusal, ReplayMemory, TransferBuffer, decode
from aelita.sle import make_credentials as make
from aelita.sle import verify_credentials as verify
from aelita.time import tai_ns_from_utc
from shared import shared
from sle_vectors import peer_sessions, recorded

SHA_1, SHA_256 = HashAlgorithm.SHA_1, HashAlgorithm.SHA_256
NOW = tai_ns_from_utc("2026-11-18T00:00:43.123")
SECOND = 10**9
ALGORITHMS = {"sha1": SHA_1, "sha256": SHA_256}


def time_of(cds: bytes) -> int:
    """Return TAI nanoseconds of 8 octets of 2026."""
    days, ms, us = int.from_bytes(cds[:2]), int.from_bytes(cds[2:6]), int.from_bytes(cds[6:])
    return ((days - 4383) * 86400 + 37) * SECOND + ms * 10**6 + us * 1000


def vectors() -> list[dict]:
    return json.loads(shared("data/vectors/isp1_credentials.json").read_text())["vectors"]


def test_the_vectors_are_made_to_the_octet() -> None:
    for vector in vectors():
        now, password = time_of(bytes.fromhex(vector["time_cds"])), bytes.fromhex(vector["password_hex"])
        made = make(now, vector["user"], password, vector["random"], ALGORITHMS[vector["hash"]])
        assert made.octets.hex() == vector["isp1_credentials"]
        assert verify(made, vector["user"], password, now) is None
        assert verify(made, vector["user"], password, now, algorithm=ALGORITHMS[vector["hash"]]) is None


def test_the_credentials_of_the_independent_client_are_believed() -> None:
    believed = 0
    for session in peer_sessions():
        for entry in session["exchange"]:
            fields = entry.get("fields")
            secret = fields.get("invokerCredentials", {}).get("used") if isinstance(fields, dict) else None
            if entry["dir"] != "user->provider" or secret is None:
                continue
            credentials, password = Credentials(bytes.fromhex(secret)), bytes.fromhex(session["user_password_hex"])
            now = time_of(credentials.octets[4:12])
            algorithm = HashAlgorithm(session["hash"])
            assert verify(credentials, session["user_id"], password, now, 5, algorithm) is None
            assert verify(credentials, session["user_id"], password + b"x", now) is Refusal.WRONG_HASH
            assert verify(credentials, "USER-2", password, now) is Refusal.WRONG_HASH
            believed += 1
    assert believed > 50


def test_recorded_pdus_carry_their_credentials_as_received() -> None:
    secrets = 0
    for entry in recorded():
        pdu = decode(entry.octets, entry.service, entry.version)
        parts = pdu.elements if isinstance(pdu, TransferBuffer) else (pdu,)
        secrets += sum(getattr(part, "credentials", None) is not None for part in parts)
        if isinstance(pdu, Bind | BindReturn) and pdu.credentials:
            assert pdu.credentials.octets in entry.octets
    assert secrets > 100


def test_the_window_counts_both_ways() -> None:
    made = make(NOW, "USER-1", b"secret", 1, SHA_256)
    for away in (-180, -1, 0, 180):
        assert verify(made, "USER-1", b"secret", NOW + away * SECOND) is None
    for away in (-181, 181, 10**6, -(10**6)):
        assert verify(made, "USER-1", b"secret", NOW + away * SECOND) is Refusal.OUT_OF_WINDOW
    assert verify(made, "USER-1", b"secret", NOW + 2 * SECOND, window_s=1) is Refusal.OUT_OF_WINDOW


def test_missing_malformed_and_weaker_credentials_are_refused() -> None:
    made = make(NOW, "USER-1", b"secret", 1, SHA_1)
    assert verify(None, "USER-1", b"secret", NOW) is Refusal.MISSING
    assert verify(Credentials(made.octets + b"\0"), "USER-1", b"secret", NOW) is Refusal.MALFORMED
    assert verify(made, "USER-1", b"secret", NOW, algorithm=SHA_256) is Refusal.WRONG_ALGORITHM
    assert verify(made, "USER-1", b"secret", NOW, algorithm=SHA_1) is None


@pytest.mark.parametrize("microseconds", [1000, 65535])
def test_a_time_that_the_peer_wrote_oddly_is_hashed_as_received(microseconds: int) -> None:
    """A public client writes 1000 microseconds for some milliseconds: it hashes just that."""
    time = (25158).to_bytes(2) + (43122).to_bytes(4) + microseconds.to_bytes(2)
    hashed = (
        bytes.fromhex("30200408") + time + bytes.fromhex("020101" + "1a06") + b"USER-1" + bytes.fromhex("0409") + b"passwords"
    )
    hashed = bytes([0x30, len(hashed) - 2]) + hashed[2:]
    protected = hashlib.sha256(hashed).digest()
    octets = bytes.fromhex("302f0408") + time + bytes.fromhex("020101" + "0420") + protected
    assert verify(Credentials(octets), "USER-1", b"passwords", NOW) is None


@given(st.binary(min_size=8, max_size=64))
def test_random_octets_are_refused(octets: bytes) -> None:
    assert verify(Credentials(octets), "USER-1", b"secret", NOW) is Refusal.MALFORMED


def test_credentials_cut_or_changed_anywhere_are_refused() -> None:
    made = make(NOW, "USER-1", b"secret", 77, SHA_256).octets
    for place in range(len(made)):
        assert verify(Credentials(made[:place]), "USER-1", b"secret", NOW) is Refusal.MALFORMED
        changed = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
        assert verify(Credentials(changed), "USER-1", b"secret", NOW) in (Refusal.MALFORMED, Refusal.WRONG_HASH)


def test_credentials_are_not_made_from_what_does_not_fit() -> None:
    with pytest.raises(UsageError, match="2147483648 is not an integer"):
        make(NOW, "USER-1", b"secret", 2**31, SHA_1)
    with pytest.raises(UsageError, match="no time"):
        make(2**63 - 1, "USER-1", b"secret", 1, SHA_1)


def test_the_memory_of_replays_admits_once_while_the_window_lasts() -> None:
    memory = ReplayMemory(window_s=10)
    first, second = (make(NOW, "USER-1", b"secret", number, SHA_1) for number in (1, 2))
    assert memory.admit(first, NOW) is None
    assert memory.admit(second, NOW) is None
    assert memory.admit(first, NOW + 19 * SECOND) is Refusal.REPLAYED
    assert memory.admit(first, NOW + 21 * SECOND) is None  # verify refuses its time by now
    with pytest.raises(DataError):
        memory.admit(Credentials(b"nonsense"), NOW)


def test_the_memory_of_replays_is_bounded() -> None:
    memory = ReplayMemory(window_s=10, most=3)
    made = [make(NOW, "USER-1", b"secret", number, SHA_1) for number in range(5)]
    assert [memory.admit(one, NOW) for one in made] == [None] * 5
    assert memory.admit(made[4], NOW) is Refusal.REPLAYED
    assert len(memory._order) <= 3 and len(memory._seen) <= 3
