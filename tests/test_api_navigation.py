"""Flight dynamics through the interface: geometry against published numbers, products published, found, fetched; rights; faults."""

import csv
import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import HTTPException
from typer.testing import CliRunner

from aelita.api import audit, guard
from aelita.api.client import (
    AnswerError,
    AsyncClient,
    Client,
    ForbiddenError,
    NotFoundError,
    RequestError,
    connect,
    connect_async,
)
from aelita.api.client.core import Answer, Request
from aelita.api.identity import Identity
from aelita.api.navigation_desk import MOST_WAITING, NavigationDesk
from aelita.api.routes_navigation_products import PUBLISH
from aelita.cli.main import app
from aelita.dynamics import Forces, StateVector, propagate
from aelita.ephemeris import state
from aelita.ndm import write
from aelita.services.live.clock import MissionClock
from aelita.services.live.installation import Installation
from aelita.services.navigation.orbit_files import Arc, oem_of
from aelita.services.products import PART_OCTETS
from aelita.time import DAY, SECOND, tai_ns_from_utc, utc_from_tai_ns
from api_archive_material import still
from api_material import installed
from client_material import PASSWORD, make_user, served_centre
from shared import shared
from test_api_operations import Desk

RECORD = {
    "kind": "orbit", "spacecraft": "tgo", "title": "An arc of science", "start": "2019-11-12T20:10:01Z",
    "stop": "2019-11-13T08:00:00Z", "type": "fmp", "label": "116", "grade": "D",
}  # fmt: skip
MADE = tai_ns_from_utc("2018-02-01")
ARRIVAL = {"start": "2016-10-19", "stop": "2016-10-20"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return installed(tmp_path_factory.mktemp("navigation"))


@pytest.fixture(scope="module")
def vera(made: Installation) -> Iterator[Desk]:
    with still(made) as centre:
        yield Desk(centre)


@pytest.fixture(scope="module")
def orbit() -> tuple[bytes, Arc]:
    """An orbit of TGO about Mars for half a day, from a state of ESOC's, as OEM."""
    path = shared("data/nav/spice/tgo_state_tables/em16_tgo_fsp_116_01_20191111_20200425_v02.csv")
    with path.open() as file:
        row = next(csv.DictReader(file))
    at = tai_ns_from_utc(row["utc"])
    place, speed = ([float(row[name.format(axis)]) for axis in "xyz"] for name in ("{}_km", "v{}_kms"))
    flown = propagate(StateVector(at, np.array(place), np.array(speed)), Forces(), at + DAY // 2)
    epochs = np.arange(at, at + DAY // 2, 10 * SECOND)
    arc = Arc("TGO", "MARS", epochs, flown.states(epochs), "2016-017A")
    return write(oem_of((arc,), made_at=at), "kvn", where="x"), arc


def publish(desk: Desk, files: dict[str, bytes], data: Any = None, **record: Any) -> dict[str, Any]:
    parts = [("files", (name, octets)) for name, octets in files.items()]
    parts += [("data", ("data.json", json.dumps(data).encode()))] if data is not None else []
    told: dict[str, Any] = desk.json("POST", "navigation/products", data={"record": json.dumps(RECORD | record)}, files=parts)
    return told


# ---- geometry


def test_light_time_and_distance_are_the_published_ones(vera: Desk) -> None:
    query = {"observer": "EARTH", "spacecraft": "MARS", "at": "2016-10-19T16:00:00Z"}
    (row,) = vera.json("GET", "navigation/light-time", params=query)["rows"]
    assert row["down_s"] == pytest.approx(587.341, abs=0.002) and row["at"].startswith("2016-10-19T16:00:00.000")
    rows = vera.json(
        "GET", "navigation/light-time", params={**query, "observer": "malargue", "stop": "2016-10-19T17:00:00Z", "step_s": 600}
    )["rows"]
    assert len(rows) == 7 and all(-90 < one["elevation_deg"] < 90 and 0 <= one["azimuth_deg"] < 360 for one in rows)
    for day, million_km in (("2016-10-19", 176.0), ("2017-08-13", 397.3), ("2021-03-19", 246.1)):
        query = {"target": ["MARS"], "centre": "EARTH", "start": day, "stop": f"{day}T23:59:59Z", "count": "2"}
        told = vera.json("GET", "navigation/states", params=query)
        first, last = sorted(np.linalg.norm(row) / 1e6 for row in told["states"]["MARS"])
        assert first - 0.06 < million_km < last + 0.06 and last - first < 1.5
        assert (told["centre"], told["frame"], told["utc"][0]) == ("EARTH", "ECLIPJ2000", f"{day}T00:00:00.000000000Z")


def test_the_solar_conjunctions_of_mars_are_found(vera: Desk) -> None:
    query = {"spacecraft": "tgo", "start": "2016-01-01", "stop": "2024-01-01", "kind": "conjunction"}
    told = vera.json("GET", "navigation/events", params=query)
    days = [(one["start"][:10], one["stop"][:10]) for one in told["rows"]]
    assert told["known"] == ""
    for published in ("2017-07-27", "2019-09-02", "2021-10-08", "2023-11-18"):  # superior conjunctions of Mars
        assert any(first <= published <= last for first, last in days)
    assert len(days) == 4 and all(one["unit"] == "deg" and 0 < one["value"] < 3 for one in told["rows"])


def test_passes_are_those_of_mars_over_the_stations(vera: Desk) -> None:
    query = {"spacecraft": "tgo", **ARRIVAL, "station": ["malargue", "new-norcia"]}
    rows = vera.json("GET", "navigation/passes", params=query)["rows"]
    assert [one["start"] for one in rows] == sorted(one["start"] for one in rows)
    assert {one["station"] for one in rows} == {"malargue", "new-norcia"}
    for one in rows:
        long = (tai_ns_from_utc(one["stop"][:-1]) - tai_ns_from_utc(one["start"][:-1])) / SECOND
        assert long == pytest.approx(one["duration_s"], abs=0.002) and one["light_s"] == pytest.approx(587, abs=3)
    assert max(one["max_elevation_deg"] for one in rows if one["station"] == "malargue") == pytest.approx(78.9, abs=0.5)  # facts
    assert vera.json("GET", "navigation/passes", params=query)["rows"] == rows


def test_events_and_places_come_from_the_product_where_no_kernel_is(vera: Desk, orbit: tuple[bytes, Arc]) -> None:
    octets, arc = orbit
    query = {"spacecraft": "tgo", "start": RECORD["start"], "stop": RECORD["stop"]}
    before = vera.json("GET", "navigation/events", params={**query, "kind": ["periapsis", "eclipse"]})
    assert before == {"rows": [], "known": ""}
    made = publish(vera, {"arc.oem": octets})
    told = vera.json("GET", "navigation/events", params=query)
    assert told["known"] == made["id"]
    counts = {
        kind: sum(one["kind"] == kind for one in told["rows"]) for kind in ("periapsis", "apoapsis", "eclipse", "occultation")
    }
    assert all(5 <= count <= 8 for count in counts.values()), counts
    starts = [one["start"] for one in told["rows"]]
    assert starts == sorted(starts) and all((one["stop"] is None) == (one["unit"] != "s") for one in told["rows"])
    at = f"{utc_from_tai_ns(int(arc.epochs[100]))}Z"
    asked = {"target": ["tgo", "EARTH"], "centre": "MARS", "frame": "J2000", "start": at, "stop": "2019-12-12", "count": 2}
    states = vera.json("GET", "navigation/states", params=asked)["states"]
    assert np.allclose(states["tgo"][0], arc.states[100, :3], atol=1e-3) and states["tgo"][1] == [None] * 3
    assert all(each is not None for row in states["EARTH"] for each in row)


def test_passes_and_light_times_follow_the_orbit_that_is_published(vera: Desk) -> None:
    start, stop = tai_ns_from_utc("2023-05-24T12:00:00"), tai_ns_from_utc("2023-05-25T12:00:00")
    span = {"start": "2023-05-24T12:00:00", "stop": "2023-05-25T12:00:00"}
    passes = {"spacecraft": "tgo", "station": "malargue", **span}
    light = {"observer": "malargue", "spacecraft": "tgo", "at": span["start"], "stop": span["stop"], "step_s": 600}

    def asked() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        paths = (("passes", passes), ("light-time", light))
        first, second = (vera.json("GET", f"navigation/{path}", params=query)["rows"] for path, query in paths)
        return first, second

    seen, lights = asked()
    assert {(one["known"], round(one["bound_s"], 6)) for one in (*seen, *lights)} == {("stand-in", 0.012776)}
    assert {one["hidden_s"] for one in seen} == {None}
    at = np.arange(start - DAY // 24, stop + DAY // 24, 60 * SECOND)
    angle = (at - start) / SECOND * np.sqrt(42828.37 / 3780.0**3)
    circle = np.column_stack([np.cos(angle), 0 * angle, np.sin(angle), -np.sin(angle), 0 * angle, np.cos(angle)])
    arc = Arc("TGO", "MARS", at, circle * np.repeat([3780.0, np.sqrt(42828.37 / 3780.0)], 3), "2016-017A")
    made = publish(vera, {"arc.oem": write(oem_of((arc,), made_at=start), "kvn", where="x")}, **span, label="2023")
    now, later = asked()
    assert {(one["known"], one["bound_s"]) for one in (*now, *later)} == {(made["id"], 0.0)}
    assert all(one["hidden_s"] > 600 for one in now)
    apart = np.array([one["down_s"] - before["down_s"] for one, before in zip(later, lights, strict=True)])
    assert 0.008 < np.abs(apart).max() < 0.01278  # 3,780 km, as the orbit lies to the Earth
    emitted = [start + round((n * 600 - one["down_s"]) * SECOND) for n, one in enumerate(later)]
    towards = state("EARTH", "MARS", np.array(emitted))[:, :3]
    place = state("-143", "MARS", np.array(emitted))[:, :3]
    nearer = np.einsum("ni,ni->n", place, towards) / np.linalg.norm(towards, axis=1) / 299_792.458
    assert np.allclose(apart, -nearer, atol=2e-6)
    query = {"spacecraft": "tgo", "kind": "occultation", **span}
    assert vera.json("GET", "navigation/events", params=query)["known"] == made["id"]
    states = {"target": ["tgo", "EARTH"], "centre": "MARS", **span, "count": 3}
    assert vera.json("GET", "navigation/states", params=states)["known"] == {"tgo": made["id"]}
    for number in range(2):  # what was asked before is not told from what it was known then
        newer = publish(vera, {"arc.oem": write(oem_of((arc,), made_at=start), "kvn", where="x")}, **span, label=f"20{number}")
        assert {one["known"] for rows in asked() for one in rows} == {newer["id"]}


@pytest.mark.parametrize(
    ("path", "query", "status", "told"),
    [
        ("passes", {"spacecraft": "tgo"}, 400, "from when to when"),
        ("passes", {"spacecraft": "tgo", "start": "2016-10-19", "stop": "2016-10-18"}, 400, "not after the start"),
        ("passes", {"spacecraft": "tgo", "start": "2016-10-19", "stop": "2036-10-18"}, 400, "at once"),
        ("passes", {"spacecraft": "tgo", "station": "nowhere", **ARRIVAL}, 400, "no station 'nowhere'"),
        ("passes", {"spacecraft": "VULCAN", **ARRIVAL}, 400, "VULCAN"),
        ("passes", {**ARRIVAL}, 422, ""),
        ("passes", {"spacecraft": ["a"] * 13, **ARRIVAL}, 422, ""),
        ("light-time", {"observer": "EARTH", "spacecraft": "tgo"}, 400, "which instant"),
        ("light-time", {"observer": "EARTH", "spacecraft": "-999", "at": "2016-10-19"}, 400, "-999"),
        ("light-time", {"observer": "EARTH", "spacecraft": "MARS", "at": "2016-10-19", "stop": "2036", "step_s": "1"}, 422, ""),
        ("light-time", {"observer": "EARTH", "spacecraft": "MARS", "at": "2016-10-19", "stop": "2036-01-01"}, 400, "at once"),
        ("light-time", {"observer": "EARTH", "spacecraft": "MARS", "at": "noon"}, 422, "is not a time"),
        ("light-time", {"observer": "EA/RTH", "spacecraft": "MARS", "at": "2016-10-19"}, 422, ""),
        ("events", {"spacecraft": "tgo", "kind": "tea", **ARRIVAL}, 400, "no event of kind 'tea'"),
        ("events", {"spacecraft": "tgo", "start": "2016-10-19", "stop": "2017-10-18"}, 400, "at once"),
        ("states", {"target": "MARS", "count": "1000000", **ARRIVAL}, 422, ""),
        ("states", {"target": "MARS", "centre": "VULCAN", **ARRIVAL}, 400, "VULCAN"),
        ("states", {"target": "MARS", "frame": "MOON", **ARRIVAL}, 422, ""),
        ("products", {"kind": "poem"}, 422, ""),
        ("products", {"before": "none"}, 404, "'none'"),
        ("products/none", {}, 404, "'none'"),
        ("products/..%2f..%2frecords.sqlite", {}, 404, ""),
        ("products/none/files/x", {}, 404, "'none'"),
    ],
)
def test_what_is_asked_wrongly_is_told(vera: Desk, path: str, query: dict[str, Any], status: int, told: str) -> None:
    answer = vera.now("GET", f"navigation/{path}", params=query)
    assert answer.status_code == status, answer.text
    assert told in answer.json()["detail"]


def test_who_asks_too_much_at_once_is_told_to_come_back(vera: Desk) -> None:
    """Four questions wait for the one at work; the fifth is refused, what is known is answered."""
    desk = NavigationDesk(vera.centre)
    desk.answer("known", lambda: 1)
    end, asked = threading.Event(), [threading.Event() for _ in range(MOST_WAITING)]

    def slow(number: int) -> int:
        asked[number].set()
        end.wait()
        return number

    with ThreadPoolExecutor(MOST_WAITING) as pool:
        first = pool.submit(desk.answer, 0, lambda: slow(0))
        asked[0].wait()
        others = [pool.submit(desk.answer, number, lambda number=number: slow(number)) for number in range(1, MOST_WAITING)]
        while desk._waiting < MOST_WAITING:
            threading.Event().wait(0.001)
        with pytest.raises(HTTPException) as refused:
            desk.answer("new", lambda: 2)
        assert refused.value.status_code == 503 and refused.value.headers == {"Retry-After": "3"}
        assert desk.answer("known", lambda: 3) == 1
        end.set()
        assert [one.result() for one in (first, *others)] == list(range(MOST_WAITING))
    assert desk.answer("new", lambda: 2) == 2


# ---- products


def test_a_product_is_published_found_shown_and_fetched(vera: Desk, orbit: tuple[bytes, Arc]) -> None:
    octets, arc = orbit
    made = publish(vera, {"a.OEM": octets, "b.bsp": b"\x00" * 100}, label="shown")
    assert made["name"] == "em16_tgo_fmp_shown_20191112_20191113" and made["id"] == f"{made['name']}_v01"
    assert (made["made_by"], made["agency"], made["grade"]) == ("vera", "esa", "D")
    assert [one["name"] for one in made["files"]] == [f"{made['id']}.oem", f"{made['id']}.bsp"]
    shown = vera.json("GET", f"navigation/products/{made['id']}")
    assert {**shown, "data": 0} == {**made, "data": 0}
    assert shown["data"]["centre"] == "MARS" and shown["data"]["frame"] == "J2000" and len(shown["data"]["r_km"]) == 2000
    assert np.allclose(shown["data"]["r_km"][0], arc.states[0, :3], atol=1e-6)
    answer = vera.now("GET", f"navigation/products/{made['id']}/files/{made['id']}.oem")
    assert answer.content == octets and hashlib.sha256(octets).hexdigest() == made["files"][0]["sha256"]
    assert "attachment" in answer.headers["content-disposition"] and answer.headers["content-type"].startswith("text/plain")
    part = vera.now("GET", f"navigation/products/{made['id']}/files/{made['id']}.oem", headers={"Range": "bytes=10-19"})
    assert part.content == octets[10:20]
    assert vera.now("GET", f"navigation/products/{made['id']}/files/record.json").status_code == 404
    assert vera.noted("product.published")[0]["id"] == made["id"]
    newer = publish(vera, {"a.oem": octets}, label="shown")
    assert newer["id"] == f"{made['name']}_v02"


def test_products_are_listed_by_what_they_are_page_by_page(vera: Desk) -> None:
    grid = {"departures": ["2016-03-14"], "arrivals": ["2016-10-19"], "c3_km2_s2": [[7.44]], "best": None}
    made = [publish(vera, {}, grid, kind="porkchop", label=f"n{number}")["id"] for number in range(5)]
    found, before = [], ""
    while True:
        page = vera.json("GET", "navigation/products", params={"kind": "porkchop", "limit": 2, "before": before})
        found += [one["id"] for one in page["rows"]]
        before = page["next"]
        if before is None:
            break
    assert sorted(found) == sorted(made)
    assert vera.json("GET", "navigation/products", params={"kind": "porkchop", "spacecraft": "edm"})["rows"] == []
    assert vera.json("GET", f"navigation/products/{made[0]}")["data"] == grid


@pytest.mark.parametrize(
    ("record", "files", "status", "told"),
    [
        ({"spacecraft": "nobody"}, {"a.bsp": b"x"}, 400, "no spacecraft 'nobody'"),
        ({"kind": "poem"}, {"a.bsp": b"x"}, 400, "kind"),
        ({"colour": "red"}, {"a.bsp": b"x"}, 400, "Extra inputs"),
        ({"stop": "2018-01-01"}, {"a.bsp": b"x"}, 400, "ends before it begins"),
        ({"start": None}, {"a.bsp": b"x"}, 400, "start or stop"),
        ({"type": "xyz"}, {"a.bsp": b"x"}, 400, "type is 'xyz'"),
        ({"label": "../x"}, {"a.bsp": b"x"}, 400, "label"),
        ({"title": "two\nlines"}, {"a.bsp": b"x"}, 422, "title"),
        ({}, {}, 422, "neither files nor data"),
        ({}, {"a.oem": b"no orbit"}, 422, ""),
        ({}, {"a.exe": b"x"}, 422, "ends in 'exe'"),
        ({}, {"../../a.bsp": b"x", "b.BSP": b"y"}, 422, "two files end in 'bsp'"),
    ],
)
def test_what_is_no_product_is_refused(
    vera: Desk, record: dict[str, Any], files: dict[str, bytes], status: int, told: str
) -> None:
    parts = [("files", (name, octets)) for name, octets in files.items()] or None
    before = vera.json("GET", "navigation/products")["rows"]
    answer = vera.now("POST", "navigation/products", data={"record": json.dumps(RECORD | record)}, files=parts)
    assert answer.status_code == status, answer.text
    assert told in answer.json()["detail"] + answer.json().get("where", "")
    assert vera.json("GET", "navigation/products")["rows"] == before
    broken = vera.now("POST", "navigation/products", data={"record": "{"})
    assert broken.status_code == 400


def test_who_may_not_publish_is_refused(vera: Desk) -> None:
    sent = {"data": {"record": json.dumps(RECORD)}, "files": [("files", ("a.bsp", b"x"))]}
    assert vera.may("view", "log.write").now("POST", "navigation/products", **sent).status_code == 403
    assert vera.may().now("GET", "navigation/products").status_code == 403
    assert vera.may("view").now("GET", "navigation/products").status_code == 200
    roles = vera.centre.installation.mission.organisation.roles
    centres = vera.centre.installation.mission.organisation.centres
    makers = {(centres[one].agency, f"{key}@{one}") for key, role in roles.items() for one in role.centres if PUBLISH in role.may}
    assert makers == {
        ("esa", "flight-dynamics@esoc"), ("esa", "kernel-producer@ess"), ("esa", "kernel-producer@rocc"),
        ("roscosmos", "ballistics@iki"), ("roscosmos", "kernel-producer@nnk"),
    }  # fmt: skip


def test_each_agency_lets_its_own_makers_publish(made: Installation) -> None:
    organisation = made.mission.organisation
    for agency, role in (("esa", "flight-dynamics"), ("roscosmos", "ballistics")):
        with still(made, agency) as centre:
            maker = Desk(centre, Identity("maker", agency, (role,), frozenset(organisation.roles[role].may), "session"))
            told = publish(maker, {"about.txt": b"x"}, kind="tracking", label=agency)
            assert (told["agency"], told["made_by"]) == (agency, "maker")
            assert [(one["user"], one["id"]) for one in maker.noted("product.published")][:1] == [("maker", told["id"])]


def test_what_the_command_line_publishes_stands_in_the_audit_trail(made: Installation, tmp_path: Path) -> None:
    MissionClock(MADE, MADE, 1.0).write(made.folder)
    (tmp_path / "about.txt").write_text("x")
    words = ["--data", str(made.folder.parent), "nav", "publish", "tracking", "tgo", "A day", str(tmp_path / "about.txt")]
    done = CliRunner().invoke(app, [*words, "--start", "2018-01-01", "--stop", "2018-01-02", "--agency", "roscosmos", "--json"])
    assert done.exit_code == 0, done.output
    with still(made, "roscosmos") as centre:
        (noted, *_) = audit.entries(centre.records, audit.Sought(action="product.published"), limit=5)
    told = json.loads(done.stdout)
    assert (noted.user, noted.agency, noted.how) == (f"{told['made_by']} (command line)", "roscosmos", "machine")
    assert json.loads(noted.details)["id"] == told["id"]


# ---- the client


@pytest.fixture(scope="module")
def url(made: Installation) -> Iterator[str]:
    with served_centre(made) as (served, _):
        make_user(made, served.url, "flora", "flight-dynamics")
        make_user(made, served.url, "otto", "observer")
        yield served.url


@pytest.fixture
def flora(url: str) -> Iterator[Client]:
    with connect(url, user="flora", password=PASSWORD) as found:
        yield found


def test_both_clients_ask_and_publish(flora: Client, url: str, orbit: tuple[bytes, Arc], tmp_path: Path) -> None:
    import asyncio

    nav, octets = flora.navigation, orbit[0]
    (tmp_path / "in.oem").write_bytes(octets)
    assert len(octets) > guard.LARGEST_BODY / 4
    big = np.random.default_rng(3).bytes(3 << 20)
    one = nav.publish("orbit", "tgo", "by paths", RECORD["start"], RECORD["stop"], files=[tmp_path / "in.oem"], label="client")
    two = nav.publish("attitude", "tgo", "3 MiB", RECORD["start"], RECORD["stop"], files={"bc": big}, label="client", type="fmp")
    assert [each["id"] for each in nav.products(limit=2)] == [two["id"], one["id"]]
    assert nav.product_file(two["id"], two["files"][0]["name"]) == big
    (path,) = nav.fetch_product(two["id"], tmp_path / "out")
    assert path.read_bytes() == big and path.name == two["files"][0]["name"]
    assert nav.product(one["id"])["data"]["centre"] == "MARS"
    assert nav.light_time("EARTH", "MARS", "2016-10-19T16:00:00")[0]["down_s"] == pytest.approx(587.341, abs=0.002)
    passes = nav.passes("tgo", "2016-10-19", "2016-10-20", stations=["malargue"])
    states = nav.states(["EARTH", "MARS"], "2016-10-19", "2016-10-20", count=3)
    events = nav.events("tgo", RECORD["start"], RECORD["stop"], kinds=["periapsis"])
    assert events["rows"] and events["known"] == one["id"]

    async def again() -> None:
        async with await connect_async(url, user="flora", password=PASSWORD) as client:
            assert isinstance(client, AsyncClient)
            assert await client.navigation.passes("tgo", "2016-10-19", "2016-10-20", stations=["malargue"]) == passes
            assert await client.navigation.states(["EARTH", "MARS"], "2016-10-19", "2016-10-20", count=3) == states
            made = await client.navigation.publish(
                "events", "tgo", "of the orbit", RECORD["start"], RECORD["stop"], data={"rows": events["rows"]}
            )
            assert (await client.navigation.product(made["id"]))["data"]["rows"] == events["rows"]

    asyncio.run(again())
    with pytest.raises(NotFoundError):
        nav.product("none")
    with pytest.raises(RequestError, match="no event of kind"):
        nav.events("tgo", RECORD["start"], RECORD["stop"], kinds=["tea"])


def test_a_file_that_arrives_damaged_is_told(flora: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = flora.navigation.publish(
        "clock", "tgo", "x", RECORD["start"], RECORD["stop"], files={"tsc": b"KPL/SCLK"}, label="damaged"
    )
    true = flora._send

    def damaging(request: Request) -> Any:
        answer = true(request)
        return (
            replace(answer, content=b"x" + answer.content[1:])
            if isinstance(answer, Answer) and "/files/" in request.path
            else answer
        )

    monkeypatch.setattr(flora, "_send", damaging)
    with pytest.raises(AnswerError, match="damaged"):
        flora.navigation.product_file(made["id"], made["files"][0]["name"])


def test_long_bodies_are_for_those_who_may_publish(url: str) -> None:
    with connect(url, user="otto", password=PASSWORD) as otto:
        assert otto.navigation.products(limit=1)
        with pytest.raises(ForbiddenError):
            otto.navigation.publish("clock", "tgo", "x", RECORD["start"], RECORD["stop"], files={"tsc": b"x"})
        with pytest.raises(RequestError, match="larger than 1048576 octets"):
            otto.navigation.publish(
                "clock", "tgo", "x", RECORD["start"], RECORD["stop"], files={"tsc": bytes(4 * PART_OCTETS + 9999)}
            )
