"""What a delimited frame must pass before it is used: length, error control, version, spacecraft, and a header that agrees."""

import numpy as np
from numpy.typing import NDArray

from ..octets import crc16_many, crc32_many
from .channel import Channel
from .frames import FECF_BAD, GOOD, HEADER_BAD, WRONG_LENGTH, WRONG_SPACECRAFT, WRONG_VERSION, Octets
from .headers import VERSIONS, Headers

Column = NDArray[np.int64]


def verify(
    channel: Channel, headers: Headers, buffer: Octets, offset: Column, length: Column, reason: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Return GOOD or a key of REASONS for every frame; frames that `reason` refuses already keep that."""
    found = np.zeros(offset.size, np.uint8) if reason is None else reason.astype(np.uint8)
    if channel.frame_octets:
        found[(length != channel.frame_octets) & (found == GOOD)] = WRONG_LENGTH
    if channel.fecf == "present":
        check = crc16_many if channel.fecf_octets == 2 else crc32_many
        bad = check(buffer, offset, length) != 0
        found[bad & (found == GOOD)] = FECF_BAD
    for code, wrong in (
        (WRONG_VERSION, headers.version != VERSIONS[channel.protocol]),
        (WRONG_SPACECRAFT, headers.spacecraft_id != channel.spacecraft_id),
        (HEADER_BAD, ~headers.sound),
    ):
        found[wrong & (found == GOOD)] = code
    return found
