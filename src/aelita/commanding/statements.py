"""What people sign of a command: canonical octets, Ed25519 signatures, and the reasons for which one is refused.

A statement is over the digest of the prepared octets, the request, the spacecraft, the window of release that it is good for,
and who says it. Times are TAI nanoseconds; keys come as arguments.
"""

import hashlib
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import DataError, UsageError
from .canonical import canonical

MARK = b"aelita-statement-1\n"  # what is signed begins with its kind, so that no signature can serve for another kind
MOST_COMMENT = 2000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_HEX16, _HEX64 = re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_MOST_NS = (1 << 63) - 1


class Act(StrEnum):
    """What a person states of a command."""

    CHECK = "check"
    APPROVE = "approve"
    RELEASE = "release"
    REJECT = "reject"


class Why(StrEnum):
    """Why a statement does not count."""

    UNKNOWN_KEY = "unknown key"
    REVOKED = "revoked key"
    ALTERED = "altered"
    IDENTITY = "not who the key belongs to"
    CREDENTIAL = "credential not valid"
    OTHER_REQUEST = "another request"
    OTHER_DIGEST = "another digest"
    OTHER_SPACECRAFT = "another spacecraft"
    NOT_YET = "not yet valid"
    EXPIRED = "expired"
    CLOCK = "clock set back"
    ROLE = "wrong role"
    SAME_PERSON = "same person twice"
    OWN_REQUEST = "own request"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement that does not count: its id, why, and the same in words for people."""

    statement: str
    why: Why
    words: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One act of one person on one prepared command, good for releases from `not_before_ns` to `not_after_ns`.

    `octets` are what is signed, `id` is their SHA-256 in hex.
    """

    act: Act
    request: str
    digest: str
    spacecraft: str
    not_before_ns: int
    not_after_ns: int
    agency: str
    centre: str
    role: str
    person: str
    key: str
    at_ns: int
    comment: str = ""
    octets: bytes = field(init=False, repr=False, compare=False)
    id: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        octets = MARK + canonical(self.said)
        object.__setattr__(self, "octets", octets)
        object.__setattr__(self, "id", hashlib.sha256(octets).hexdigest())

    @property
    def said(self) -> dict[str, Any]:
        """The statement as canonical JSON writes it."""
        return {"v": 1, "act": str(self.act)} | {one: getattr(self, one) for one in _FIELDS[1:]}


_FIELDS = tuple(one.name for one in fields(Statement) if one.init)
_KEYS = frozenset(("v", *_FIELDS))


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with the signature of its key, which may or may not hold."""

    statement: Statement
    signature: bytes

    def body(self) -> dict[str, Any]:
        """Return it as messages and journals carry it."""
        return {"request": self.statement.request, "statement": self.statement.said, "signature": self.signature.hex()}


def key_id(public: Ed25519PublicKey) -> str:
    """Return the name of a public key: the first 16 hex digits of SHA-256 of its 32 octets."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def sign(statement: Statement, key: Ed25519PrivateKey) -> SignedStatement:
    """Return the statement signed. Raises UsageError when it names another key or could not be read back."""
    if statement.key != key_id(key.public_key()):
        raise UsageError(f"the statement names key {statement.key!r}", remedy="Name the key that signs")
    try:
        _checked(statement.said)
    except DataError as error:
        raise UsageError(error.what) from error
    return SignedStatement(statement, key.sign(statement.octets))


def holds(public: Ed25519PublicKey, signature: bytes, octets: bytes) -> bool:
    """Tell whether a key signed these octets."""
    try:
        public.verify(signature, octets)
    except InvalidSignature:
        return False
    return True


def statement_from(body: Mapping[str, Any]) -> SignedStatement:
    """Return the signed statement of a message or journal entry; its signature is not checked yet. Raises DataError."""
    said, signature = body.get("statement"), body.get("signature")
    if not isinstance(said, dict) or not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        raise DataError("not a signed statement: it has no statement or no signature")
    made = _checked(said)
    if body.get("request", made.request) != made.request:
        raise DataError(f"the statement is about request {made.request!r}, not about {body['request']!r}")
    return SignedStatement(made, bytes.fromhex(signature))


def _checked(said: Mapping[str, Any]) -> Statement:
    """Return the statement of a table that has exactly the keys and kinds of values of one."""
    if set(said) != _KEYS or said["v"] != 1 or isinstance(said["v"], bool):
        raise DataError(f"not a statement of version 1: keys {', '.join(sorted(map(str, said)))}")
    for name in ("not_before_ns", "not_after_ns", "at_ns"):
        value = said[name]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_NS:
            raise DataError(f"{name} of a statement is {value!r}, no time")
    for name in ("act", "request", "spacecraft", "agency", "centre", "role", "person"):
        if not isinstance(said[name], str) or not _NAME.fullmatch(said[name]):
            raise DataError(f"{name} of a statement is {said[name]!r}, no name")
    for name, pattern in (("digest", _HEX64), ("key", _HEX16)):
        if not isinstance(said[name], str) or not pattern.fullmatch(said[name]):
            raise DataError(f"{name} of a statement is {said[name]!r}, not lower-case hex digits")
    if not isinstance(said["comment"], str) or len(said["comment"]) > MOST_COMMENT:
        raise DataError(f"the comment of a statement is no text of at most {MOST_COMMENT} characters")
    if said["act"] not in list(Act):
        raise DataError(f"{said['act']!r} is no act", remedy=f"Acts: {', '.join(Act)}")
    return Statement(Act(said["act"]), *(said[name] for name in _FIELDS[1:]))


def statement_refused(
    signed: SignedStatement,
    *,
    public: Ed25519PublicKey,
    request: str,
    digest: str,
    spacecraft: str,
    now_ns: int,
    tolerance_ns: int = 0,
    proven: Container[str] = (),
) -> Refusal | None:
    """Return why a statement does not count for a prepared command at an instant, None when it does.

    It is about the statement alone; whether its key may say it is the matter of a keyring, whether its role counts that of the
    rules. `proven` holds ids of statements whose signature was verified before.
    """
    said = signed.statement
    identity = said.id
    if identity not in proven and not holds(public, signed.signature, said.octets):
        return Refusal(identity, Why.ALTERED, f"the signature is not of {said.person}: the statement was forged or altered")
    who = f"the {said.act} of {said.person}"
    if said.request != request:
        return Refusal(identity, Why.OTHER_REQUEST, f"{who} is about request {said.request}")
    if said.spacecraft != spacecraft:
        return Refusal(identity, Why.OTHER_SPACECRAFT, f"{who} is about {said.spacecraft}")
    if said.digest != digest:
        return Refusal(identity, Why.OTHER_DIGEST, f"{who} is about other octets: they were altered after it")
    if said.at_ns > now_ns + tolerance_ns:
        ahead_s = (said.at_ns - now_ns) / 1e9
        return Refusal(identity, Why.CLOCK, f"{who} was signed {ahead_s:.3f} s in the future: a clock was set back")
    if now_ns < said.not_before_ns:
        return Refusal(identity, Why.NOT_YET, f"{who} is not yet valid, for {(said.not_before_ns - now_ns) / 1e9:.3f} s more")
    if now_ns > said.not_after_ns:
        return Refusal(identity, Why.EXPIRED, f"{who} expired {(now_ns - said.not_after_ns) / 1e9:.3f} s ago")
    return None
