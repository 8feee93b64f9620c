"""Statements signed at the centre with a user's own key, which the secret given for this one statement unseals."""

import asyncio

from fastapi import HTTPException, Request

from ..agencies import Who
from ..commanding import Act, Credential, Progress, SignedStatement, Standing, Statement, sign
from ..time import SECOND
from .centre import Centre
from .command_key_tables import CommandKey
from .command_keys import keys_of, opened
from .door import Door
from .identity import Identity


async def signed_here(
    request: Request, here: Centre, at: Door, who: Identity, one: Progress, act: Act, place: Who, *, key: str, validity_s: float,
    comment: str, password: str,
) -> SignedStatement:  # fmt: skip
    """Return what a user states of a request, signed. A password was checked. HTTPException 409 without a key that fits."""
    row = await asyncio.to_thread(key_for, here, who, place, key)
    private = await opened(request, here, at, who, row, password)
    now, asked = here.clock.now(), one.prepared.request
    statement = Statement(
        act, asked.id, one.prepared.digest, asked.spacecraft, now, now + round(validity_s * SECOND), who.agency, place.centre,
        place.role, who.user, row.key, now, comment,
    )  # fmt: skip
    return sign(statement, private)


def key_for(here: Centre, who: Identity, place: Who, key: str = "") -> CommandKey:
    """Return the user's key that can sign as somebody, kept here. HTTPException 409 when there is none."""
    now = here.clock.now()
    rows = [row for row in keys_of(here.records, who.user) if key in ("", row.key)]
    with here.commands.reading() as standing:
        fits = [row for row in rows if not unfit(standing, standing.keyring.credentials.get(row.key), row.key, place, now)]
    kept = [row for row in fits if row.sealed is not None]
    if kept:
        return next((row for row in kept if not row.lost), kept[0])
    if fits:
        raise HTTPException(409, f"{who.user} keeps the private half of key {fits[0].key}: sign with it, and give the signature.")
    told = f"Key {key}" if key else "No key"
    raise HTTPException(409, f"{told} of {who.user} can sign as {place}. Make one, or renew its roles: POST commands/keys.")


def unfit(standing: Standing, known: Credential | None, key: str, place: Who, now: int) -> str:
    """Return why a key cannot sign as somebody at an instant (TAI ns), nothing when it can."""
    if key in standing.keyring.revoked:
        return "revoked"
    if known is None:
        return "not enrolled"
    if not known.not_before_ns <= now <= known.not_after_ns:
        return "its credential is over"
    if (known.agency, known.centre) != (place.agency, place.centre) or place.role not in known.roles:
        return f"not of {place}"
    return ""
