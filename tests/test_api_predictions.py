"""Pointing and carriers through the interface and both clients, from an orbit that was published; bounds and refusals."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aelita.api.client import AsyncClient, Client, RequestError, connect, connect_async
from aelita.ephemeris import pointing
from aelita.services import predictions
from aelita.services.live.installation import Installation
from aelita.time import SECOND, tai_ns_from_utc
from api_archive_material import still
from api_material import installed
from client_material import PASSWORD, make_user, served_centre
from test_api_navigation import orbit, publish
from test_api_operations import Desk

SPAN = {"start": "2019-11-12T21:00:00", "stop": "2019-11-13T08:00:00"}
TGO = {"spacecraft": "tgo", "station": "goldstone", **SPAN, "step_s": 120}
MARS = {"spacecraft": "MARS", "station": "malargue", "start": "2016-10-19", "stop": "2016-10-20", "step_s": 600}

__all__ = ["orbit"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return installed(tmp_path_factory.mktemp("predictions"))


@pytest.fixture(scope="module")
def vera(made: Installation) -> Iterator[Desk]:
    with still(made) as centre:
        yield Desk(centre)


def test_stations_are_pointed_along_the_orbit_that_was_published(vera: Desk, orbit: tuple[bytes, Any]) -> None:
    product = publish(vera, {"arc.oem": orbit[0]}, label="pointing")
    told = vera.json("GET", "navigation/pointing", params=TGO)
    assert told["known"] == product["id"] and told["uplink"] is False and 200 < told["refractivity"] < 350
    assert [one["number"] for one in told["passes"]] == sorted(set(told["pass_number"]))
    count = len(told["utc"])
    assert all(
        len(column) == count
        for column in told.values()
        if isinstance(column, list) and column[1:] and column is not told["passes"]
    )
    sky = vera.app.app.state.navigation.sky
    asked = predictions.AskedPasses("tgo", "goldstone", tai_ns_from_utc(SPAN["start"]), tai_ns_from_utc(SPAN["stop"]), 120.0)
    passes = predictions.predict_pointing(sky, asked).passes
    at = np.array([tai_ns_from_utc(one[:-1]) for one in told["utc"]])
    course = passes.spans[0][0]
    look = pointing(passes.site, course, at)
    assert told["azimuth_deg"] == pytest.approx(look.azimuth_deg.tolist(), abs=1e-9) and any(told["hidden"])
    up = vera.json("GET", "navigation/pointing", params={**TGO, "uplink": "true"})
    assert up["uplink"] and up["utc"][-1] != told["utc"][-1]


def test_carriers_come_two_three_and_one_ways(vera: Desk, orbit: tuple[bytes, Any]) -> None:
    publish(vera, {"arc.oem": orbit[0]}, label="carriers")
    two = vera.json("GET", "navigation/doppler", params={**TGO, "uplink_hz": "7.18e9"})
    assert (two["ways"], two["transmitter"]) == (2, "goldstone") and set(two["sent_hz"]) == {7.18e9}
    nominal = 880 / 749 * 7.18e9
    assert two["shift_hz"] == pytest.approx([one - nominal for one in two["received_hz"]], abs=1e-3)
    back = [
        (tai_ns_from_utc(heard[:-1]) - tai_ns_from_utc(sent[:-1])) / SECOND
        for heard, sent in zip(two["utc"], two["sent"], strict=True)
    ]
    assert two["round_trip_s"] == pytest.approx(back, abs=1e-8)
    one = vera.json("GET", "navigation/doppler", params={**TGO, "downlink_hz": "8.4e9", "count_s": 10})
    assert (one["ways"], one["transmitter"], one["count_s"]) == (1, "", 10.0) and set(one["sent"]) == {None}
    assert len(one["utc"]) >= len(two["utc"]) > 40 and not one["remarks"]
    three = vera.json("GET", "navigation/doppler", params={**TGO, "transmitter": "malargue"})
    assert three["ways"] == 3 and len(three["utc"]) <= len(two["utc"])


@pytest.mark.parametrize(
    ("path", "query", "status", "told"),
    [
        ("pointing", {"station": "nowhere"}, 400, "no station 'nowhere'"),
        ("pointing", {"spacecraft": "VULCAN"}, 400, "VULCAN"),
        ("pointing", {"spacecraft": "EARTH"}, 400, "Earth"),
        ("pointing", {"spacecraft": "edm"}, 400, "known for no time"),
        ("pointing", {"stop": "2026-10-19"}, 400, "at once"),
        ("pointing", {"stop": "2016-10-18"}, 400, "not after the start"),
        ("pointing", {"step_s": 1}, 400, "longer step"),
        ("pointing", {"step_s": 0}, 422, ""),
        ("pointing", {"step_s": "nan"}, 422, ""),
        ("doppler", {"uplink_hz": "-1"}, 400, "hertz"),
        ("doppler", {"uplink_hz": "nan"}, 400, "hertz"),
        ("doppler", {"uplink_hz": "7167.5"}, 400, "hertz"),
        ("doppler", {"downlink_hz": "0"}, 400, "hertz"),
        ("doppler", {"downlink_hz": "8.4e9", "transmitter": "cebreros"}, 400, "one way"),
        ("doppler", {"transmitter": "nowhere"}, 400, "nowhere"),
        ("doppler", {"ratio": "1/0"}, 400, "turnaround"),
        ("doppler", {"ratio": "1e99999999"}, 400, "turnaround"),  # a number of a hundred million digits
        ("doppler", {"ratio": "9" * 41}, 422, ""),
        ("doppler", {"count_s": 0}, 422, ""),
        ("doppler", {"step_s": 2}, 400, "longer step"),
    ],
)
def test_what_is_asked_wrongly_is_told(vera: Desk, path: str, query: dict[str, Any], status: int, told: str) -> None:
    answer = vera.now("GET", f"navigation/{path}", params={**MARS, **query})
    assert answer.status_code == status, answer.text
    assert told in answer.text


def test_predictions_need_the_permission_to_view(vera: Desk) -> None:
    for path in ("pointing", "doppler"):
        assert vera.may().now("GET", f"navigation/{path}", params=MARS).status_code == 403


def test_both_clients_ask(tmp_path: Path) -> None:
    site = installed(tmp_path)
    with served_centre(site) as (served, _):
        url = served.url
        make_user(site, url, "flora", "observer")
        with connect(url, user="flora", password=PASSWORD) as client:
            assert isinstance(client, Client)
            points = client.navigation.pointing("MARS", "malargue", "2016-10-19", "2016-10-20", step_s=600)
            waves = client.navigation.doppler("MARS", "malargue", "2016-10-19", "2016-10-20", step_s=600, uplink_hz=7.2e9)
            assert max(points["elevation_deg"]) == pytest.approx(78.9, abs=0.5)  # the facts of the day of arrival
            assert waves["ways"] == 2 and len(waves["received_hz"]) == len(waves["utc"]) > 30
            with pytest.raises(RequestError, match="hertz"):
                client.navigation.doppler("MARS", "malargue", "2016-10-19", "2016-10-20", uplink_hz=-1.0)

        async def again() -> None:
            async with await connect_async(url, user="flora", password=PASSWORD) as client:
                assert isinstance(client, AsyncClient)
                nav = client.navigation
                assert await nav.pointing("MARS", "malargue", "2016-10-19", "2016-10-20", step_s=600) == points
                told = await nav.doppler("MARS", "malargue", "2016-10-19", "2016-10-20", step_s=600, downlink_hz=8.4e9)
                assert told["ways"] == 1 and told["sent_hz"][0] is None

        asyncio.run(again())
