"""Telecommand channels for the tests: bits of several CLTUs with acquisition and idle, and a receiver run over them."""

import json
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aelita.coding import TAIL_LDPC_128, TAIL_LDPC_128_OLD, CltuReceived, CltuReceiver, CltuRules, Received
from shared import shared

Bits = NDArray[np.uint8]

BCH = CltuRules.bch(randomized=True)
BCH_PLAIN = CltuRules.bch(randomized=False)
LDPC_SHORT = CltuRules.ldpc_128()
LDPC_TAIL = CltuRules.ldpc_128(tail=TAIL_LDPC_128)
LDPC_OLD_TAIL = CltuRules.ldpc_128(tail=TAIL_LDPC_128_OLD)
LDPC_LONG = CltuRules.ldpc_512()
ALL_RULES = [BCH, BCH_PLAIN, LDPC_SHORT, LDPC_TAIL, LDPC_OLD_TAIL, LDPC_LONG]


def name_of(rules: CltuRules) -> str:
    return f"{rules.code.value}, randomized {rules.randomized}, tail {rules.tail.hex() or 'none'}"


def bits(data: bytes) -> Bits:
    return np.unpackbits(np.frombuffer(data, np.uint8))


def alternating(count: int, first: int = 0) -> Bits:
    return ((np.arange(count) + first) % 2).astype(np.uint8)


def symbols(stream: Bits) -> Bits:
    return stream * np.uint8(255)


def received(receiver: CltuReceiver, stream: Bits, cuts: list[int] | None = None) -> list[Received]:
    """Feed the bits cut at the given places, then take the bit lock away."""
    edges = [0, *sorted(cuts or []), stream.size]
    events = [event for a, b in pairwise(edges) for event in receiver.feed_symbols(symbols(stream[a:b]))]
    return events + receiver.deactivate()


def cltus(events: list[Received]) -> list[CltuReceived]:
    return [event for event in events if isinstance(event, CltuReceived)]


@cache
def yamcs_vectors() -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads(shared("data/vectors/yamcs_tc_cltu_bd.json").read_text())["vectors"]
    return [vector for vector in vectors if vector["cltu_hex"]]


def yamcs_rules(vector: dict[str, Any]) -> CltuRules:
    if vector["cltu_encoding"] == "BCH":
        return CltuRules.bch(randomized=vector["randomized"])
    if vector["cltu_encoding"] == "LDPC64":
        return CltuRules.ldpc_128(tail=bytes.fromhex(vector["cltu_tail_sequence"] or ""))
    assert vector["cltu_encoding"] == "LDPC256"
    return CltuRules.ldpc_512()
