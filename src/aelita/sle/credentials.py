"""ISP1 credentials (CCSDS 913.1-B): a time, a random number and a hash of both with the sender's name and password.

Hashing takes the octets as they were received, never a time decoded and encoded again: a public client writes 1000 microseconds
of a millisecond at times.
"""

import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from ..errors import DataError, UsageError
from ..time import SECOND
from .grammar import Integer, Octets, Visible, sequence
from .pdus import Credentials
from .times import MILLISECOND, cds_parts, encode_time, in_range, tai_ns_from_day

DEFAULT_WINDOW_S = 180  # in use by two implementations; a local parameter of 913.1-B


class HashAlgorithm(Enum):
    """Hash of the credentials: SHA-1 in 913.1-B-1, SHA-256 since 913.1-B-2; agreed per peer, whatever the service version."""

    SHA_1 = "SHA-1"
    SHA_256 = "SHA-256"


class Refusal(Enum):
    """Why credentials are not believed."""

    MISSING = "no credentials"
    MALFORMED = "credentials that are no ISP1 credentials"
    WRONG_ALGORITHM = "another hash algorithm than agreed"
    WRONG_HASH = "a wrong name or password"
    OUT_OF_WINDOW = "a time too far from now"
    REPLAYED = "credentials used before"
    TOO_EARLY = "credentials made before this side was started"


@dataclass(frozen=True, slots=True)
class Isp1:
    """What ISP1 credentials contain: 8 octets of time, a random number and the hash."""

    time: bytes
    random_number: int
    protected: bytes


@dataclass(frozen=True, slots=True)
class _HashInput:
    time: bytes
    random_number: int
    user: str
    password: bytes


_TIME_AND_NUMBER = (("time", Octets(8, 8)), ("random_number", Integer(0, 2**31 - 1)))
_ISP1 = sequence(Isp1, *_TIME_AND_NUMBER, ("protected", Octets(20, 32)))
_HASHED = sequence(_HashInput, *_TIME_AND_NUMBER, ("user", Visible(1, 256)), ("password", Octets(0, 2**16)))
_BY_LENGTH = {20: HashAlgorithm.SHA_1, 32: HashAlgorithm.SHA_256}
_HASHES = {HashAlgorithm.SHA_1: hashlib.sha1, HashAlgorithm.SHA_256: hashlib.sha256}


def _protected(time: bytes, random_number: int, user: str, password: bytes, algorithm: HashAlgorithm) -> bytes:
    return _HASHES[algorithm](_HASHED.write(_HashInput(time, random_number, user, password))).digest()


def make(now_tai_ns: int, user: str, password: bytes, random_number: int, algorithm: HashAlgorithm) -> Credentials:
    """Return the credentials of `user` at a time; `random_number` (0 to 2**31 - 1) must differ each time."""
    if not in_range(now_tai_ns):
        raise UsageError(f"{now_tai_ns} ns of TAI is no time for credentials", remedy="Give a time between 1958 and 2137")
    time = encode_time(now_tai_ns)
    return Credentials(_ISP1.write(Isp1(time, random_number, _protected(time, random_number, user, password, algorithm))))


def parse(credentials: Credentials) -> Isp1:
    """Return what credentials contain. Raises DataError when they are no ISP1 credentials."""
    octets = credentials.octets
    isp1, end = _ISP1.read(octets, 0, len(octets))
    if end != len(octets) or len(isp1.protected) not in _BY_LENGTH:
        raise DataError("these are no ISP1 credentials", where=f"octet {end}", remedy="A hash has 20 or 32 octets")
    return isp1


def verify(
    credentials: Credentials | None,
    user: str,
    password: bytes,
    now_tai_ns: int,
    window_s: float = DEFAULT_WINDOW_S,
    algorithm: HashAlgorithm | None = None,
) -> Refusal | None:
    """Return why the credentials of a peer `user` are not believed, None when they are.

    Their time may lie `window_s` before or after now. `algorithm` None takes the one that the length of the hash tells.
    """
    if credentials is None:
        return Refusal.MISSING
    try:
        isp1 = parse(credentials)
    except DataError:
        return Refusal.MALFORMED
    used = _BY_LENGTH[len(isp1.protected)]
    if algorithm not in (None, used):
        return Refusal.WRONG_ALGORITHM
    if not hmac.compare_digest(_protected(isp1.time, isp1.random_number, user, password, used), isp1.protected):
        return Refusal.WRONG_HASH
    return Refusal.OUT_OF_WINDOW if abs(now_tai_ns - _made_at(isp1)) > window_s * SECOND else None


def _made_at(isp1: Isp1) -> int:
    day, millisecond, microsecond = cds_parts(isp1.time)
    return tai_ns_from_day(day, millisecond * MILLISECOND + microsecond * 1000)


@dataclass(slots=True)
class ReplayMemory:
    """Credentials accepted of late, so that none is accepted twice while its time is within the window.

    Ask it only about credentials that `verify` believes: then only a peer who knows the password can fill it. At most `most` are
    kept, the newest. Credentials made before `not_before` (TAI nanoseconds) are refused: a memory that begins anew does not know
    which of these it has seen.
    """

    window_s: float = DEFAULT_WINDOW_S
    most: int = 200_000
    not_before: int | None = None
    _seen: set[bytes] = field(default_factory=set)
    _order: deque[tuple[int, bytes]] = field(default_factory=deque)

    def admit(self, credentials: Credentials, now_tai_ns: int) -> Refusal | None:
        """Return REPLAYED for credentials seen before, TOO_EARLY for those of before it began, else remember them."""
        horizon = now_tai_ns - int(2 * self.window_s * SECOND)  # a time ahead of now stays acceptable for two windows
        while self._order and (self._order[0][0] < horizon or len(self._order) >= self.most):
            self._seen.discard(self._order.popleft()[1])
        isp1 = parse(credentials)
        key = isp1.protected
        if self.not_before is not None and _made_at(isp1) < self.not_before:
            return Refusal.TOO_EARLY
        if key in self._seen:
            return Refusal.REPLAYED
        self._seen.add(key)
        self._order.append((now_tai_ns, key))
        return None
