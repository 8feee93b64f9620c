"""Signing keys of users: made here and sealed by a secret of theirs, or enrolled by the public half alone.

The secret is the user's password, or a passphrase of the key's own for who logs in through an organisation and has no password
here. A private half is in the open only while one statement is signed, and is written nowhere. Who has the records but no secret
has only what argon2id and AES-256-GCM leave to guess.
"""

import asyncio
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import orjson
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import HTTPException, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..commanding import key_id
from ..errors import UsageError
from ..time import SECOND
from . import audit, sessions
from .accounts import now
from .centre import Centre
from .client.signing import enrolment
from .command_key_tables import CommandKey
from .door import Door
from .identity import Identity
from .passwords import MOST, BusyError, Cost
from .records import Records

Password = Annotated[str, Field(max_length=4 * MOST, repr=False)]
SEALED_MARK = b"aelita-sealed-key-1\n"
SALT_OCTETS, NONCE_OCTETS = 16, 12
MOST_KEYS = 20  # of one user
LOST = "was sealed by an earlier password, which nobody knows here any more"
FRESH_S = 600  # how long ago who has no password here may have logged in, to make, enrol or renew a key


@dataclass(frozen=True, slots=True)
class Sealed:
    """A private half as it is kept."""

    octets: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    cost: Cost


async def seal(at: Door, private: Ed25519PrivateKey, password: str, about: bytes) -> Sealed:
    """Return a private key sealed by a password; it can be unsealed only as that of `about`."""
    salt, nonce, cost = secrets.token_bytes(SALT_OCTETS), secrets.token_bytes(NONCE_OCTETS), at.passwords.cost
    made = await at.passwords.derived(password, salt, cost)
    return Sealed(AESGCM(made).encrypt(nonce, private.private_bytes_raw(), about), salt, nonce, cost)


class WrongSecretError(HTTPException):
    """Another secret sealed a key than was given: 409."""


async def unseal(at: Door, row: CommandKey, password: str) -> Ed25519PrivateKey:
    """Return the private half of a key. HTTPException 409 when it is lost, or another password sealed it."""
    if row.lost or row.sealed is None:
        raise HTTPException(409, f"Key {row.key} {LOST}: make a new one.")
    made = await at.passwords.derived(password, row.salt, Cost(row.passes, row.memory_kib, row.lanes))
    try:
        octets = AESGCM(made).decrypt(row.nonce, row.sealed, about(row.user, row.centre, row.public))
    except InvalidTag as error:
        raise WrongSecretError(409, f"Key {row.key} {LOST}: make a new one.") from error
    return Ed25519PrivateKey.from_private_bytes(octets)


def about(user: str, centre: str, public: str) -> bytes:
    """Return what a sealed key is bound to: whose it is, where, and its public half."""
    return SEALED_MARK + _plain({"user": user, "centre": centre, "public": public})


async def made_key(at: Door, user: str, centre: str, password: str) -> CommandKey:
    """Return a new key of a user, not kept yet."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    text = public.public_bytes_raw().hex()
    kept = await seal(at, private, password, about(user, centre, text))
    return CommandKey(
        key=key_id(public), user=user, centre=centre, public=text, created=now(), sealed=kept.octets, salt=kept.salt,
        nonce=kept.nonce, passes=kept.cost.passes, memory_kib=kept.cost.memory_kib, lanes=kept.cost.lanes, lost=False,
    )  # fmt: skip


def enrolled_key(agency: str, user: str, centre: str, public: str, proof: str) -> CommandKey:
    """Return a key of which the user keeps the private half, not kept yet. Raises UsageError when the proof does not hold."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(proof), enrolment(agency, user, centre, public))
    except ValueError as error:
        raise UsageError("not a public key of 64 hex digits, or a proof of 128", where="public") from error
    except InvalidSignature as error:
        raise UsageError(
            "the proof is not signed by this key", where="proof", remedy="Sign what docs/commanding.md says with the private half"
        ) from error
    return CommandKey(key=key_id(key), user=user, centre=centre, public=public, created=now(), lost=False)


def _plain(said: dict[str, str]) -> bytes:
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def keys_of(records: Records, user: str) -> list[CommandKey]:
    """Return the keys of a user that are known here, the newest first."""
    with records.session() as session:
        return list(session.scalars(select(CommandKey).where(CommandKey.user == user).order_by(CommandKey.created.desc())))


def keep(records: Records, row: CommandKey) -> None:
    """Keep a key. Raises UsageError for one that is there, or one too many."""
    with records.session() as session:
        known = list(session.scalars(select(CommandKey.key).where(CommandKey.user == row.user)))
        if len(known) >= MOST_KEYS:
            raise UsageError(f"{row.user} has {len(known)} keys already", remedy="Revoke those that you do not use")
        if session.get(CommandKey, row.key) is not None:
            raise UsageError(f"key {row.key} is there already", where="public")
        session.add(row)


def drop(records: Records, key: str) -> None:
    """Forget a key, if it is there."""
    with records.session() as session:
        row = session.get(CommandKey, key)
        if row is not None:
            session.delete(row)


async def resealed(at: Door, user: str, password: str, new: str) -> Callable[[Session], None]:
    """Return what seals a user's keys by a new password, to be done together with its change. A key that is lost stays so."""
    made: dict[str, Sealed] = {}
    for row in await asyncio.to_thread(keys_of, at.accounts.records, user):
        if row.sealed is None or row.lost:
            continue
        try:
            private = await unseal(at, row, password)
        except HTTPException:
            continue
        made[row.key] = await seal(at, private, new, about(row.user, row.centre, row.public))

    def change(session: Session) -> None:
        for key, kept in made.items():
            row = session.get(CommandKey, key)
            if row is not None:
                row.sealed, row.salt, row.nonce = kept.octets, kept.salt, kept.nonce
                row.passes, row.memory_kib, row.lanes = kept.cost.passes, kept.cost.memory_kib, kept.cost.lanes

    return change


async def has_password(at: Door, who: Identity) -> bool:
    """Tell whether a user has a password here: who logs in through an organisation has none."""
    user = await asyncio.to_thread(at.accounts.user, who.user)
    return user is not None and user.password is not None


async def check_self(request: Request, here: Centre, at: Door, who: Identity, password: str) -> None:
    """Raise HTTPException unless it is surely the user: by the password, or by having logged in just now where there is none."""
    if await has_password(at, who):
        await check_password(request, here, at, who, password)
        return
    begun = await asyncio.to_thread(sessions.begun_at, at.accounts, at.session_of(request.scope, request.cookies))
    if begun is None or not 0 <= now() - begun <= FRESH_S * SECOND:
        told = audit.address_of(request.scope)
        await asyncio.to_thread(audit.record, here, who, "command.login.stale", {}, address=told)
        raise HTTPException(403, f"Log in again through your organisation: a key is made within {FRESH_S // 60} min of that.")


async def opened(request: Request, here: Centre, at: Door, who: Identity, row: CommandKey, secret: str) -> Ed25519PrivateKey:
    """Return the private half of a key. HTTPException 403 for a wrong passphrase, 429 after too many, 409 for a key that is lost.

    A password was checked before; a passphrase is checked by what it opens.
    """
    if await has_password(at, who):
        return await unseal(at, row, secret)
    _heed_tries(request, at, who)
    try:
        private = await unseal(at, row, secret)
    except WrongSecretError as error:
        await _wrong(request, here, who)
        raise HTTPException(403, f"The passphrase of key {row.key} is wrong.") from error
    except BusyError as error:
        raise HTTPException(503, error.what, {"Retry-After": "5"}) from error
    at.tried_well(request, who.user)
    return private


def _heed_tries(request: Request, at: Door, who: Identity) -> None:
    wait = at.try_wait_s(request, who.user)
    if wait:
        seconds = math.ceil(wait)
        raise HTTPException(429, f"Too many wrong passwords: the next try may be in {seconds} s.", {"Retry-After": str(seconds)})


async def _wrong(request: Request, here: Centre, who: Identity) -> None:
    told = audit.address_of(request.scope)
    await asyncio.to_thread(audit.record, here, who, "command.password.failed", {}, address=told)


async def check_password(request: Request, here: Centre, at: Door, who: Identity, password: str) -> None:
    """Raise HTTPException unless it is the password of who asks: 403, or 429 after too many wrong ones."""
    _heed_tries(request, at, who)
    user = await asyncio.to_thread(at.accounts.user, who.user)
    try:
        fits = user is not None and user.active and await at.passwords.fits(user.password, password)
    except BusyError as error:
        raise HTTPException(503, error.what, {"Retry-After": "5"}) from error
    if not fits:
        await _wrong(request, here, who)
        raise HTTPException(403, "The password is wrong.")
    at.tried_well(request, who.user)
