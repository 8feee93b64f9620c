"""Keys of users and of links between agencies: Ed25519 pairs in NATS's own spelling (nkeys); a server only keeps public halves.

A seed is base32 of prefix, 32 octets and CRC-16/XMODEM (little end first); `S` and then the kind, `U` for a user.
Source: the nkeys repository of NATS.
"""

import base64
import binascii
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aelita.errors import UsageError

_SEED, _USER = 18 << 3, 20 << 3
_SEED_PREFIX = bytes([_SEED | _USER >> 5, (_USER & 31) << 3])


@dataclass(frozen=True, slots=True)
class Key:
    """A user's key pair: the public half names the user, the seed signs and is never shown. A token (JWT) may go with it."""

    public: str
    seed: str = field(repr=False)
    token: str = field(default="", repr=False)

    def sign(self, nonce: str) -> bytes:
        """Return the base64 signature of a server's nonce."""
        private = Ed25519PrivateKey.from_private_bytes(_octets(self.seed)[2:])
        return base64.b64encode(private.sign(nonce.encode()))


def new_key() -> Key:
    """Make a key pair from the operating system's random source."""
    return key_from_seed(_text(_SEED_PREFIX + secrets.token_bytes(32)))


def key_from_seed(seed: str) -> Key:
    """Return the pair of a user's seed. Raises UsageError if it is none."""
    octets = _octets(seed)
    if len(octets) != 34 or octets[:2] != _SEED_PREFIX:
        raise UsageError("not the seed of a user's key", remedy="It starts with SU and has 58 letters and digits")
    public = Ed25519PrivateKey.from_private_bytes(octets[2:]).public_key().public_bytes_raw()
    return Key(_text(bytes([_USER]) + public), seed)


def is_public_key(text: str) -> bool:
    """Tell whether this is the public half of a user's key."""
    try:
        octets = _octets(text)
    except UsageError:
        return False
    return len(octets) == 33 and octets[0] == _USER


def keep_key(path: Path) -> Key:
    """Return the key kept in this file, made now (readable by its owner alone) if there is none. Raises UsageError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_secret(path, new_key().seed + "\n")
    return read_key(path)


def read_key(path: Path) -> Key:
    """Read a seed, or a NATS credentials file with token and seed. Raises UsageError naming the file."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"credentials cannot be read: {fault}", where=str(path)) from fault
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("***")]
    try:
        if len(lines) == 1:
            return key_from_seed(lines[0])
        token = lines[next(i for i, line in enumerate(lines) if "BEGIN NATS USER JWT" in line) + 1]
        key = key_from_seed(lines[next(i for i, line in enumerate(lines) if "BEGIN USER NKEY SEED" in line) + 1])
    except (UsageError, StopIteration, IndexError):
        raise UsageError(
            "neither the seed of a key nor NATS credentials", where=str(path), remedy="Make it anew, or point to another file"
        ) from None
    return Key(key.public, key.seed, token)


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _text(octets: bytes) -> str:
    checked = octets + binascii.crc_hqx(octets, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")


def _octets(text: str) -> bytes:
    try:
        octets = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        octets = b""
    if len(octets) < 3 or binascii.crc_hqx(octets[:-2], 0).to_bytes(2, "little") != octets[-2:]:
        raise UsageError("not a key: a letter is wrong or missing")
    return octets[:-2]
