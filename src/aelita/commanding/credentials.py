"""Whose keys count: credentials of people, signed by their agency, and revocations. Times are TAI nanoseconds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import DataError
from .canonical import canonical
from .statements import Refusal, SignedStatement, Why, holds, key_id, statement_refused

CREDENTIAL_MARK, REVOCATION_MARK = b"aelita-credential-1\n", b"aelita-revocation-1\n"
_NAME, _HEX64 = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}"), re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")

AgencyKeys: TypeAlias = Mapping[str, tuple[Ed25519PublicKey, ...]]


@lru_cache(4096)
def _public_key(octets: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(octets)


@dataclass(frozen=True, slots=True)
class Credential:
    """The public key of a person and what it stands for: agency, centre and roles, and from when until when.

    Of two credentials of a key the one issued later counts, so that an old one with more roles cannot be played again.
    """

    public: bytes
    agency: str
    centre: str
    person: str
    roles: tuple[str, ...]
    issued_ns: int
    not_before_ns: int
    not_after_ns: int

    @property
    def key(self) -> str:
        """The name of the key."""
        return key_id(self.public_key)

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key, to verify with."""
        return _public_key(self.public)

    @property
    def said(self) -> dict[str, Any]:
        """The credential as canonical JSON writes it."""
        return {
            "v": 1, "public": self.public.hex(), "agency": self.agency, "centre": self.centre, "person": self.person,
            "roles": list(self.roles), "issued_ns": self.issued_ns, "not_before_ns": self.not_before_ns,
            "not_after_ns": self.not_after_ns,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revocation:
    """A key of an agency's person that does not count any more."""

    key: str
    agency: str
    at_ns: int
    reason: str = ""

    @property
    def said(self) -> dict[str, Any]:
        """The revocation as canonical JSON writes it."""
        return {"v": 1, "key": self.key, "agency": self.agency, "at_ns": self.at_ns, "reason": self.reason}


def credential_body(credential: Credential, agency_key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return a credential signed by its agency, as messages and journals carry it."""
    said = credential.said
    return {"credential": said, "signature": agency_key.sign(CREDENTIAL_MARK + canonical(said)).hex()}


def revocation_body(revocation: Revocation, agency_key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return a revocation signed by its agency, as messages and journals carry it."""
    said = revocation.said
    return {"revocation": said, "signature": agency_key.sign(REVOCATION_MARK + canonical(said)).hex()}


def signed_by_agency(mark: bytes, said: Mapping[str, Any], signature: object, agency: object, keys: AgencyKeys) -> None:
    """Raise DataError unless a key of the agency signed what is said."""
    if not isinstance(agency, str) or agency not in keys:
        raise DataError(f"no key of agency {agency!r} is known", remedy="Get its public key, by a way that you trust")
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        raise DataError("not signed")
    octets = mark + canonical(said)
    if not any(holds(key, bytes.fromhex(signature), octets) for key in keys[agency]):
        raise DataError(f"the signature is not of {agency!r}: it was forged or altered")


def _whole(said: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not isinstance(said[name], int) or isinstance(said[name], bool):
            raise DataError(f"{name} is {said[name]!r}, no whole number")


def _named(said: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not isinstance(said[name], str) or not _NAME.fullmatch(said[name]):
            raise DataError(f"{name} is {said[name]!r}, no name")


def _credential(said: object) -> Credential:
    wanted = {"v", "public", "agency", "centre", "person", "roles", "issued_ns", "not_before_ns", "not_after_ns"}
    if not isinstance(said, dict) or set(said) != wanted or said["v"] != 1:
        raise DataError("not a credential of version 1")
    _whole(said, "issued_ns", "not_before_ns", "not_after_ns")
    _named(said, "agency", "centre", "person")
    roles = said["roles"]
    if not isinstance(roles, list) or not roles or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in roles):
        raise DataError(f"roles of a credential are {roles!r}")
    if not isinstance(said["public"], str) or not _HEX64.fullmatch(said["public"]):
        raise DataError("the public key of a credential is not 64 hex digits")
    return Credential(
        bytes.fromhex(said["public"]), said["agency"], said["centre"], said["person"], tuple(roles),
        said["issued_ns"], said["not_before_ns"], said["not_after_ns"],
    )  # fmt: skip


def _revocation(said: object) -> Revocation:
    if not isinstance(said, dict) or set(said) != {"v", "key", "agency", "at_ns", "reason"} or said["v"] != 1:
        raise DataError("not a revocation of version 1")
    _whole(said, "at_ns")
    _named(said, "key", "agency")
    if not isinstance(said["reason"], str):
        raise DataError("the reason of a revocation is no text")
    return Revocation(said["key"], said["agency"], said["at_ns"], said["reason"])


@dataclass(frozen=True, slots=True)
class Keyring:
    """The credentials that are known, by the name of their key, and the keys that were revoked.

    `unclaimed` are revocations of keys of which no credential is known: each counts only for a key of the agency that said it.
    """

    credentials: Mapping[str, Credential] = field(default_factory=dict)
    revoked: Mapping[str, Revocation] = field(default_factory=dict)
    unclaimed: Mapping[str, tuple[Revocation, ...]] = field(default_factory=dict)

    def with_credential(self, body: Mapping[str, Any], agencies: AgencyKeys) -> "Keyring":
        """Return the keyring with one more credential. Raises DataError for one that its agency did not sign, one that gives a
        known key to somebody else, an older one than is known, and one of a revoked key.
        """
        said = body.get("credential")
        made = _credential(said)
        signed_by_agency(CREDENTIAL_MARK, made.said, body.get("signature"), made.agency, agencies)
        key, known = made.key, self.credentials.get(made.key)
        if key in self.revoked or any(one.agency == made.agency for one in self.unclaimed.get(key, ())):
            raise DataError(f"key {key} of {made.person} was revoked", remedy="Make a new key")
        if known is not None and (known.agency, known.person) != (made.agency, made.person):
            raise DataError(f"key {key} belongs to {known.person} of {known.agency}, not to {made.person} of {made.agency}")
        if known is not None and known != made and made.issued_ns <= known.issued_ns:
            raise DataError(f"a credential of {made.person} that is not newer than the one known: it was played again")
        return replace(self, credentials={**self.credentials, key: made})

    def with_revocation(self, body: Mapping[str, Any], agencies: AgencyKeys) -> "Keyring":
        """Return the keyring without a key. Raises DataError unless the agency signed it that the key belongs to."""
        made = _revocation(body.get("revocation"))
        signed_by_agency(REVOCATION_MARK, made.said, body.get("signature"), made.agency, agencies)
        known = self.credentials.get(made.key)
        if known is not None and known.agency != made.agency:
            raise DataError(f"{made.agency!r} cannot revoke key {made.key} of {known.agency!r}")
        if known is None:
            others = tuple(one for one in self.unclaimed.get(made.key, ()) if one.agency != made.agency)
            return replace(self, unclaimed={**self.unclaimed, made.key: (*others, made)})
        return replace(self, revoked={**self.revoked, made.key: made})

    def refused(
        self, signed: SignedStatement, *, request: str, digest: str, spacecraft: str, now_ns: int, tolerance_ns: int = 0,
        proven: frozenset[str] | set[str] = frozenset(),
    ) -> Refusal | None:  # fmt: skip
        """Return why a statement does not count for a prepared command at an instant, None when signature, person and times do.

        A statement counts when its key is of a person whose credential holds at its signing and now, and was not revoked.
        """
        said, known = signed.statement, self.credentials.get(signed.statement.key)
        if said.key in self.revoked:
            revoked = self.revoked[said.key]
            return Refusal(said.id, Why.REVOKED, f"the key of {said.person} was revoked: {revoked.reason or 'no reason given'}")
        if known is None:
            return Refusal(said.id, Why.UNKNOWN_KEY, f"key {said.key}, which {said.person} is said to use, has no credential")
        found = statement_refused(
            signed, public=known.public_key, request=request, digest=digest, spacecraft=spacecraft, now_ns=now_ns,
            tolerance_ns=tolerance_ns, proven=proven,
        )  # fmt: skip
        return found or _not_theirs(signed, known, now_ns)


def _not_theirs(signed: SignedStatement, known: Credential, now_ns: int) -> Refusal | None:
    """Return why the key may not say this: the name, the role or the time is not that of its credential."""
    said = signed.statement
    if (said.agency, said.centre, said.person) != (known.agency, known.centre, known.person):
        told = f"key {said.key} belongs to {known.person} of {known.centre}, not to {said.person} of {said.centre}"
        return Refusal(said.id, Why.IDENTITY, told)
    if said.role not in known.roles:
        return Refusal(said.id, Why.ROLE, f"{said.person} does not have the role {said.role}")
    if said.at_ns < known.not_before_ns:
        told = f"{said.person} signed before the credential began: a clock was set back"
        return Refusal(said.id, Why.CLOCK, told)
    if said.at_ns > known.not_after_ns or now_ns > known.not_after_ns:
        return Refusal(said.id, Why.CREDENTIAL, f"the credential of {said.person} has expired")
    return None
