"""The shared vectors of channel coding, by name, and which of them the package claims."""

import json
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared import shared

CLAIMED = ("tm_rand_", "tc_rand_", "rs_", "dual_", "crc16_", "crc32_", "asm ", "conv_", "chain_", "bch_", "cltu_")
NOT_CLAIMED = ("turbo_", "ar4ja_", "ldpc_", "tcldpc_")


class Vector(NamedTuple):
    given: bytes
    expected: bytes
    what: str


@cache
def vectors() -> dict[str, Vector]:
    entries = json.loads(shared("data/vectors/coding.json").read_text())
    return {e["name"]: Vector(bytes.fromhex(e["input_hex"]), bytes.fromhex(e["output_hex"]), e["what"]) for e in entries}


def octets(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def row(data: bytes) -> NDArray[np.uint8]:
    return octets(data)[None, :]
