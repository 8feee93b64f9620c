"""The severity of latest values: what the limits of the database say of them, and what is told live."""

from collections.abc import Iterator

import pytest

from aelita.api.centre import Centre
from aelita.mdb import Severity
from aelita.services import Library, Summary, define, ingest_file
from api_archive_material import Asking, still
from api_material import installed
from shared import shared
from test_api_archive import TGO
from test_api_database import newer


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("centre")
    database = folder / "tgo.xml"
    database.write_text(newer(), "utf-8")
    part = folder / "part.tm"
    part.write_bytes(shared(TGO).read_bytes()[: 300 * 1115])
    with still(installed(folder)) as centre:
        ingest_file(centre.archive(), define(Library(), mission="exomars", mdb=[database]), part, Summary())
        yield centre


@pytest.fixture
def ask(centre: Centre) -> Asking:
    return Asking(centre)


def expected(last: float) -> int:
    """Return the severity of a value by the limits of `newer` that hold for APID 179, in whose packets the attitude comes."""
    return int(not 0 <= last <= 0.5) * int(Severity.WATCH)


def test_the_latest_values_carry_the_severity_of_their_limits(ask: Asking) -> None:
    latest = {one["parameter"]: one for one in ask.all("latest")}
    for place in range(4):
        name = f"/TGO/attitude_{place}"
        values = [one["value"] for one in ask.all("values", parameters=name, limit=1000)]
        assert latest[name]["severity"] == expected(values[-1]), name
    assert {latest[f"/TGO/attitude_{place}"]["severity"] for place in range(4)} == {0, int(Severity.WATCH)}
    last = {one["parameter"]: one["after"] for one in ask.all("limits")}
    assert {name: one["severity"] for name, one in latest.items() if one["severity"]} == {k: v for k, v in last.items() if v}


def test_what_is_told_live_counts_before_what_is_archived(centre: Centre, ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {("tgo", "/TGO/attitude_0"): 4, ("tgo", "/TGO/attitude_2"): 0}
    monkeypatch.setattr(type(centre.feed.parameters), "severity", lambda _, *key: told.get(key))
    latest = {one["parameter"]: one["severity"] for one in ask.all("latest", search="attitude")}
    assert (latest["/TGO/attitude_0"], latest["/TGO/attitude_2"]) == (4, 0)
