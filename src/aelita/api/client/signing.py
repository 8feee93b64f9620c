"""What people sign with keys of their own: statements of requests, and the proof that a key is theirs. It holds no key."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from ...errors import UsageError
from ...time import SECOND, tai_ns_from_utc
from .answers_commands import RequestDetail
from .answers_evidence import KeyItem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENROL_MARK = b"aelita-enrol-1\n"  # what is signed begins with its kind


def enrolment(agency: str, person: str, centre: str, public: str) -> bytes:
    """Return what the private half signs to prove that its public half (hex) is one's own."""
    said = {"agency": agency, "person": person, "centre": centre, "public": public}
    return ENROL_MARK + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def public_text(key: "Ed25519PrivateKey") -> str:
    """Return the public half of a key as 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()


def checked_digest(request: RequestDetail) -> str:
    """Return the digest of a request, computed from what is told of it. Raises UsageError when another was told."""
    from ...commanding import FOR_EVER, Call, CommandRequest, PreparedCommand, Requester, Service

    asked = CommandRequest(
        request["id"], request["spacecraft"], tuple(Call(one) for one in request["commands"]), Requester("", "", "", ""), 0,
        _ns(request["earliest"]) or 0, _ns(request["latest"]) or FOR_EVER, Service(request["service"]),
    )  # fmt: skip
    made = PreparedCommand(
        asked, tuple(bytes.fromhex(one) for one in request["packets"]), request["virtual_channel"], request["map"],
        request["significance"], directive=request["directive"],
    )  # fmt: skip
    if made.digest != request["digest"]:
        raise UsageError(f"the octets of request {request['id']} do not have the digest told with them", remedy="Sign nothing")
    return made.digest


def statement_body(
    request: RequestDetail, known: KeyItem, key: "Ed25519PrivateKey", act: str, role: str, validity_s: float, comment: str
) -> Mapping[str, Any]:
    """Return a statement of a request as the centre takes it, signed with the key that it knows as `known`."""
    from ...commanding import Act, Statement, sign

    if request["differences"] and act != "reject":
        told = "; ".join(one["text"] for one in request["differences"])
        raise UsageError(f"the octets of request {request['id']} are not what it says of them: {told}", remedy="Reject it")
    at = _ns(request["now"])
    assert at is not None
    statement = Statement(
        Act(act), request["id"], checked_digest(request), request["spacecraft"], at, at + round(validity_s * SECOND),
        known["agency"], known["centre"], role or fitting_role(request, known, act), known["person"], known["key"], at, comment,
    )  # fmt: skip
    return {"statement": statement.said, "signature": sign(statement, key).signature.hex()}


def fitting_role(request: RequestDetail, known: KeyItem, act: str) -> str:
    """Return the role of a key in which an act is wanted, else its first one."""
    wanted = {who for one in request["wanted"] if act in (one["act"], "reject") for who in one["who"]}
    return next((role for role in known["roles"] if f"{role}@{known['centre']}" in wanted), known["roles"][0])


def _ns(text: str | None) -> int | None:
    return None if text is None else tai_ns_from_utc(text.rstrip("Z"))
