"""Deliveries to instrument teams out of a real recording: by rule, whole, resumed, the same octets again; data rights."""

import asyncio
import base64
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aelita.agencies import Agreement, Instrument
from aelita.api import audit, deliveries
from aelita.api.at_work import at_work
from aelita.api.centre import Centre
from aelita.api.deliveries import deliver
from aelita.archive import open_archive
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.health import Health
from aelita.services.live.installation import Installation
from aelita.services.live.serving import Context
from aelita.time import tai_ns_from_utc
from api_archive_material import still
from api_material import FRAME_OCTETS, TGO, installed
from shared import shared
from test_api_operations import Desk, reported

FRAMES = 300
BEGIN = "2023-05-24T18:55:00"


def at(made: Installation, utc: str) -> None:
    """Have the mission's clock say a time, and hardly move on."""
    starting_at(tai_ns_from_utc(utc), 0.001).write(made.folder)


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    found = installed(tmp_path, frames=FRAMES)
    at(found, BEGIN)
    return found


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with still(installed(tmp_path_factory.mktemp("empty"))) as centre:
        yield Desk(centre)


@pytest.fixture
def vera(made: Installation) -> Iterator[Desk]:
    with still(made) as centre:
        yield Desk(centre)


def more_comes(centre: Centre, frames: int) -> None:
    """Have the archive take what follows in the recording."""
    part = centre.installation.folder / "more.tm"
    part.write_bytes(shared(TGO).read_bytes()[FRAMES * FRAME_OCTETS : (FRAMES + frames) * FRAME_OCTETS])
    archive = open_archive(centre.installation.archive("esa"))
    ingest_file(archive, define(Library(), mission="exomars"), part, Summary())


def batches(desk: Desk, ident: int, after: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.json("GET", f"deliveries/{ident}/batches", params={"after": after})["items"]
    return found


def octets(desk: Desk, path: str, **headers: str) -> bytes:
    answer = desk.now("GET", path, headers=headers)
    assert answer.is_success, answer.text
    return answer.content


def rows_of(desk: Desk, ident: int) -> pl.DataFrame:
    parts = [pl.read_ipc_stream(io.BytesIO(octets(desk, one["path"]))) for one in batches(desk, ident)]
    return pl.concat(parts)


def test_every_packet_of_the_rule_is_delivered_once_whatever_comes_when(vera: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "ROWS_OF_A_BATCH", 40)
    archive = vera.centre.archive()
    commonest = archive.packets(octets=False)["apid"].value_counts(sort=True)["apid"].to_list()[:3]
    whole = vera.json("POST", "deliveries", json={"kind": "packets", "history": True})
    some = vera.json("POST", "deliveries", json={"kind": "packets", "apids": commonest, "history": True, "title": "three"})
    fresh = vera.json("POST", "deliveries", json={"kind": "packets"})
    assert (whole["rule"]["spacecraft"], whole["last"], some["title"]) == ("tgo", 0, "three")
    assert deliver(vera.centre) > 2
    assert deliver(vera.centre) == 0
    before = archive.packets()
    assert batches(vera, fresh["id"]) == []
    more_comes(vera.centre, 100)
    assert deliver(vera.centre) > 0
    after = archive.packets().sort("source", "row")
    got = rows_of(vera, whole["id"]).sort("source", "row")
    assert got.select("source", "row", "apid", "octets").equals(after.select("source", "row", "apid", "octets"))
    assert got["octets"].null_count() == 0
    chosen = after.filter(pl.col("apid").is_in(commonest))
    assert rows_of(vera, some["id"]).sort("source", "row")["row"].equals(chosen["row"])
    assert sum(one["rows"] for one in batches(vera, fresh["id"])) == len(after) - len(before)
    numbers = [one["number"] for one in batches(vera, whole["id"])]
    assert numbers == list(range(1, len(numbers) + 1)) and max(one["rows"] for one in batches(vera, whole["id"])) <= 40


def test_a_broken_line_goes_on_and_gives_the_same_octets(vera: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "ROWS_OF_A_BATCH", 40)
    ident = vera.json("POST", "deliveries", json={"kind": "packets", "history": True})["id"]
    deliver(vera.centre)
    known = batches(vera, ident)
    answer = vera.now("GET", known[0]["path"])
    assert hashlib.sha256(answer.content).hexdigest() == known[0]["digest"]
    assert (len(answer.content), answer.headers["etag"]) == (known[0]["octets"], f'"{known[0]["digest"]}"')
    assert base64.b64decode(answer.headers["repr-digest"].split(":")[1]).hex() == known[0]["digest"]
    rest = octets(vera, known[0]["path"], Range="bytes=1000-")
    assert answer.content[:1000] + rest == answer.content
    assert [one["number"] for one in batches(vera, ident, after=1)] == [one["number"] for one in known[1:]]
    page = vera.json("GET", f"deliveries/{ident}/batches", params={"limit": 1})
    assert (page["next"], page["more"]) == (1, True)
    deliver(vera.centre)
    assert octets(vera, known[0]["path"]) == answer.content
    assert vera.now("GET", f"deliveries/{ident}/batches/999").status_code == 404


@pytest.mark.parametrize("when", ["before the file", "before the record"])
def test_what_is_broken_off_is_made_once(vera: Desk, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    monkeypatch.setattr(deliveries, "ROWS_OF_A_BATCH", 40)
    ident = vera.json("POST", "deliveries", json={"kind": "packets", "history": True})["id"]
    true, calls = deliveries._written, []

    def breaks(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            if when == "before the record":
                true(*given)
            raise OSError(28, "No space left on device")
        return true(*given)

    monkeypatch.setattr(deliveries, "_written", breaks)
    deliver(vera.centre)
    assert "No space left" in vera.json("GET", f"deliveries/{ident}")["fault"]
    deliver(vera.centre)
    told = vera.json("GET", f"deliveries/{ident}")
    assert told["fault"] == ""
    assert rows_of(vera, ident)["row"].to_list() == vera.centre.archive().packets(octets=False).sort("row")["row"].to_list()


def test_parameters_are_delivered_by_patterns_of_their_names(vera: Desk) -> None:
    rule = {"kind": "parameters", "names": ["/TGO/hk_0b3*"], "format": "parquet", "history": True}
    ident = vera.json("POST", "deliveries", json=rule)["id"]
    deliver(vera.centre)
    parts = [pl.read_parquet(io.BytesIO(octets(vera, one["path"]))) for one in batches(vera, ident)]
    got = pl.concat(parts, how="diagonal_relaxed")
    archive = vera.centre.archive()
    names = [name for name in archive.parameters() if name.startswith("/TGO/hk_0b3")]
    assert set(names) <= set(got.columns) and len(names) > 1
    for name in names[:5]:
        true = archive.values(name).sort("source", "row")
        mine = got.filter(pl.col(name).is_not_null()).sort("source", "row")
        assert mine.select("source", "row")["row"].equals(true.filter(pl.col("value").is_not_null())["row"])
        assert mine[name].to_list() == true["value"].drop_nulls().to_list()


def test_schedules_go_by_the_missions_clock_and_its_contacts(made: Installation, vera: Desk) -> None:
    idents = {
        word: vera.json("POST", "deliveries", json={"kind": "packets", "history": True, "schedule": word})["id"]
        for word in ("hourly", "daily", "contact")
    }

    def seen(utc: str) -> set[str]:
        at(made, utc)
        vera.centre.clock = MissionClock.read(made.folder)
        deliver(vera.centre)
        return {word for word, ident in idents.items() if batches(vera, ident)}

    assert seen("2023-05-24T18:59:59") == set()
    assert seen("2023-05-24T19:00:00") == {"hourly"}
    reported(vera.centre, "malargue", "tgo-1", ["esa"], last="2023-05-24T19:00:00")
    assert seen("2023-05-24T19:01:29") == {"hourly"}
    assert seen("2023-05-24T19:01:31") == {"hourly", "contact"}
    assert seen("2023-05-24T23:59:59") == {"hourly", "contact"}
    assert seen("2023-05-25T00:00:00") == {"hourly", "contact", "daily"}


def test_a_pause_leaves_nothing_out(vera: Desk) -> None:
    ident = vera.json("POST", "deliveries", json={"kind": "packets", "history": True})["id"]
    paused = vera.json("PATCH", f"deliveries/{ident}", json={"paused": True, "title": "later"})
    assert (paused["rule"]["paused"], paused["title"]) == (True, "later")
    assert deliver(vera.centre) == 0 and batches(vera, ident) == []
    assert not vera.json("PATCH", f"deliveries/{ident}", json={"paused": False})["rule"]["paused"]
    deliver(vera.centre)
    assert sum(one["rows"] for one in batches(vera, ident)) == len(vera.centre.archive().packets(octets=False))
    assert vera.now("PATCH", f"deliveries/{ident + 1}", json={"paused": True}).status_code == 404


def test_old_batches_are_removed_and_that_is_told(vera: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "ROWS_OF_A_BATCH", 40)
    monkeypatch.setattr(deliveries, "MEBIOCTET", 1)
    ident = vera.json("POST", "deliveries", json={"kind": "packets", "history": True, "keep_mebioctets": 16_384})["id"]
    deliver(vera.centre)
    deliver(vera.centre)
    found = batches(vera, ident)
    assert [one["gone"] for one in found] == [True] * (len(found) - 1) + [False]
    lost = vera.now("GET", found[0]["path"])
    assert (lost.status_code, "16384 MiB are kept" in lost.json()["detail"]) == (410, True)
    told = vera.json("GET", f"deliveries/{ident}")
    assert (told["kept"], told["oldest_kept"], told["last"]) == (1, len(found), len(found))
    assert len(list(deliveries.folder_of(vera.centre, ident).iterdir())) == 1
    vera.json("DELETE", f"deliveries/{ident}")
    assert not deliveries.folder_of(vera.centre, ident).exists()
    assert vera.now("GET", f"deliveries/{ident}").status_code == 404
    assert vera.json("POST", "deliveries", json={"kind": "packets"})["id"] > ident


def test_only_the_owner_and_who_keeps_the_complex_see_a_delivery(empty: Desk) -> None:
    ident = empty.json("POST", "deliveries", json={"kind": "packets"})["id"]
    anna = empty.may("view", user="anna")
    for method, path in (("GET", ""), ("GET", "/batches"), ("GET", "/batches/1"), ("DELETE", "")):
        assert anna.now(method, f"deliveries/{ident}{path}").status_code == 404
    assert anna.json("GET", "deliveries")["items"] == []
    assert [one["id"] for one in empty.may("view", "complex.operate", user="ivan").json("GET", "deliveries")["items"]] == [ident]
    assert empty.may(user="anna").now("GET", "deliveries").status_code == 403
    empty.json("DELETE", f"deliveries/{ident}")


@pytest.mark.parametrize(
    ("rule", "status", "where"),
    [
        ({"kind": "files"}, 422, "body.kind"),
        ({"kind": "packets", "apids": [2048]}, 422, "body.apids.0"),
        ({"kind": "packets", "colour": 1}, 422, "body.colour"),
        ({"kind": "packets", "names": ["/x"]}, 400, "names"),
        ({"kind": "parameters"}, 400, "names"),
        ({"kind": "packets", "spacecraft": "moon"}, 400, "spacecraft"),
        ({"kind": "packets", "instrument": "camera"}, 400, "instrument"),
        ({"kind": "packets", "instrument": "nomad"}, 400, "apids"),
        ({"kind": "packets", "instrument": "nomad", "spacecraft": "edm", "apids": [1]}, 400, "spacecraft"),
        ({"kind": "packets", "keep_mebioctets": 0}, 422, "body.keep_mebioctets"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(empty: Desk, rule: dict[str, Any], status: int, where: str) -> None:
    answer = empty.now("POST", "deliveries", json=rule)
    assert (answer.status_code, answer.json()["where"]) == (status, where)


def test_deliveries_have_a_largest_number_and_size(empty: Desk) -> None:
    body = {"kind": "packets", "keep_mebioctets": 16_384}
    assert [empty.now("POST", "deliveries", json=body).status_code for _ in range(5)] == [201, 201, 201, 201, 409]


def under(made: Installation, centre: Centre, agreement: Agreement, *instruments: Instrument) -> None:
    """Have the mission of a centre another agreement, and know more of instruments."""
    mission = made.mission
    known = mission.organisation.instruments | {one.key: one for one in instruments}
    organisation = replace(mission.organisation, agreement=agreement, instruments=known)
    centre.installation = replace(made, mission=replace(mission, organisation=organisation))


def test_what_is_withheld_is_refused_noted_and_left_out(made: Installation) -> None:
    with still(made) as centre:
        vera, agreement = Desk(centre), made.mission.organisation.agreement
        apids = centre.archive().packets(octets=False)["apid"].value_counts(sort=True)["apid"].to_list()
        acs = replace(made.mission.organisation.instruments["acs"], apids=(apids[0], apids[2]))
        under(made, centre, agreement, acs)
        mine = vera.json("POST", "deliveries", json={"kind": "packets", "instrument": "acs", "history": True})
        deliver(centre)
        assert set(rows_of(vera, mine["id"])["apid"]) == set(acs.apids)
        all_of_it = vera.json("POST", "deliveries", json={"kind": "packets", "history": True})
        nothing = replace(agreement, gives=tuple(one for one in agreement.gives if one.kind != "products"))
        under(made, centre, nothing, acs)
        for rule in ({"instrument": "acs"}, {"apids": [apids[0]]}, {"apids": [apids[1], apids[2]]}):
            answer = vera.now("POST", "deliveries", json={"kind": "packets", **rule})
            assert (answer.status_code, "the agreement gives esa nothing of it" in answer.json()["detail"]) == (403, True)
        named = vera.now("POST", "deliveries", json={"kind": "parameters", "instrument": "acs", "names": ["/TGO/*"]})
        assert named.status_code == 403
        assert vera.now("GET", f"deliveries/{mine['id']}/batches/1").status_code == 403
        noted = [json.loads(one.details) for one in audit.entries(centre.records, audit.Sought(action="data.withheld"), limit=9)]
        assert len(noted) == 5 and "packets of acs" in {one["what"] for one in noted}
        assert (
            vera.now("POST", "deliveries", json={"kind": "packets", "instrument": "nomad", "apids": [apids[1]]}).status_code
            == 201
        )
        deliver(centre)
        got = set(rows_of(vera, all_of_it["id"])["apid"])
        assert got == set(apids) - set(acs.apids)
        assert "the agreement gives esa nothing" in vera.json("GET", f"deliveries/{mine['id']}")["fault"]
        listed = vera.json("GET", "packets", params={"limit": 10_000})["items"]
        assert {one["apid"] for one in listed} == got
        assert vera.now("GET", "packets", params={"apid": apids[0]}).status_code == 403
        one = centre.archive().packets(apid=apids[0], octets=False).row(0, named=True)
        assert vera.now("GET", f"packets/{one['source']}/{one['row']}").status_code == 403
        assert len(vera.noted("data.withheld")) == 7
        shown = next(one for one in vera.json("GET", "agencies")["instruments"] if one["key"] == "acs")
        assert shown["may_have"] is False


def test_the_centre_delivers_by_itself_and_who_waits_is_answered(made: Installation) -> None:
    async def story(vera: Desk) -> None:
        health = Health("api", "esa")
        context = Context(vera.centre.installation, "esa", vera.centre.clock, health)
        ident = (await vera.told("POST", "deliveries", json={"kind": "packets", "history": True}))["id"]
        waiting = asyncio.create_task(vera.told("GET", f"deliveries/{ident}/batches", params={"wait_s": 30}))
        async with at_work(vera.centre, context):
            assert [one["number"] for one in (await waiting)["items"]] == [1]
        assert health.faults == {}
        none = await vera.told("GET", f"deliveries/{ident}/batches", params={"after": 1, "wait_s": 0.1})
        assert (none["items"], none["next"]) == ([], 1)

    with still(made) as centre:
        asyncio.run(story(Desk(centre)))
