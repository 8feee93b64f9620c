"""Events of a trajectory against SPICE's search on the same trajectory, and against light followed point by point."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import spiceypy
from numpy.typing import NDArray

from aelita.dynamics import Forces, StateVector, Trajectory, apsides, below, eclipses, elements_of, heights_km, nodes, propagate
from aelita.dynamics import occultations as hidden
from aelita.ephemeris import furnish, release, state
from aelita.errors import UsageError
from aelita.time import SECOND, et_from_tai_ns, tai_ns_from_utc
from orbit_material import jgmro120d

START = tai_ns_from_utc("2019-05-08T20:10")
LENGTH_S = 8 * 3600
CRAFT = -999123


@pytest.fixture(scope="module")
def orbit() -> Trajectory:
    begin = StateVector(START, [-1800.6, 2371.8, -2293.4], [-2.88, -1.75, 0.44])  # type: ignore[arg-type]
    return propagate(begin, Forces(gravity=jgmro120d(), degree=8), START + LENGTH_S * SECOND)


@pytest.fixture(scope="module")
def kernel(orbit: Trajectory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trajectory]:
    """Put the trajectory into a kernel of SPICE, ten seconds apart, degree 11, and the rotation of the same year beside it."""
    path: Path = tmp_path_factory.mktemp("spk") / "orbit.bsp"
    at = START + np.arange(0, LENGTH_S + 1, 10) * SECOND
    ets = np.asarray(et_from_tai_ns(at))
    state("SUN", "MARS", at[:1])  # kernels are there
    handle = spiceypy.spkopn(str(path), "orbit", 0)
    spiceypy.spkw13(handle, CRAFT, 499, "J2000", ets[0], ets[-1], "orbit", 11, len(ets), orbit.states(at), ets)
    spiceypy.spkcls(handle)
    furnish(str(path))
    sun = {"RADII": [695700.0] * 3, "POLE_RA": [286.13], "POLE_DEC": [63.87], "PM": [84.176, 14.1844]}  # pck00011.tpc
    for name, values in sun.items():
        spiceypy.pdpool(f"BODY10_{name}", values)
    yield orbit
    for name in sun:
        spiceypy.dvpool(f"BODY10_{name}")
    release(str(path))


def window(orbit: Trajectory) -> object:
    first, last = orbit.span
    confine = spiceypy.cell_double(2)
    spiceypy.wninsd(float(et_from_tai_ns(first)) + 0.01, float(et_from_tai_ns(last)) - 0.01, confine)
    return confine


def edges(result: object) -> list[float]:
    return [each for number in range(spiceypy.wncard(result)) for each in spiceypy.wnfetd(result, number)]


def search(kind: str, front: tuple[str, str, str], back: tuple[str, str, str], orbit: Trajectory) -> list[float]:
    found = spiceypy.cell_double(200)
    spiceypy.gfoclt(kind, *front, *back, "NONE", str(CRAFT), 120.0, window(orbit), found)
    return edges(found)


def ets_of(those: tuple[object, ...]) -> NDArray[np.float64]:
    return np.asarray(et_from_tai_ns(np.array([each for one in those for each in (one.start, one.stop)], np.int64)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("part", "kind"), [("any", "ANY"), ("full", "FULL")])
def test_eclipses_are_those_that_spice_finds(kernel: Trajectory, part: str, kind: str) -> None:
    theirs = search(kind, ("MARS", "ELLIPSOID", "IAU_MARS"), ("SUN", "ELLIPSOID", "IAU_SUN"), kernel)
    ours = ets_of(eclipses(kernel, part=part, light=False))
    print(f"{part}: " + ", ".join(f"{1000 * each:.2f}" for each in ours - theirs) + " ms")
    assert len(ours) == len(theirs) >= 6
    assert np.abs(ours - theirs)[1:-1].max() < 1e-3


def test_occultations_of_the_earth_are_those_that_spice_finds(kernel: Trajectory) -> None:
    theirs = search("ANY", ("MARS", "ELLIPSOID", "IAU_MARS"), ("EARTH", "POINT", " "), kernel)
    ours = ets_of(hidden(kernel, light=False))
    assert len(ours) == len(theirs) >= 6
    assert np.abs(ours - theirs)[1:-1].max() < 1e-3


def test_light_that_is_followed_point_by_point_grazes_at_the_same_instants(orbit: Trajectory) -> None:
    """Rays in the frame of the solar system, with Mars where it is when they pass: up to some tenths of a second from geometry alone."""
    found = [edge for each in eclipses(orbit, part="centre") for edge in (each.start, each.stop)][1:-1]
    plain = [edge for each in eclipses(orbit, part="centre", light=False) for edge in (each.start, each.stop)][1:-1]
    assert 0.01 < max(abs(a - b) for a, b in zip(found, plain, strict=True)) / SECOND < 0.3

    def dip(at: int) -> float:
        craft = state("MARS", "SOLAR SYSTEM BARYCENTER", np.array([at]))[0] + orbit.states(np.array([at]))[0]
        sent = at
        for _ in range(4):
            sun = state("SUN", "SOLAR SYSTEM BARYCENTER", np.array([sent]))[0, :3]
            sent = at - round(np.linalg.norm(sun - craft[:3]) / 299792.458 * SECOND)
        ahead = (sun - craft[:3]) / np.linalg.norm(sun - craft[:3])
        along = np.linspace(0, 4000, 4001)
        mars = state("MARS", "SOLAR SYSTEM BARYCENTER", np.array([at]))[0]
        places = craft[:3] + along[:, None] * ahead - (mars[:3] - mars[3:] * (along / 299792.458)[:, None])
        turn = np.array([[0, 0, 0], [0, 0, 0], pole(at)])
        up = (places @ turn[2])[:, None] * turn[2]
        return float(1 - np.linalg.norm((places - up) / 3396.19 + up / 3376.20, axis=1).min())

    def pole(at: int) -> NDArray[np.float64]:
        return np.asarray(spiceypy.pxform("J2000", "IAU_MARS", float(et_from_tai_ns(at)))[2])

    for edge in found[:4]:
        assert dip(edge - SECOND // 500) * dip(edge + SECOND // 500) < 0  # within 2 ms: the float64 of ephemeris time is 0.1 us


def test_apsides_are_where_spice_has_its_extremes(kernel: Trajectory) -> None:
    ours = apsides(kernel)
    for kind, relate in (("pericentre", "LOCMIN"), ("apocentre", "LOCMAX")):
        found = spiceypy.cell_double(200)
        spiceypy.gfdist("MARS", "NONE", str(CRAFT), relate, 0.0, 0.0, 120.0, 100, window(kernel), found)
        theirs = np.array(edges(found)[::2])
        mine = np.asarray(et_from_tai_ns(np.array([each.at_tai_ns for each in ours if each.kind == kind])))
        assert mine.size == theirs.size >= 4
        # SPICE looks for the extreme of a flat function; its result is good to milliseconds
        assert np.abs(mine - theirs).max() < 5e-3


def test_at_apsides_and_nodes_the_motion_is_what_they_say(orbit: Trajectory) -> None:
    for each in apsides(orbit):
        row = orbit.states(np.array([each.at_tai_ns]))[0]
        assert abs(row[:3] @ row[3:]) / (np.linalg.norm(row[:3]) * np.linalg.norm(row[3:])) < 1e-6
        anomaly = elements_of(row, 42828.37362).true_anomaly[0]
        assert abs(np.cos(anomaly) - (1 if each.kind == "pericentre" else -1)) < 1e-3
    kinds = [each.kind for each in nodes(orbit)]
    assert kinds == [("ascending node", "descending node")[(number + (kinds[0][0] == "d")) % 2] for number in range(len(kinds))]
    for each in nodes(orbit):
        row = orbit.states(np.array([each.at_tai_ns]))[0]
        axes = spiceypy.pxform("J2000", "IAU_MARS", float(et_from_tai_ns(each.at_tai_ns)))
        z, rate = axes[2] @ row[:3], axes[2] @ row[3:]
        assert abs(z) < 0.004 and (rate > 0) == (each.kind == "ascending node")


def test_heights_are_those_of_spice(orbit: Trajectory) -> None:
    at = np.linspace(*orbit.span, 50).astype(np.int64)
    rows = orbit.states(at)
    theirs = [
        spiceypy.recgeo(spiceypy.pxform("J2000", "IAU_MARS", et) @ row[:3], 3396.19, (3396.19 - 3376.20) / 3396.19)[2]
        for et, row in zip(np.asarray(et_from_tai_ns(at)), rows, strict=True)
    ]
    ours = heights_km(orbit, at)
    assert np.abs(ours - theirs).max() < 1e-6
    middle = float(np.median(ours))
    low = below(orbit, middle)
    edge = np.array([each for one in low for each in (one.start, one.stop) if each not in orbit.span])
    assert edge.size >= 4 and np.abs(heights_km(orbit, edge) - middle).max() < 1e-3


def test_what_cannot_be_asked_is_refused(orbit: Trajectory) -> None:
    with pytest.raises(UsageError, match="part='half'"):
        eclipses(orbit, part="half")
