"""A plain reader of the Trace Gas Orbiter recording, apart from the product's own, for tests of the rooms above octets."""

from functools import cache

from shared import shared

FRAME, TRAILER = 1115, 6  # octets; control field and frame error control


@cache
def tgo_packets() -> tuple[bytes, ...]:
    """Return the packets of virtual channel 0 that are not idle."""
    recording = shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes()
    frames = (recording[at : at + FRAME] for at in range(0, len(recording), FRAME))
    fields = [(int.from_bytes(f[4:6]) & 0x7FF, f[6:-TRAILER]) for f in frames if not f[1] >> 1 & 7]
    stream = b"".join(data for _, data in fields)
    at, found = fields[0][0], []
    while at + 6 <= len(stream):
        end = at + 7 + int.from_bytes(stream[at + 4 : at + 6])
        if end <= len(stream) and int.from_bytes(stream[at : at + 2]) & 0x7FF != 0x7FF:
            found.append(stream[at:end])
        at = end
    return tuple(found)
