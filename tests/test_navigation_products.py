"""Products of flight dynamics: names, a store that is never half, parts in any order, two agencies over real servers."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import spiceypy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from aelita.cli.main import app
from aelita.dynamics import Forces, StateVector, Trajectory, propagate
from aelita.ephemeris import eclipses, furnish, release, state
from aelita.errors import AelitaError, DataError, UsageError
from aelita.ndm import Composite, ephemerides, read, write
from aelita.services import find_mission, live, navigation, whereabouts
from aelita.services.live.clock import MissionClock
from aelita.services.live.health import Health
from aelita.services.live.product_exchange import Exchange
from aelita.services.live.serving import Context
from aelita.services.live.stream_plan import Give
from aelita.services.live.streams import Streams
from aelita.services.navigation.orbit_files import oem_of
from aelita.services.products import (
    PART_OCTETS,
    Draft,
    Incoming,
    Part,
    Product,
    ProductStore,
    Sought,
    parts_of,
    product_of,
    read_names,
    subject_of_products,
)
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc
from api_material import installed
from live_servers import agencies, client, until
from shared import shared

START, STOP = tai_ns_from_utc("2016-03-14T21:00:00"), tai_ns_from_utc("2016-10-19T13:00:00")
MADE = tai_ns_from_utc("2016-03-15T08:00:00")
CRUISE = Draft("orbit", "tgo", "Cruise as it is predicted", START, STOP, "fcp", "012", "D")
PORKCHOP = {"departures": ["2016-03-14"], "arrivals": ["2016-10-19"], "c3_km2_s2": [[float("nan")]]}
NAMES = read_names(find_mission("exomars"))
OEM = b"not read: what is shown is given"
SHOWN = {"centre": "SUN", "frame": "J2000", "utc": [], "r_km": []}


def publish(store: ProductStore, draft: Draft = CRUISE, octets: bytes = OEM, agency: str = "esa", at: int = MADE) -> Product:
    return store.publish(draft, {"oem": octets}, SHOWN, names=NAMES, agency=agency, made_by="vera", made_at=at)


def contents(store: ProductStore, product: Product) -> dict[str, bytes]:
    return {one.name: store.octets(product, one) for one in product.contents}


# ---- names


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        (replace(CRUISE, label=""), "em16_tgo_fcp_20160314_20161019"),
        (CRUISE, "em16_tgo_fcp_012_20160314_20161019"),
        (replace(CRUISE, spacecraft="tgo-sim", type="fsm"), "em16_tgo-sim_fsm_012_20160314_20161019"),
        (replace(CRUISE, kind="residuals", type="fcr"), "em16_tgo_fcr_residuals_012_20160314_20161019"),
        (replace(CRUISE, spacecraft="sp", label=""), "emrsp_sp_fcp_20160314_20161019"),
    ],
)
def test_names_are_those_of_the_convention(draft: Draft, name: str) -> None:
    assert NAMES.name_of(draft) == name


def test_another_mission_is_its_own_prefix() -> None:
    names = read_names(find_mission("jpss"))
    assert names.name_of(replace(CRUISE, spacecraft="noaa20", label="")).startswith("jpss_noaa20_fcp_")


@pytest.mark.parametrize("wrong", [{"type": "xcp"}, {"type": "fc"}, {"label": "A b"}, {"kind": "poem"}])
def test_names_that_break_the_convention_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(AelitaError):
        publish(ProductStore(tmp_path), replace(CRUISE, **wrong))
    assert not any(tmp_path.rglob("record.json"))


# ---- the store


def test_a_product_never_changes_and_a_newer_one_is_another_version(tmp_path: Path) -> None:
    store = ProductStore(tmp_path)
    first, second = publish(store), publish(store, octets=b"newer", at=MADE + DAY)
    assert (first.id, second.id) == (f"{first.name}_v01", f"{first.name}_v02")
    other = ProductStore(tmp_path)  # another process
    assert other.get(first.id) == first and other.find() == [second, first]
    assert contents(other, first)[f"{first.id}.oem"] == OEM and contents(other, second)[f"{second.id}.oem"] == b"newer"
    assert other.data(first) == SHOWN
    assert json.loads((store.folder / first.id / "record.json").read_text())["start"] == "2016-03-14T21:00:00.000000000Z"
    draft = replace(CRUISE, kind="porkchop", type="mop")
    third = store.publish(draft, {}, PORKCHOP, names=NAMES, agency="roscosmos", made_by="boris", made_at=MADE)
    assert other.data(third) == PORKCHOP | {"c3_km2_s2": [[None]]}
    assert other.find(Sought(kind="orbit")) == [second, first] and other.find(Sought(agency="roscosmos")) == [third]
    assert other.find(Sought(before=second.id)) == [first, third] and other.find(Sought(before="none")) == []
    (store.folder / first.id / f"{first.id}.oem").write_bytes(b"rotten")
    with pytest.raises(DataError, match="no longer what was published"):
        contents(other, first)


def test_two_writers_make_two_versions(tmp_path: Path) -> None:
    stores = [ProductStore(tmp_path) for _ in range(2)]
    true = stores[0]._newest
    stores[0]._newest = lambda name: (publish(stores[1]), 0)[1] if not true(name) else 0  # type: ignore[method-assign]
    assert publish(stores[0]).id.endswith("_v02") and len(stores[0].find()) == 2


def test_a_writer_that_is_killed_leaves_nothing_half(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
from pathlib import Path
import aelita.services.products.store as made
from aelita.services import find_mission
from aelita.services.products import Draft, ProductStore, read_names
Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
draft = Draft("orbit", "tgo", "x", {START}, {STOP}, "fcp")
names = read_names(find_mission("exomars"))
ProductStore(Path({str(tmp_path)!r})).publish(draft, {{"bsp": bytes(100_000)}}, names=names, agency="esa", made_by="x", made_at={MADE})
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGKILL
    store = ProductStore(tmp_path)
    left = list(store.folder.glob(".new-*"))
    assert len(left) == 1 and any(one.suffix == ".bsp" for one in left[0].iterdir()) and store.find() == []
    os.utime(left[0], (0, 0))
    assert publish(store).id.endswith("_v01")
    assert not list(store.folder.glob(".new-*"))


@pytest.mark.parametrize(
    ("files", "data", "what"),
    [
        ({"exe": b"x"}, None, "ends in 'exe'"),
        ({"../oem": b"x"}, None, "ends in"),
        ({}, None, "neither files nor data"),
        ({"oem": b"CCSDS_OEM_VERS = 2.0\n"}, None, "CREATION_DATE"),
        ({"oem": OEM}, {"centre": "SUN"}, "utc is None"),
        ({"oem": OEM}, SHOWN | {"r_km": [[1, 2, 3]]}, "r_km has 1 entries, utc 0"),
        ({"oem": OEM}, [1], "no document"),
        ({"oem": OEM}, SHOWN | {"manoeuvres": [object()]}, "cannot be told"),
    ],
)
def test_what_is_no_product_is_refused(tmp_path: Path, files: dict[str, bytes], data: object, what: str) -> None:
    with pytest.raises(DataError, match=what):
        ProductStore(tmp_path).publish(CRUISE, files, data, names=NAMES, agency="esa", made_by="x", made_at=MADE)
    assert ProductStore(tmp_path).find() == []


def test_what_is_shown_of_an_orbit_is_made_of_its_message(tmp_path: Path) -> None:
    octets = shared("data/nav/ndm/anise/LRO_Nyx.oem").read_bytes()
    store = ProductStore(tmp_path)
    made = store.publish(CRUISE, {".OEM": octets}, names=NAMES, agency="esa", made_by="x", made_at=MADE)
    shown = cast("dict[str, Any]", store.data(made))
    message = read(octets, where="LRO")
    assert not isinstance(message, Composite)
    (whole,) = ephemerides(message)
    assert shown["centre"] == whole.center.upper() and len(shown["utc"]) == len(shown["r_km"]) <= 2000
    assert shown["r_km"][0] == whole.position_km[0].tolist() and shown["r_km"][-1] == whole.position_km[-1].tolist()


# ---- records from outside

RECORD = {
    "id": "em16_tgo_fcp_20160314_20161019_v01", "kind": "orbit", "spacecraft": "tgo", "name": "em16_tgo_fcp_20160314_20161019",
    "title": "x", "start": "2016-03-14T21:00:00Z", "stop": "2016-10-19T13:00:00Z", "made_at": "2016-03-15T08:00:00Z",
    "made_by": "vera", "agency": "esa", "grade": "", "data": None,
    "files": [{"name": "em16_tgo_fcp_20160314_20161019_v01.oem", "media": "text/plain", "size": 3, "sha256": "0" * 64}],
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "../../etc"}, {"id": "/etc/passwd"}, {"id": "em16_tgo_fcp_20160314_20161019_v01/.."}, {"id": 7}, {"kind": "poem"},
        {"start": "2017-03-14T21:00:00Z"}, {"start": "yesterday"}, {"stop": "9999-12-31T00:00:00Z"}, {"start": "1066-10-14"}, {"stop": ""}, {"files": "all"}, {"title": "a\nb"}, {"agency": "esa/.."},
        {"name": "another"}, {"grade": "Z"}, {"made_by": None}, {"files": [RECORD["files"][0]] * 2},  # type: ignore[index]
        *({"files": [RECORD["files"][0] | change]} for change in (  # type: ignore[index]
            {"name": "../x.oem"}, {"name": "em16_tgo_fcp_20160314_20161019_v02.oem"}, {"size": -1}, {"size": True}, {"sha256": "x"},
            {"media": "text/html"}, {"name": "em16_tgo_fcp_20160314_20161019_v01.html", "media": "text/html"},
            {"name": "em16_tgo_fcp_20160314_20161019_v01.oem/../../x.oem"}, {"name": "record.json"},
        )),
    ],
)  # fmt: skip
def test_a_record_that_is_none_is_refused_by_name(wrong: dict[str, Any]) -> None:
    assert product_of(RECORD, "x").id == RECORD["id"]
    with pytest.raises(DataError):
        product_of(RECORD | wrong, "record")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(RECORD)),
    st.recursive(st.none() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3), max_leaves=5),
)
def test_no_record_leads_out_of_the_folder(key: str, value: Any) -> None:
    try:
        found = product_of(RECORD | {key: value}, "record")
    except DataError:
        return
    for name in (found.id, *(one.name for one in found.contents)):
        assert Path(name).name == name and not name.startswith(".")


# ---- parts


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Product, list[Part], dict[str, bytes]]:
    """A product of three and a half parts."""
    store = ProductStore(tmp_path_factory.mktemp("giver"))
    made = publish(store, octets=np.random.default_rng(7).bytes(int(3.5 * PART_OCTETS)))
    parts = list(parts_of(store, made))
    assert len(parts) == 4 and max(len(one.payload) + len(str(one.headers)) for one in parts) <= 256 << 10
    return made, parts, contents(store, made)


Sent = tuple[Product, list[Part], dict[str, bytes]]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (0, 0, 1, 2, 1, 3, 3, 0, 1, 2, 3)])
def test_parts_become_whole_in_any_order_and_however_often(tmp_path: Path, sent: Sent, order: tuple[int, ...]) -> None:
    made, parts, octets = sent
    store = ProductStore(tmp_path)
    took = []
    for number in order:
        took.append(Incoming(store, "esa").take(parts[number].headers, parts[number].payload))  # a restart before each
    assert [one for one in took if one is not None] == [made]
    assert contents(ProductStore(tmp_path), made) == octets
    assert not list((store.folder / ".incoming" / "esa").glob("*-*"))


def test_damaged_and_foreign_parts_are_refused_and_a_good_copy_comes_through(tmp_path: Path, sent: Sent) -> None:
    made, parts, octets = sent
    store = ProductStore(tmp_path)
    incoming = Incoming(store, "esa")
    for part in parts[:3]:
        incoming.take(part.headers, part.payload)
    with pytest.raises(DataError, match="SHA-256"):
        incoming.take(parts[3].headers, b"x" + parts[3].payload[1:])
    assert store.find() == []
    for wrong in ({"Aelita-Product-Id": "../x"}, {"Aelita-Product-Part": "5"}, {"Aelita-Product-Of": "99999"}, {}):
        with pytest.raises(DataError, match="no part"):
            incoming.take(parts[0].headers | wrong if wrong else {}, parts[0].payload)
    with pytest.raises(DataError, match="sent a product of esa"):
        for part in parts:
            Incoming(store, "roscosmos").take(part.headers, part.payload)
    assert store.find() == []
    assert [incoming.take(part.headers, part.payload) for part in parts] == [None, None, None, made]
    assert contents(store, made) == octets
    other = ProductStore(tmp_path / "other")
    mine = publish(other, octets=b"mine", agency="roscosmos")
    with pytest.raises(DataError, match="another product is called"):
        for part in parts:
            Incoming(other, "esa").take(part.headers, part.payload)
    assert other.get(made.id) == mine


# ---- two agencies


class Site:
    """One agency's store, and its exchange with a server of its own; `restart` as a process that is killed."""

    def __init__(self, agency: str, partner: str, home: Path) -> None:
        self.agency, self.partner, self.store, self.health = agency, partner, ProductStore(home), Health("x", agency)
        self.tasks: list[asyncio.Task[None]] = []

    def begin(self, streams: Streams) -> None:
        context = Context(cast("Any", None), self.agency, cast("Any", None), self.health)
        exchange = Exchange(context, streams, self.store)
        self.tasks = [asyncio.create_task(exchange.publish()), asyncio.create_task(exchange.receive(self.partner))]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def has(self, *products: Product) -> Callable[[], Awaitable[bool]]:
        async def condition() -> bool:
            return {one.id for one in products} <= {one.id for one in ProductStore(self.store.folder.parents[1]).find()}

        return condition

    def counted(self, name: str, count: float, **labels: str) -> Callable[[], Awaitable[bool]]:
        async def condition() -> bool:
            return self.health.value(name, **labels) >= count

        return condition


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[Site, Site, dict[str, Any]]]:
    gives = [Give("esa", "roscosmos", ("esa.products.>",)), Give("roscosmos", "esa", ("roscosmos.products.navigation",))]
    esa, roscosmos = Site("esa", "roscosmos", folder / "homes/esa"), Site("roscosmos", "esa", folder / "homes/roscosmos")
    async with agencies(folder, gives, ["esa", "roscosmos"]) as (servers, _):
        try:
            yield esa, roscosmos, servers
        finally:
            await esa.end()
            await roscosmos.end()


def test_what_one_agency_publishes_is_whole_at_the_other(tmp_path: Path) -> None:
    """The receiver is restarted among the parts, a product is published twice, and a forged one is refused."""

    async def story() -> None:
        async with both(tmp_path) as (esa, roscosmos, servers):
            streams = {name: await client(server) for name, server in servers.items()}
            big = publish(esa.store, octets=np.random.default_rng(1).bytes(3 << 20))
            theirs = publish(roscosmos.store, replace(CRUISE, type="mcp"), b"from Moscow", "roscosmos")
            esa.begin(streams["esa"])
            roscosmos.begin(streams["roscosmos"])
            await until("published", esa.counted("products_published", 1))

            async def some() -> bool:
                return any((roscosmos.store.folder / ".incoming" / "esa").glob("*-*/0000[3-9]")) or await roscosmos.has(big)()

            await until("parts", some)
            await roscosmos.end()
            await streams["roscosmos"].close()
            streams["roscosmos"] = await client(servers["roscosmos"])
            roscosmos.begin(streams["roscosmos"])
            await until("the product of ESA", roscosmos.has(big))
            await until("the product of Roscosmos", esa.has(theirs))
            assert contents(roscosmos.store, big) == contents(esa.store, big)
            assert contents(esa.store, theirs) == contents(roscosmos.store, theirs)

            await esa.end()
            (esa.store.folder / ".sent" / big.id).unlink()  # as when killed between the last part and the mark
            forged = replace(publish(ProductStore(tmp_path / "forger"), agency="roscosmos"))
            for part in parts_of(ProductStore(tmp_path / "forger"), forged):
                await streams["esa"].publish(subject_of_products("esa"), part.payload, headers=part.headers)
            late = publish(esa.store, replace(CRUISE, label="late"))
            esa.begin(streams["esa"])
            await until("the late product", roscosmos.has(late))
            assert roscosmos.health.value("products_refused", giver="esa") == 1
            assert {one.id for one in roscosmos.store.find()} == {big.id, late.id, theirs.id}
            assert [one.agency for one in esa.store.find()].count("roscosmos") == 1
            assert esa.store.unsent("esa") == [] and esa.store.unsent("roscosmos") == [theirs]
            for one in streams.values():
                await one.close()

    asyncio.run(story())


# ---- events and places


@pytest.fixture(scope="module")
def flown() -> Iterator[tuple[Trajectory, Path]]:
    """TGO in its orbit of science from a state of ESOC's, for half a day, and a folder for files of it."""
    path = shared("data/nav/spice/tgo_state_tables/em16_tgo_fsp_116_01_20191111_20200425_v02.csv")
    with path.open() as file:
        row = next(csv.DictReader(file))
    at = tai_ns_from_utc(row["utc"])
    place, speed = ([float(row[name.format(axis)]) for axis in "xyz"] for name in ("{}_km", "v{}_kms"))
    yield propagate(StateVector(at, np.array(place), np.array(speed)), Forces(), at + DAY // 2), path


def arc_of(trajectory: Trajectory) -> navigation.Arc:
    first, last = trajectory.span
    epochs = np.append(np.arange(first, last, 60 * SECOND), last)
    return navigation.Arc("TGO", "MARS", epochs, trajectory.states(epochs), "2016-017A")


def test_events_from_a_kernel_are_those_that_spice_finds(flown: tuple[Trajectory, Path], tmp_path: Path) -> None:
    trajectory, _ = flown
    first, last = trajectory.span
    kernel = tmp_path / "tgo.bsp"
    navigation.write_arcs((arc_of(trajectory),), kernel, made_at=MADE, body=-143)
    furnish(kernel)
    try:
        (motion,) = whereabouts.motions_in_kernels("-143", "MARS", first - DAY, last + DAY)
        found = whereabouts.orbit_events(motion)
        window = spiceypy.cell_double(2)
        spiceypy.wninsd(*(float(et_from_tai_ns(at)) for at in motion.span), window)
        for kind, word in (("periapsis", "LOCMIN"), ("apoapsis", "LOCMAX")):
            held = spiceypy.cell_double(200)
            spiceypy.gfdist("-143", "NONE", "MARS", word, 0.0, 0.0, 600.0, 100, window, held)
            ours = [float(et_from_tai_ns(one.start)) for one in found if one.kind == kind]
            spice = [spiceypy.wnfetd(held, number)[0] for number in range(spiceypy.wncard(held))]
            assert len(ours) == len(spice) >= 6 and np.abs(np.subtract(ours, spice)).max() < 2e-3
        for kind, shadow in (("eclipse", "umbra"), ("penumbra", "penumbra")):
            ours = [(one.start, one.stop) for one in found if one.kind == kind]
            truth = [(one.start, one.stop) for one in eclipses("-143", *motion.span, kind=cast("Any", shadow))]
            assert (
                len(ours) == len(truth) >= 5 and np.abs(np.subtract(ours, truth)).max() < 0.2 * SECOND
            )  # aberration, flattening
        heights = [one.value for one in found if one.kind in ("periapsis", "apoapsis")]
        assert all(one is not None and 340 < one < 460 for one in heights)
        assert len([one for one in found if one.kind == "ascending-node"]) == 6
        at = np.array([first + SECOND, last - SECOND, last + SECOND])
        there = whereabouts.places_km("-143", "SUN", at, frame="J2000")
        assert np.array_equal(there[:2], state("-143", "SUN", at[:2])[:, :3]) and np.isnan(there[2]).all()
    finally:
        release(kernel)


def test_events_from_a_product_are_those_of_the_trajectory(flown: tuple[Trajectory, Path]) -> None:
    trajectory, _ = flown
    octets = write(oem_of((arc_of(trajectory),), made_at=MADE), "kvn", where="x")
    message = read(octets, where="x")
    assert not isinstance(message, Composite)
    parts = ephemerides(message)
    first, last = trajectory.span
    (motion,) = whereabouts.motions_in_message(parts, first, last)
    ours, truth = whereabouts.orbit_events(motion), whereabouts.orbit_events(trajectory)
    assert [one.kind for one in ours] == [one.kind for one in truth] and len(truth) > 30
    assert max(abs(a.start - b.start) for a, b in zip(ours, truth, strict=True)) < 2_000_000
    assert whereabouts.motions_in_message(parts, last + DAY, last + 2 * DAY) == ()
    at = np.array([first + DAY // 4, last + DAY])
    there = whereabouts.places_km("-143", "MARS", at, frame="J2000", orbits=[parts])
    assert np.linalg.norm(there[0] - trajectory.states(at[:1])[0, :3]) < 1e-3 and np.isnan(there[1]).all()
    turned = whereabouts.places_km("-143", "MARS", at[:1], orbits=[parts])
    assert np.linalg.norm(turned[0] - spiceypy.pxform("J2000", "ECLIPJ2000", 0.0) @ there[0]) < 1e-6
    with pytest.raises(UsageError, match="no event of kind"):
        whereabouts.check_kinds(["tea"])


# ---- the command line


def test_products_and_events_on_the_command_line(flown: tuple[Trajectory, Path], tmp_path: Path) -> None:
    made, arc = installed(tmp_path), arc_of(flown[0])
    MissionClock(MADE, MADE, 1.0).write(made.folder)
    orbit = tmp_path / "tgo.oem"
    navigation.write_arcs((arc,), orbit, made_at=MADE)

    def asked(*words: str | Path) -> Any:
        done = CliRunner().invoke(app, ["--data", str(tmp_path), "nav", *map(str, words)])
        if done.exception is not None:
            raise done.exception
        return json.loads(done.stdout) if "--json" in words else done.stdout

    span = ("--start", "2019-11-12T20:10:02", "--stop", "2019-11-13T08:00:00")
    words = ("publish", "orbit", "tgo", "Science", orbit, *span, "--type", "fmp", "--agency", "roscosmos", "--json")
    told = asked(*words)
    assert (told["id"], told["agency"]) == ("em16_tgo_fmp_20191112_20191113_v01", "roscosmos")
    assert [one["id"] for one in asked("products", "--agency", "roscosmos", "--json")] == [told["id"]]
    assert asked("products", "--agency", "esa", "--json") == [] and told["id"] in asked("products", "--agency", "roscosmos")
    asked("products", told["id"], "--agency", "roscosmos", "--fetch", tmp_path / "out")
    assert (tmp_path / "out" / told["files"][0]["name"]).read_bytes() == orbit.read_bytes()
    light = ("light-time", "malargue", "tgo", "2019-11-12T22:00:00", "--json")
    (alone,), (known,) = asked(*light), asked(*light, "--orbits-of", "roscosmos")
    assert (alone["known"], known["known"], known["bound_s"]) == ("stand-in", told["id"], 0.0)
    assert 0 < abs(known["down_s"] - alone["down_s"]) < alone["bound_s"]
    passes = asked("passes", "tgo", *span, "--orbits-of", "roscosmos", "--json")
    assert {one["hidden_s"] is None for one in passes if one["known"] == told["id"]} == {False}
    live.geometry_of(live.read_installation(tmp_path / "complex"), "roscosmos").orbits.close()
    rows = asked("events", "tgo", *span, "--orbit", orbit, "--kind", "periapsis", "--kind", "eclipse", "--json")
    assert {one["kind"] for one in rows} == {"periapsis", "eclipse"} and len(rows) >= 10
    assert all((one["stop"] is None) == (one["kind"] == "periapsis") for one in rows)
    with pytest.raises(UsageError, match="start or stop"):
        asked("publish", "orbit", "tgo", "Science", orbit)
    with pytest.raises(UsageError, match="two files end"):
        asked("publish", "orbit", "tgo", "Science", orbit, orbit, *span)
    with pytest.raises(UsageError, match="no product 'none'"):
        asked("products", "none")
