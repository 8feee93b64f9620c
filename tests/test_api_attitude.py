"""Predicted attitudes through the interface: an orbit that was published, laws, bounds, both clients."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from aelita.api.client import RequestError, connect, connect_async
from aelita.dynamics import matrices_of
from aelita.ephemeris import state
from aelita.ndm import write
from aelita.services.live.installation import Installation
from aelita.services.navigation.orbit_files import Arc, oem_of
from aelita.time import tai_ns_from_utc
from api_archive_material import still
from api_material import installed
from client_material import PASSWORD, make_user, served_centre
from orbit_material import tgo
from test_api_navigation import publish
from test_api_operations import Desk

START, STOP = "2019-11-12T20:11:00Z", "2019-11-12T21:11:00Z"


@pytest.fixture(scope="module")
def orbit() -> tuple[bytes, Arc]:
    """Seventy minutes of ESOC's orbit of TGO, a minute apart, as OEM."""
    arc = Arc("TGO", "MARS", *tgo("em16_tgo_fsp_116_01_20191111_20200425_v02"), "2016-017A")
    return write(oem_of((arc,), made_at=int(arc.epochs[0])), "kvn", where="x"), arc


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return installed(tmp_path_factory.mktemp("attitude"))


@pytest.fixture(scope="module")
def vera(made: Installation) -> Iterator[Desk]:
    with still(made) as centre:
        yield Desk(centre)


def asked(desk: Desk, **query: Any) -> dict[str, Any]:
    told: dict[str, Any] = desk.json(
        "GET", "navigation/attitude", params={"spacecraft": "tgo", "start": START, "stop": STOP, **query}
    )
    return told


def test_an_attitude_follows_the_orbit_that_is_published(vera: Desk, orbit: tuple[bytes, Arc]) -> None:
    made = publish(vera, {"arc.oem": orbit[0]})
    told = asked(vera, step_s=300)
    assert told["known"] == made["id"] and (told["frame"], told["structure"]) == ("J2000", -143000) and len(told["rows"]) == 13
    assert {one["law"] for one in told["rows"]} == {"nadir"} and "TGO_MARS_NPO" in told["remarks"][0]
    arc = orbit[1]
    at = np.array([tai_ns_from_utc(one["at"][:-1]) for one in told["rows"]])
    place = np.array([np.interp(at, arc.epochs, arc.states[:, n]) for n in range(3)]).T  # a minute apart: some km off
    body = np.einsum("nij,nj->ni", matrices_of(np.array([one["quaternion"] for one in told["rows"]])), -place)
    down = body / np.linalg.norm(body, axis=1, keepdims=True)
    assert (
        np.degrees(np.arccos(np.clip(-down[:, 1], -1, 1))).max() < 0.02
        and max(one["off_nadir_deg"] for one in told["rows"]) < 1e-6
    )
    sun = np.einsum(
        "nij,nj->ni", matrices_of(np.array([one["quaternion"] for one in told["rows"]])), state("SUN", "MARS", at)[:, :3]
    )
    assert np.abs(sun[:, 2] / np.linalg.norm(sun, axis=1)).max() < 1e-4  # the Sun is across the arrays' axis
    assert [one["earth_antenna_deg"] for one in asked(vera, law="earth", step_s=300)["rows"]] == pytest.approx(
        [0.0] * 13, abs=1e-6
    )


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"step_s": 1}, 400, "3,601 attitudes at once"),
        ({"step_s": 0}, 422, ""),
        ({"step_s": "nan"}, 422, ""),
        ({"law": "moon"}, 400, "no pointing law"),
        ({"law": "../x"}, 422, ""),
        ({"stop": START}, 400, "not after the start"),
        ({"stop": "2019-11-14"}, 400, "not known for all of"),
        ({"stop": "2021-11-14"}, 400, "at once"),
        ({"spacecraft": "edm"}, 400, "does not tell how edm points"),
        ({"spacecraft": "nobody"}, 400, "no spacecraft"),
        ({"start": "2016-05-01", "stop": "2016-05-02", "step_s": 600}, 400, "not known"),
    ],
)
def test_what_is_asked_wrongly_is_told(vera: Desk, query: dict[str, Any], status: int, told: str) -> None:
    answer = vera.now("GET", "navigation/attitude", params={"spacecraft": "tgo", "start": START, "stop": STOP, **query})
    assert answer.status_code == status and told in answer.text, answer.text


def test_both_clients_ask(made: Installation, vera: Desk, orbit: tuple[bytes, Arc]) -> None:
    publish(vera, {"arc.oem": orbit[0]})
    with served_centre(made) as (served, _):
        make_user(made, served.url, "otto", "observer")

        async def again() -> Any:
            async with await connect_async(served.url, user="otto", password=PASSWORD) as client:
                return await client.navigation.attitude("tgo", START, STOP, step_s=450, law="sun")

        with connect(served.url, user="otto", password=PASSWORD) as client:
            told = client.navigation.attitude("tgo", START, STOP, step_s=450, law="sun")
            assert len(told["rows"]) == 9 and told["rows"][0]["sun_aspect_deg"] < 1e-6
            assert told == asyncio.run(again())
            with pytest.raises(RequestError, match="no pointing law"):
                client.navigation.attitude("tgo", START, STOP, law="moon")
