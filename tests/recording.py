"""A plain reader of TM recordings, apart from the product's own, for tests of the rooms above octets."""

from functools import cache

from shared import shared

TGO = ("data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1115, 6, 0)  # frame, trailer (control field, error control), channel
HERA = ("data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8", 1113, 4, 1)


@cache
def packets(path: str, frame_octets: int, trailer: int, channel: int) -> tuple[bytes, ...]:
    """Return the packets of one virtual channel that are not idle; the recording has no gap."""
    recording = shared(path).read_bytes()
    frames = (recording[at : at + frame_octets] for at in range(0, len(recording), frame_octets))
    fields = [(int.from_bytes(f[4:6]) & 0x7FF, f[6:-trailer]) for f in frames if f[1] >> 1 & 7 == channel]
    stream = b"".join(data for _, data in fields)
    at, found = fields[0][0], []
    while at + 6 <= len(stream):
        end = at + 7 + int.from_bytes(stream[at + 4 : at + 6])
        if end <= len(stream) and int.from_bytes(stream[at : at + 2]) & 0x7FF != 0x7FF:
            found.append(stream[at:end])
        at = end
    return tuple(found)


def tgo_packets() -> tuple[bytes, ...]:
    """Return the packets of the Trace Gas Orbiter."""
    return packets(*TGO)
