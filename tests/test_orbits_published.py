"""Published orbits where no kernel is: which one tells where a spacecraft is, what is refused, and what can never be pushed aside."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aelita.ephemeris import (
    ChebyshevStates,
    HermiteStates,
    covered,
    fitted_chebyshev,
    light_times,
    release,
    spk_octets,
    state,
)
from aelita.ndm import write
from aelita.services.live.geometry import Geometry
from aelita.services.missions import find_mission
from aelita.services.navigation.orbit_files import Arc, oem_of
from aelita.services.orbits import KERNELS, PublishedOrbits, published
from aelita.services.places import site_of, target_of
from aelita.services.products import Draft, Product, ProductStore, read_names
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc

MISSION = find_mission("exomars")
SITE, TGO = site_of(MISSION.organisation.stations["malargue"]), target_of(MISSION.craft("tgo"))
HOUR = 3600 * SECOND
BEGIN = tai_ns_from_utc("2023-05-24T00:00:00")
GM, RADIUS_KM = 42828.37, 3780.0
NAMES = read_names(MISSION)
SHOWN = {"centre": "MARS", "frame": "J2000", "utc": [], "r_km": []}
Reals = NDArray[np.float64]


def flown(start: int, stop: int, *, phase: float = 0.0, radius_km: float = RADIUS_KM, step_s: int = 60) -> Arc:
    """Return a circular orbit about Mars, in the plane of the Earth's equator."""
    at = np.arange(start, stop + 1, step_s * SECOND, dtype=np.int64)
    speed = np.sqrt(GM / radius_km)
    angle = phase + (at - BEGIN) / SECOND * speed / radius_km
    zero = np.zeros(at.size)
    place = radius_km * np.column_stack([np.cos(angle), np.sin(angle), zero])
    return Arc("TGO", "MARS", at, np.hstack([place, speed * np.column_stack([-np.sin(angle), np.cos(angle), zero])]))


def oem(*arcs: Arc) -> bytes:
    return write(oem_of(arcs, made_at=BEGIN), "kvn", where="x")


def spk(*segments: HermiteStates | ChebyshevStates) -> bytes:
    return b"".join(spk_octets(segments))


def as_spk(arc: Arc, body: int = -143, centre: int = 499) -> HermiteStates:
    return HermiteStates(body, centre, np.asarray(et_from_tai_ns(arc.epochs)), arc.states)


def publish(home: Path, files: dict[str, bytes], made_at: int = BEGIN, *, agency: str = "esa", craft: str = "tgo") -> Product:
    draft = Draft("orbit", craft, "An arc", BEGIN, BEGIN + DAY, "fmp", agency)
    return ProductStore(home).publish(draft, files, SHOWN, names=NAMES, agency=agency, made_by="vera", made_at=made_at)


@pytest.fixture
def orbits(tmp_path: Path) -> Iterator[PublishedOrbits]:
    made = PublishedOrbits(MISSION, (), (tmp_path,))
    yield made
    made.close()


def of_mars(at: int) -> Reals:
    return state("-143", "MARS", np.array([at]))[0, :3]


def test_the_newest_product_tells_and_older_ones_where_it_does_not(tmp_path: Path, orbits: PublishedOrbits) -> None:
    at = BEGIN + 2 * HOUR
    before = light_times(SITE, TGO, np.array([at]))
    assert not before.direct[0] and orbits.source("tgo", at) == "" and not orbits.refresh()
    old = flown(BEGIN, BEGIN + 4 * HOUR)
    first = publish(tmp_path, {"oem": oem(old)})
    assert orbits.is_stale and orbits.refresh() and orbits.version == 1
    assert np.linalg.norm(of_mars(at) - old.states[120, :3]) < 1e-6
    told = light_times(SITE, TGO, np.array([at]))
    assert told.direct[0] and 0 < abs(told.light_s[0] - before.light_s[0]) <= before.bound_s[0]
    new = flown(BEGIN + HOUR, BEGIN + 3 * HOUR, phase=1.0)
    second = publish(tmp_path, {"oem": oem(new)}, BEGIN + HOUR)
    assert orbits.refresh() and orbits.used == (second.id, first.id)
    assert np.linalg.norm(of_mars(at) - new.states[60, :3]) < 1e-6
    assert np.linalg.norm(of_mars(BEGIN + HOUR // 2) - old.states[30, :3]) < 1e-6
    seen = [
        (one.source, (one.span.start - BEGIN) / HOUR, (one.span.stop - BEGIN) / HOUR)
        for one in orbits.sources("tgo", BEGIN - HOUR, at)
    ]
    assert [one[0] for one in seen] == [first.id, second.id]
    assert np.allclose([one[1:] for one in seen], [(0, 1), (1, 2)], atol=1e-9)
    assert [orbits.source("TGO", BEGIN + part * HOUR // 2) for part in (1, 5, 7, 9)] == [first.id, second.id, first.id, ""]
    third = publish(tmp_path, {"oem": oem(flown(BEGIN, BEGIN + 5 * HOUR, phase=2.0))}, BEGIN + 2 * HOUR)
    assert orbits.refresh() and third.id in orbits.used and orbits.source("tgo", at) == third.id


def test_kernels_of_the_installation_come_first_whenever_a_product_came(tmp_path: Path) -> None:
    path = tmp_path / "flown.bsp"
    real = flown(BEGIN + HOUR, BEGIN + 2 * HOUR)
    path.write_bytes(spk(as_spk(real)))
    orbits = PublishedOrbits(MISSION, (path,), (tmp_path,))
    geometry = Geometry(MISSION, (path,), orbits)
    try:
        at, light_ns = BEGIN + 90 * 60 * SECOND, 16 * 60 * SECOND
        assert geometry.known("malargue", "tgo", at - light_ns)["known"] == KERNELS
        for number in range(2):
            made = publish(tmp_path, {"oem": oem(flown(BEGIN, BEGIN + 4 * HOUR, phase=1.0 + number))}, BEGIN + number)
            assert geometry.refresh()
            assert np.linalg.norm(of_mars(at) - real.states[30, :3]) < 1e-6
            assert geometry.known("malargue", "tgo", at - light_ns)["known"] == KERNELS == orbits.source("tgo", at)
            assert [one.source for one in orbits.sources("tgo", BEGIN, BEGIN + 4 * HOUR)] == [made.id, KERNELS, made.id]
        assert geometry.known("malargue", "tgo", at + HOUR)["known"] == made.id
        told = geometry.known("malargue", "tgo", at + DAY)
        assert (told["known"], told["body"]) == ("stand-in", "MARS") and told["bound_ns"] == pytest.approx(12_775_506, abs=2)
        assert (
            geometry.sight("malargue", "tgo", at + HOUR).hidden is not None
            and geometry.sight("malargue", "tgo", at + DAY).hidden is None
        )
    finally:
        orbits.close()
        release(path)


def test_spk_of_a_product_is_read_and_written_anew(tmp_path: Path, orbits: PublishedOrbits) -> None:
    arc = flown(BEGIN, BEGIN + 2 * HOUR)
    at = np.arange(BEGIN + HOUR, BEGIN + HOUR + 600 * SECOND, 7 * SECOND)
    publish(tmp_path, {"bsp": spk(as_spk(arc))})
    orbits.refresh()
    exact = flown(int(at[0]), int(at[-1]), step_s=7).states
    assert np.abs(state("-143", "MARS", at)[:, :3] - exact[:, :3]).max() < 1e-6
    start, stop = (float(et_from_tai_ns(one)) for one in (BEGIN, BEGIN + 2 * HOUR))

    def states(ets: Reals) -> Reals:
        speed = np.sqrt(GM / RADIUS_KM)
        angle = (ets - start) * speed / RADIUS_KM
        circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * ets, -np.sin(angle), np.cos(angle), 0 * ets])
        return circle * np.repeat([RADIUS_KM, speed], 3)

    terms, _ = fitted_chebyshev(states, start, stop, body=-143, centre=499, length_s=600.0)
    newer = publish(tmp_path, {"bsp": spk(terms)}, BEGIN + HOUR)
    assert orbits.refresh() and orbits.used[0] == newer.id and not orbits.refused
    assert np.abs(state("-143", "MARS", at)[:, :3] - exact[:, :3]).max() < 1e-5  # TDB goes 1e-9 faster or slower than TAI


def wrong(change: Callable[[Arc], Arc]) -> Callable[[], dict[str, bytes]]:
    return lambda: {"oem": oem(change(flown(BEGIN, BEGIN + HOUR)))}


def changed(text: bytes, new: bytes) -> Callable[[], dict[str, bytes]]:
    def made() -> dict[str, bytes]:
        octets = oem(flown(BEGIN, BEGIN + HOUR))
        assert text in octets
        return {"oem": octets.replace(text, new)}

    return made


def not_a_number() -> dict[str, bytes]:
    arc = flown(BEGIN, BEGIN + HOUR)
    octets = spk(as_spk(arc))
    at = octets.index(arc.states[30].tobytes())
    return {"bsp": octets[:at] + np.full(6, np.nan).tobytes() + octets[at + 48 :]}


def cut() -> dict[str, bytes]:
    octets = spk(as_spk(flown(BEGIN, BEGIN + HOUR)))
    return {"bsp": octets[: len(octets) // 2]}


def with_earth() -> dict[str, bytes]:
    ets = np.asarray(et_from_tai_ns(np.array([BEGIN, BEGIN + DAY])))
    still = HermiteStates(399, 3, ets, np.array([[1e6, 0, 0, 0, 0, 0]] * 2))
    return {"bsp": spk(as_spk(flown(BEGIN, BEGIN + HOUR)), still)}


REFUSED: dict[str, tuple[Callable[[], dict[str, bytes]], str]] = {
    "garbage": (lambda: {"oem": os.urandom(5000)}, ""),
    "empty": (lambda: {"oem": b""}, ""),
    "no orbit": (lambda: {"txt": b"the orbit is fine"}, ""),
    "only a picture": (lambda: {"png": b"\x89PNG"}, "no file that holds an orbit"),
    "garbage as SPK": (lambda: {"bsp": b"DAF/SPK " + os.urandom(5000)}, ""),
    "not a number": (changed(b" 0.0", b" NaN"), ""),
    "not a number in an SPK": (not_a_number, "not a number"),
    "cut": (cut, "beyond the file"),
    "the Earth in it": (with_earth, "body 399"),
    "another body": (lambda: {"bsp": spk(as_spk(flown(BEGIN, BEGIN + HOUR), body=-41))}, "body -41"),
    "about itself": (lambda: {"bsp": spk(as_spk(flown(BEGIN, BEGIN + HOUR), centre=-41))}, "centre is -41"),
    "another spacecraft": (changed(b"OBJECT_NAME = TGO", b"OBJECT_NAME = MARS EXPRESS"), "orbit of MARS EXPRESS"),
    "another of the mission": (changed(b"OBJECT_NAME = TGO", b"OBJECT_NAME = Kazachok"), "which is sp"),
    "another frame": (changed(b"EME2000", b"ITRF2000"), "frame is ITRF2000"),
    "another centre": (changed(b"CENTER_NAME = MARS", b"CENTER_NAME = PHOBOS"), "centre is PHOBOS"),
    "no centre": (changed(b"CENTER_NAME = MARS", b"CENTER_NAME = VULCAN"), "VULCAN"),
    "about the Earth": (changed(b"CENTER_NAME = MARS", b"CENTER_NAME = EARTH"), "nearer than 6300 km"),
    "metres": (wrong(lambda arc: replace(arc, states=arc.states * 1000)), "km"),
    "metres a second": (wrong(lambda arc: replace(arc, states=arc.states * [1, 1, 1, 1000, 1000, 1000])), "faster than"),
    "inside": (wrong(lambda arc: replace(arc, states=arc.states / 2)), "nearer than 3300 km"),
    "backwards": (wrong(lambda arc: replace(arc, states=arc.states * [1, 1, 1, -1, -1, -1])), "velocities"),
    "a leap": (wrong(lambda arc: replace(arc, states=np.where(arc.epochs[:, None] > BEGIN + HOUR // 2, -arc.states, arc.states))), "velocities"),
    "too far from Mars": (lambda: {"oem": oem(flown(BEGIN, BEGIN + HOUR, radius_km=4000.0))}, "4,000 km from Mars"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_orbit_of_it_is_refused_and_changes_nothing(
    tmp_path: Path, orbits: PublishedOrbits, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    made, says = REFUSED[what]
    at = np.array([BEGIN + HOUR // 2])
    good = publish(tmp_path, {"oem": oem(flown(BEGIN, BEGIN + 2 * HOUR))})
    assert orbits.refresh()
    bodies = {body: state(body, "SUN", at) for body in ("EARTH", "MARS", "-143")}
    bad = publish(tmp_path, made(), BEGIN + HOUR, agency="roscosmos")
    assert not orbits.refresh() and orbits.used == (good.id,) and set(orbits.refused) == {bad.id} and not orbits.fault
    assert says in orbits.refused[bad.id]
    for body, place in bodies.items():
        assert np.array_equal(state(body, "SUN", at), place)
    monkeypatch.delattr(published, "segments_of")
    orbits._again = 0.0
    assert not orbits.refresh() and not orbits.fault  # it is not read again


def test_an_orbit_before_the_spacecraft_was_near_may_be_anywhere(tmp_path: Path, orbits: PublishedOrbits) -> None:
    at = tai_ns_from_utc("2017-06-01")
    arc = flown(at, at + HOUR, radius_km=30_000.0)
    draft = Draft("orbit", "tgo", "Aerobraking", at, at + HOUR, "fap")
    ProductStore(tmp_path).publish(draft, {"oem": oem(arc)}, SHOWN, names=NAMES, agency="esa", made_by="vera", made_at=at)
    assert orbits.refresh() and not orbits.refused
    assert np.linalg.norm(of_mars(at + HOUR // 2)) == pytest.approx(30_000.0)


def test_orbits_of_two_agencies_and_processes_share_what_was_written(tmp_path: Path) -> None:
    homes = tmp_path / "esa", tmp_path / "roscosmos"
    publish(homes[0], {"oem": oem(flown(BEGIN, BEGIN + HOUR))})
    ours = ProductStore(homes[0]).find()[0]
    theirs = publish(homes[1], {"oem": oem(flown(BEGIN, BEGIN + 2 * HOUR, phase=1.0))}, BEGIN + HOUR, agency="roscosmos")
    both, other = PublishedOrbits(MISSION, (), homes), PublishedOrbits(MISSION, (), homes[:1])
    assert both.refresh() and both.used == (theirs.id,)  # it holds all that the other one does
    assert other.refresh() and other.used == (ours.id,) != both.used
    written = list(homes[0].glob("orbits/*"))
    again = PublishedOrbits(MISSION, (), homes[:1])
    stamp = written[0].stat().st_mtime_ns
    assert again.refresh() and [one.stat().st_mtime_ns for one in homes[0].glob("orbits/*")] == [stamp]
    written[0].write_bytes(b"rotten")
    assert PublishedOrbits(MISSION, (), homes[:1]).refresh() and written[0].read_bytes()[:7] == b"DAF/SPK"
    assert (homes[0] / "orbits").stat().st_mode & 0o077 == 0
    for one in (both, other, again):
        one.close()
    assert not covered("-143", BEGIN, BEGIN + DAY)


def test_a_disk_that_refuses_is_told_and_tried_again(
    tmp_path: Path, orbits: PublishedOrbits, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orbits").write_text("no folder")
    made = publish(tmp_path, {"oem": oem(flown(BEGIN, BEGIN + HOUR))})
    assert not orbits.refresh() and made.id in orbits.fault and not orbits.refused and not orbits.used
    monkeypatch.setattr(published, "AGAIN_S", 0.0)
    (tmp_path / "orbits").unlink()
    orbits._again = 0.0
    assert orbits.is_stale and orbits.refresh() and orbits.used == (made.id,) and not orbits.fault


def test_spans_between_the_states_of_a_message_are_kept(tmp_path: Path, orbits: PublishedOrbits) -> None:
    arc = flown(BEGIN, BEGIN + 2 * HOUR)
    octets = oem(arc).replace(
        b"STOP_TIME", b"USEABLE_START_TIME = 2023-05-24T00:00:53\nUSEABLE_STOP_TIME = 2023-05-24T00:59:53\nSTOP_TIME"
    )
    assert b"USEABLE" in octets
    publish(tmp_path, {"oem": octets})
    assert orbits.refresh(), orbits.refused
    (seen,) = orbits.sources("tgo", BEGIN - DAY, BEGIN + DAY)
    assert abs(seen.span.start - tai_ns_from_utc("2023-05-24T00:00:53")) < 1000
    assert abs(seen.span.stop - tai_ns_from_utc("2023-05-24T00:59:53")) < 1000


def test_a_craft_without_number_or_a_body_is_not_looked_for(orbits: PublishedOrbits) -> None:
    assert orbits.sources("nobody", BEGIN, BEGIN + DAY) == () and orbits.source("MARS", BEGIN) == ""
