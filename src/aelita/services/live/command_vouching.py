"""Who may have people's keys counted, spacecraft lent, and the clock taken for right: who holds the agency's signing key.

Entering the agency's streams is not enough.
"""

import time
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ...commanding import canonical_octets
from ...errors import UsageError

VOUCHED = frozenset(("enrol", "revoke", "lend", "forward", "clock"))
MARK = b"aelita-voucher-1\n"
GOOD_FOR_NS = 120 * 10**9  # of this machine's clock


def vouched(key: Ed25519PrivateKey, op: str, what: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked with the agency's word for it, where that is needed. Raises UsageError for odd values."""
    if op not in VOUCHED:
        return dict(what)
    said = {**what, "op": op, "vouched_ns": time.time_ns()}
    return {**what, "vouched_ns": said["vouched_ns"], "voucher": key.sign(MARK + canonical_octets(said)).hex()}


def check_voucher(key: Ed25519PublicKey, asked: Mapping[str, Any]) -> None:
    """Raise UsageError unless the agency vouches for what is asked, a moment ago."""
    said = {name: value for name, value in asked.items() if name != "voucher"}
    remedy = "Ask through the interface or the command line of the centre"
    try:
        key.verify(bytes.fromhex(str(asked.get("voucher", ""))), MARK + canonical_octets(said))
    except (InvalidSignature, ValueError) as error:
        raise UsageError("the agency does not vouch for it", remedy=remedy) from error
    told = said.get("vouched_ns")
    if not isinstance(told, int) or abs(time.time_ns() - told) > GOOD_FOR_NS:
        raise UsageError("the agency's word for it is not of now", remedy=remedy)
