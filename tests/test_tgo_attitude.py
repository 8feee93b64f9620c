"""The attitude of the ExoMars Trace Gas Orbiter as it told it: clock, time scales, ephemeris and light time checked at once."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from aelita.ephemeris import light_time_s, state
from aelita.pus import HeaderLayout, read_headers
from aelita.time import SECOND, Cuc, SpacecraftClock, clock_from_kernel
from recording import tgo_packets
from shared import shared

Rows = NDArray[np.float64]
LAYOUT = HeaderLayout("A", 0, 1, 6, time=Cuc(4, 2, None))


def clock() -> SpacecraftClock:
    return clock_from_kernel(shared("data/nav/spice/em16/sclk/em16_tgo_step_20210611.tsc").read_text())


def attitude() -> tuple[NDArray[np.int64], Rows, Rows, Rows]:
    """Return ticks, body-to-J2000 quaternions (scalar first), and the Earth and Sun unit vectors of structure 0xAB."""
    packets = [p for p in tgo_packets() if int.from_bytes(p[:2]) & 0x7FF == 0xB3 and p[16:20] == b"\0\0\0\xab"]
    length = np.array([len(p) for p in packets], np.int64)
    headers = read_headers(np.frombuffer(b"".join(packets), np.uint8), np.cumsum(length) - length, length, LAYOUT)
    fields = [np.array([np.frombuffer(p[a:b], ">f4") for p in packets], np.float64) for a, b in ((54, 70), (71, 83), (95, 107))]
    return headers.ticks, fields[0], fields[1], fields[2]


def into_body(quaternion: Rows, vector: Rows) -> Rows:
    """Return J2000 vectors in body axes, by the inverse of a body-to-J2000 quaternion."""
    scalar, axis = quaternion[:, :1], -quaternion[:, 1:]
    twice = 2 * np.cross(axis, vector)
    return vector + scalar * twice + np.cross(axis, twice)


def worst_deg(body: str, seen: Rows, quaternion: Rows, epochs: NDArray[np.int64]) -> float:
    expected = into_body(quaternion, state(body, "MARS", epochs)[:, :3])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    seen = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    return float(np.degrees(np.arcsin(np.linalg.norm(np.cross(expected, seen), axis=1))).max())


def test_the_sun_and_the_earth_stand_where_the_orbiter_saw_them() -> None:
    ticks, quaternion, earth, sun = attitude()
    assert ticks.size == 94
    epochs = clock().tai_ns(ticks)
    worst = {"EARTH": worst_deg("EARTH", earth, quaternion, epochs), "SUN": worst_deg("SUN", sun, quaternion, epochs)}
    print(f"worst angle over {ticks.size} packets, deg: {worst}")
    assert max(worst.values()) < 0.0005


def test_the_check_sees_the_light_time() -> None:
    ticks, quaternion, earth, sun = attitude()
    epochs = clock().tai_ns(ticks)
    delay = light_time_s("EARTH", "MARS", epochs, outgoing=True)
    assert np.abs(delay - 969.4).max() < 0.2
    received = epochs + np.rint(delay * SECOND).astype(np.int64)
    worst = {"EARTH": worst_deg("EARTH", earth, quaternion, received), "SUN": worst_deg("SUN", sun, quaternion, received)}
    print(f"with the time of reception at the Earth, deg: {worst}")
    assert abs(max(worst.values()) - 0.0065) < 0.0005


def test_the_clock_file_of_the_mission_says_the_same() -> None:
    ticks = attitude()[0]
    text = (files("aelita") / "missions/exomars/clocks/tgo.toml").read_text()
    assert np.abs(SpacecraftClock.from_toml(text).tai_ns(ticks) - clock().tai_ns(ticks)).max() < 1000
