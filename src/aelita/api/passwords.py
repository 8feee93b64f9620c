"""Passwords: what is asked of a new one, and how they are kept: argon2id, so that each guess costs time and memory."""

import asyncio
import itertools
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw

from ..errors import AelitaError, UsageError

LEAST, MOST = 12, 256  # characters
FEWEST_DIFFERENT = 6
WORKERS, MOST_WAITING = 2, 40  # each takes 64 MiB: more at once would let strangers fill the memory
WEAK = (
    "administrator", "password", "passwort", "пароль", "qwertyuiop", "asdfghjkl", "letmein", "welcome", "changeme", "default",
    "aelita", "exomars", "mission", "iloveyou", "dragon", "monkey",
)  # fmt: skip

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cost:
    """What argon2id spends on one password: passes over so many KiB of memory, in so many lanes."""

    passes: int
    memory_kib: int
    lanes: int


class BusyError(AelitaError):
    """More passwords wait to be checked than this machine can."""


def plain(password: str) -> str:
    """Return a password as it is hashed, however a keyboard composes its letters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, *names: str, least: int = LEAST) -> None:
    """Raise UsageError when a new password is too easy to guess; `names` are of its user, the agency and the mission."""
    text = plain(password)
    if not least <= len(text) <= MOST:
        raise _refused(f"a password has {least} to {MOST} characters, this one {len(text)}")
    folded = text.casefold()
    for name in names:
        if len(name) >= 3 and name.casefold() in folded and len(folded) - len(name) < least:
            raise _refused(f"the password is {name!r} with little else")
    letters = "".join(letter for letter in folded if letter.isalpha())
    if any(word and not letters.replace(word, "") for word in WEAK if letters):
        raise _refused("the password is one of those that are tried first")
    if len(set(folded)) < FEWEST_DIFFERENT or folded.isdigit() or _is_sequence(folded):
        raise _refused("the password is too regular")


def _is_sequence(text: str) -> bool:
    """Whether nearly every character is the neighbour of the one before, or the text is a short piece over and over."""
    steps = sum(abs(ord(one) - ord(other)) <= 1 for one, other in itertools.pairwise(text))
    repeated = any(text == (text[:size] * len(text))[: len(text)] for size in range(1, FEWEST_DIFFERENT))
    return repeated or steps >= 0.8 * (len(text) - 1)


def _refused(why: str) -> UsageError:
    return UsageError(why, where="password", remedy="Choose a longer one, of several words that do not belong together")


def _derived(password: str, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(password.encode(), salt, cost.passes, cost.memory_kib, cost.lanes, 32, Type.ID)


class Passwords:
    """Hashes and checks passwords in a few threads. Raises BusyError when too many wait."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self.hasher = hasher or PasswordHasher()  # argon2id, RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes
        self._threads = ThreadPoolExecutor(WORKERS, "passwords")
        self._waiting = 0
        self._nobodys = self.hasher.hash(secrets.token_urlsafe())

    async def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        return await self._run(self.hasher.hash, plain(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Tell whether a password is the kept one; without a kept one it takes as long to say no."""
        return await self._run(self._fits, kept, plain(password))

    @property
    def cost(self) -> Cost:
        """What is spent on a password today."""
        return Cost(self.hasher.time_cost, self.hasher.memory_cost, self.hasher.parallelism)

    async def derived(self, password: str, salt: bytes, cost: Cost) -> bytes:
        """Return 256 bits made of a password and a salt, to seal with."""
        return await self._run(_derived, plain(password), salt, cost)

    def is_old(self, kept: str) -> bool:
        """Tell whether a password was kept at a lower cost than today's."""
        return self.hasher.check_needs_rehash(kept)

    def _fits(self, kept: str | None, password: str) -> bool:
        try:
            return self.hasher.verify(kept or self._nobodys, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, function: Callable[..., Result], *arguments: str | bytes | Cost | None) -> Result:
        if self._waiting >= MOST_WAITING:
            raise BusyError("too many passwords wait to be checked", remedy="Try again in some seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._waiting -= 1
