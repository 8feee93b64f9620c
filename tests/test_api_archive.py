"""The archive through the interface, against the real recordings of three spacecraft and decoders that are not ours."""

import asyncio
import io
import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.api.centre import Centre
from aelita.api.identity import NOBODY
from aelita.api.samples import unpacked
from aelita.api.warming import warm
from aelita.services import Library, Summary, define, find_mission, ingest_file
from aelita.time import tai_ns_from_utc
from api_archive_material import PREFIX, Asking, still
from api_material import client_of, installed
from shared import shared

TGO = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
OTHERS = {
    "hera": "data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8",
    "mars2020": "data/telemetry/mars2020/mars2020_frames.u8",
}
START, STOP = "2023-05-24T18:55:00Z", "2023-05-24T19:05:00Z"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with still(installed(tmp_path_factory.mktemp("centre"), frames=3295)) as centre:
        for mission, recording in OTHERS.items():
            ingest_file(centre.archive(), define(Library(), mission=mission), shared(recording), Summary())
        yield centre


@pytest.fixture(scope="module")
def ask(centre: Centre) -> Asking:
    return Asking(centre)


def arrow(octets: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(octets))


# Parameters and values


def test_parameters_are_found_by_words_those_in_names_first(ask: Asking) -> None:
    found = ask.all("parameters", search="attitude", limit=7)
    assert [one["name"] for one in found[:4]] == [f"/TGO/attitude_{i}" for i in range(4)]
    assert any("attitude" in one["description"].casefold() and "attitude" not in one["name"].casefold() for one in found[4:])
    assert ask.json("parameters", search="QUATERNION attitude_2")["items"][0]["name"] == "/TGO/attitude_2"
    assert ask.json("parameters", search="attitude zebra") == {"items": [], "next": None}
    assert {one["container"] for one in ask.all("parameters", container="Attitude")} >= {"/TGO/Attitude"}


def test_pages_hold_every_parameter_once(ask: Asking) -> None:
    names = [one["name"] for one in ask.all("parameters", limit=90)]
    assert len(names) == len(set(names)) == 497
    assert names == [one["name"] for one in ask.json("parameters", limit=10_000)["items"]]


def test_a_definition_says_where_the_published_bits_are(ask: Asking) -> None:
    found = ask.json("parameters//TGO/attitude_0")
    assert found == ask.json("parameters/TGO/attitude_0") == ask.json("parameters/attitude_0")
    places = {one["container"]: [(field["octet"], field["bits"]) for field in one["fields"]] for one in found["containers"]}
    assert places == {"/TGO/Attitude": [(42, 32)], "/TGO/AttitudeAndDirections": [(54, 32)]}
    assert (found["type"]["kind"], found["type"]["encoding"], found["database"]) == ("Float", "32 bits, IEEE754_1985", 1)


def test_values_are_the_published_ones(ask: Asking) -> None:
    first = ask.json("values", parameters="attitude_0,attitude_1,attitude_2,attitude_3", limit=4)["items"]
    assert [one["value"] for one in first] == pytest.approx([0.1174881, -0.0232931, -0.3661298, 0.9228234], abs=5e-8)
    assert {one["utc"][:21] for one in first} == {"2023-05-24T18:54:49.8"}
    assert len(ask.all("values", parameters="attitude_0", limit=100)) == 281 + 94


def test_all_forms_of_a_table_are_the_same(ask: Asking) -> None:
    asked = {"parameters": "attitude_0,on_board_time,structure_id", "raw": "both", "start": START, "stop": STOP}
    table = arrow(ask.octets("values", **asked, format="arrow"))
    assert table.columns[:7] == ["utc", "generated", "source", "row", "quality", "database", "/TGO/attitude_0"]
    assert table.columns[7] == "/TGO/attitude_0#raw"
    assert table.schema["utc"] == pl.Datetime("ns")
    assert pl.read_parquet(io.BytesIO(ask.octets("values", **asked, format="parquet"))).equals(table)
    text = pl.read_csv(io.BytesIO(ask.octets("values", **asked, format="csv")), infer_schema_length=None)
    assert text["/TGO/attitude_0"].cast(pl.Float32).equals(table["/TGO/attitude_0"])
    assert text["utc"].str.len_bytes().unique().to_list() == [30]
    names = [f"/TGO/{name}" for name in asked["parameters"].split(",")]
    items = ask.all("values", **asked, limit=1000)
    assert [(one["source"], one["row"], one["parameter"]) for one in items] == [
        (row["source"], row["row"], name) for row in table.iter_rows(named=True) for name in names if row[name] is not None
    ]
    held = {(one["row"], one["parameter"]): one for one in items}
    for row in table.iter_rows(named=True):
        for name in names:
            if row[name] is not None:
                one = held[row["row"], name]
                assert (one["value"], one["raw"]) == pytest.approx((row[name], row[f"{name}#raw"]), rel=1e-7)


def test_ranges_take_their_start_and_not_their_stop(ask: Asking) -> None:
    times = [one["utc"] for one in ask.all("values", parameters="attitude_0", limit=5000)]
    middle = [one["utc"] for one in ask.all("values", parameters="attitude_0", start=times[10], stop=times[20])]
    assert middle == times[10:20]
    assert ask.json("values", parameters="attitude_0", start=times[3], stop=times[3])["items"] == []
    offset = times[10].replace("T18:", "T20:").replace("Z", "+02:00")
    assert ask.json("values", parameters="attitude_0", start=offset, limit=1)["items"][0]["utc"] == times[10]
    assert ask.json("values", parameters="attitude_0", start="0001-01-01T00:00:00Z", limit=1)["items"][0]["utc"] == times[0]
    assert ask.json("values", parameters="attitude_0", start="2023-144T18:54:49", limit=1)["items"][0]["utc"] == times[0]


def test_the_latest_value_is_the_last_of_the_history(ask: Asking) -> None:
    (latest,) = ask.json("latest", search="attitude_3")["items"]
    last = ask.all("values", parameters="attitude_3", limit=5000)[-1]
    assert (latest["value"], latest["utc"], latest["row"]) == (last["value"], last["utc"], last["row"])
    assert latest["spacecraft"] == "tgo"


# Plots


def folded(ask: Asking, **asked: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    return unpacked(ask.octets("samples", **asked))


@pytest.mark.parametrize("count", [1, 7, 100, 600, 10_000])
def test_plots_hold_exactly_the_samples_of_the_range(ask: Asking, centre: Centre, count: int) -> None:
    rows = centre.archive().values("/TGO/attitude_1", tai_ns_from_utc(START[:-1]), tai_ns_from_utc(STOP[:-1]))
    values, utc = rows["value"].to_numpy().astype(float), rows["utc"].to_numpy().astype("datetime64[ns]").astype(np.int64) / 1e6
    header, t, series = folded(ask, parameters="attitude_1,on_board_time", start=START, stop=STOP, count=count)
    one = series["/TGO/attitude_1"]
    assert (header["buckets"], list(series)) == (len(t), ["/TGO/attitude_1", "/TGO/on_board_time"])
    assert len(t) <= count + 1
    assert one["count"].sum() == len(values) == header["series"][0]["samples"]
    at = np.searchsorted(t, utc, side="right") - 1
    for bucket in np.unique(at):
        inside = values[at == bucket]
        assert one["count"][bucket] == inside.size
        assert (one["min"][bucket], one["max"][bucket]) == (inside.min(), inside.max())
        assert one["mean"][bucket] == pytest.approx(inside.mean(), abs=1e-12)


def test_a_line_goes_on_between_samples_and_ends_at_gaps(ask: Asking) -> None:
    _, _, series = folded(ask, parameters="attitude_1", start=START, stop="2023-05-24T18:57:00Z", count=2000)
    one = series["/TGO/attitude_1"]
    first, last = np.flatnonzero(one["count"])[[0, -1]]
    assert (one["count"] == 0).sum() > 1000
    assert not np.isnan(one["mean"][first : last + 1]).any()
    assert np.isnan(one["mean"][:first]).all() and np.isnan(one["mean"][last + 1 :]).all()


def test_plots_of_raw_values_and_of_nothing(ask: Asking) -> None:
    header, _, series = folded(ask, parameters="structure_id", raw=True)
    assert header["raw"] and series["/TGO/structure_id"]["count"].sum() == 1097 + 140
    header, t, series = folded(ask, parameters="attitude_0", start="2025-01-01T00:00:00Z", stop="2026-01-01T00:00:00Z")
    assert (header["buckets"], t.size, series["/TGO/attitude_0"]["min"].size) == (0, 0, 0)
    table = arrow(ask.octets("samples", parameters="attitude_0", format="arrow"))
    assert table.columns == ["t", *(f"/TGO/attitude_0.{name}" for name in ("min", "max", "mean", "count"))]


# Packets and frames


def test_every_packet_of_the_recording_is_listed_once(ask: Asking) -> None:
    table = arrow(ask.octets("packets", format="arrow"))
    assert len(table) == 6215
    assert Counter(table["apid"].to_list())[0] == 56
    pages = ask.all("packets", limit=2000)
    assert [(one["source"], one["row"]) for one in pages] == table.select("source", "row").rows()
    assert all(a["utc"] <= b["utc"] for a, b in pairwise(pages))
    backwards = ask.all("packets", limit=2000, order="desc")
    assert backwards == pages[::-1]
    some = ask.all("packets", apid=179, start=START, stop=STOP)
    assert some == [one for one in pages if one["apid"] == 179 and START[:-1] <= one["utc"] < STOP[:-1]]
    assert ask.json("packets", bad=True)["items"] == []


def test_fields_are_those_of_another_decoder_and_lie_at_their_bits(ask: Asking) -> None:
    definition = XtcePacketDefinition.from_xtce(find_mission("exomars").spacecraft_of().databases[0])
    seen = set()
    for listed in ask.json("packets", limit=1500)["items"]:
        kind = listed["apid"], listed["length"]
        if kind in seen:
            continue
        seen.add(kind)
        found = ask.json(f"packets/{listed['source']}/{listed['row']}")
        octets = bytes.fromhex(found["octets"])
        truth = definition.parse_bytes(octets)
        assert [one["name"].removeprefix("/TGO/") for one in found["fields"]] == list(truth)
        word = int.from_bytes(octets)
        for one in found["fields"]:
            value = truth[one["name"].removeprefix("/TGO/")]
            assert one["good"]
            if isinstance(value, bytes):
                assert one["value"] == value.hex()
            elif isinstance(value, float):
                assert one["value"] == pytest.approx(float(value), rel=1e-6, abs=1e-12) or math.isnan(value)
            else:
                assert one["value"] == value
            if one["type"] == "Integer":
                bits = word >> (8 * len(octets) - one["bit_offset"] - one["bits"]) & ((1 << one["bits"]) - 1)
                assert one["raw"] == bits
        last = found["fields"][-1]
        assert last["bit_offset"] + last["bits"] == 8 * len(octets)
    assert len(seen) > 30


def test_frames_are_those_of_the_recording(ask: Asking) -> None:
    octets = shared(TGO).read_bytes()
    recorded = [octets[at : at + 1115] for at in range(0, len(octets), 1115)]
    listed = ask.all("frames", limit=3000, octets=True)
    assert [bytes.fromhex(one["octets"]) for one in listed] == recorded
    assert Counter(one["virtual_channel"] for one in listed) == {0: 1796, 7: 1499}
    found = ask.json("frames/1/1")
    fields = {one["name"]: one["value"] for one in found["fields"]}
    assert (fields["spacecraft id"], fields["virtual channel id"], found["protocol"]) == (0x28F, 0, "TM")
    assert fields["frame error control field"] == int.from_bytes(recorded[1][-2:])
    assert [one["row"] for one in found["packets"]][:1] == [0]
    packet = ask.json("packets/1/0")
    assert packet["frame"] == 1 and packet["octets"] in found["octets"]


def test_what_is_in_quarantine_is_told_with_its_reason(ask: Asking) -> None:
    bad = ask.json("frames", spacecraft="mars-2020", bad=True)["items"]
    assert [one["number"] for one in bad] == [927, 928, 929, 949]
    assert {one["reason"] for one in bad} == {"frame error control field"}
    held = ask.all("quarantine", spacecraft="mars-2020", search="FRAME error")
    assert [one["position"] for one in held] == [1115 * number for number in (927, 928, 929, 949)]
    whole = ask.json(f"quarantine/{held[0]['source']}/{held[0]['position']}")
    recording = shared(OTHERS["mars2020"]).read_bytes()
    assert bytes.fromhex(whole["octets"]) == recording[1115 * 927 : 1115 * 928]
    assert whole["octets"].startswith(held[0]["octets"])
    frame = ask.json(f"frames/{held[0]['source']}/927")
    assert frame["octets"] == whole["octets"]


# History


def test_events_are_the_1626_of_the_recording(ask: Asking) -> None:
    found = ask.all("events", limit=1000)
    assert len(found) == 1626
    assert {one["level"] for one in found} == {"information"}
    assert found[::-1] == ask.all("events", limit=700, order="desc")
    one = found[3]
    assert one in ask.json("events", search=one["name"].upper(), limit=10)["items"]
    assert ask.json("events", severity=2)["items"] == []
    assert len(arrow(ask.octets("events", format="arrow", limit=50))) == 50


def test_completeness_is_that_of_each_spacecraft_alone(ask: Asking) -> None:
    found = ask.json("completeness")
    whole = {one["virtual_channel"]: one for one in found["channels"] if one["source"] is None}
    assert {channel: one["frames"] for channel, one in whole.items()} == {0: 1796, 7: 1499}
    assert (found["gaps_total"], found["missing_total"]) == (0, 0)
    rover = ask.json("completeness", spacecraft="mars-2020")
    assert sum(one["lost"] for one in rover["gaps"]) == 17 and rover["gaps_total"] == 6
    assert {one["apid"]: one["packets"] for one in rover["packets"] if one["source"] is None} == {9: 58, 247: 14}


def test_another_spacecraft_is_asked_for_by_its_key(ask: Asking) -> None:
    assert [one["spacecraft"] for one in ask.json("sources")["items"]] == ["tgo"]
    assert [one["spacecraft"] for one in ask.json("sources", spacecraft="*")["items"]] == ["tgo", "hera", "mars-2020"]
    hera = ask.all("packets", spacecraft="hera", limit=200)
    assert {one["spacecraft"] for one in hera} == {"hera"} and len(hera) >= 250
    assert all(one["name"].startswith("/Hera") for one in ask.all("parameters", spacecraft="hera"))
    everything = ask.all("parameters", spacecraft="*", limit=1000)
    assert {one["spacecraft"] for one in everything} == {"tgo", "tgo-sim", "hera", "mars-2020"}
    name = next(one["name"] for one in everything if one["spacecraft"] == "hera" and one["archived"])
    values = ask.json("values", parameters=name, limit=3)["items"]
    assert values and values == ask.json("values", parameters=name, limit=3, spacecraft="hera")["items"]
    assert ask.json("values", parameters=name, spacecraft="tgo")["items"] == []
    assert ask.json(f"parameters{name}")["spacecraft"] == "hera"
    assert {one["spacecraft"] for one in ask.all("latest", spacecraft="hera")} == {"hera"}


# What is refused


@pytest.mark.parametrize(
    ("path", "query", "status", "said"),
    [
        ("parameters/attitud_0", {}, 404, "/TGO/attitude_0"),
        ("values", {"parameters": "attitud_0"}, 404, "attitude_0"),
        ("samples", {"parameters": "/TGO/nothing"}, 404, "there is no parameter /TGO/nothing"),
        ("packets", {"spacecraft": "tgx"}, 404, "tgo"),
        ("packets/1/999999", {}, 404, "no packet"),
        ("packets/77/0", {}, 404, "no packet"),
        ("parameters/one%0Aof%20two%20lines", {}, 404, ""),
        ("nothing/of/the/kind", {}, 404, ""),
        ("frames/1/999999", {}, 404, "no frame"),
        ("quarantine/1/0", {}, 404, "nothing"),
        ("completeness", {"source": 99}, 404, "no source"),
        ("values", {"parameters": "attitude_0", "start": STOP, "stop": START}, 400, "before it begins"),
        ("samples", {"parameters": "attitude_0", "start": STOP, "stop": START}, 400, "before it begins"),
        ("samples", {"parameters": "hk_013_06_unknown_20"}, 400, "no number"),
        ("packets", {"start": "yesterday"}, 422, "not a time"),
        ("packets", {"limit": 0}, 422, ""),
        ("packets", {"limit": 10_001}, 422, ""),
        ("packets", {"apid": 1 << 70}, 422, ""),
        ("packets", {"after": "zz"}, 404, "page"),
        ("packets", {"after": "WzEsMV0"}, 404, "page"),
        ("samples", {"parameters": "attitude_0", "count": 0}, 422, ""),
        ("values", {}, 422, ""),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    ask: Asking, path: str, query: dict[str, Any], status: int, said: str
) -> None:
    got, detail = ask.problem(path, **query)
    assert got == status
    assert said in detail


def test_many_ask_at_once_and_get_what_one_gets(centre: Centre) -> None:
    ask = Asking(centre)
    paths = [
        "packets?limit=50",
        "samples?parameters=attitude_0",
        "values?parameters=attitude_1&limit=40",
        "latest",
        "packets/1/7",
    ] * 6

    async def all_at_once() -> list[bytes]:
        async with client_of(ask.app) as client:
            answers = await asyncio.gather(*(client.get(f"{PREFIX}/{path}") for path in paths))
        return [answer.content for answer in answers]

    alone = {path: ask.octets(path) for path in dict.fromkeys(paths)}
    assert asyncio.run(all_at_once()) == [alone[path] for path in paths]


def test_what_is_asked_first_can_be_loaded_before(centre: Centre) -> None:
    warm(centre)
    assert Asking(centre).json("packets/1/0")["container"] == "/TGO/Attitude"


def test_nobody_and_who_may_not_see_get_nothing(centre: Centre) -> None:
    paths = ["parameters", "values?parameters=attitude_0", "packets/1/0", "samples?parameters=attitude_0", "database", "events"]
    stranger = Asking(centre, NOBODY)
    assert {stranger.problem(path)[0] for path in paths} == {401}
    writer = Asking(centre)
    writer.app = writer.app.with_may("log.write")
    assert {writer.problem(path)[0] for path in paths} == {403}


def test_a_centre_without_an_archive_says_so(tmp_path: Path) -> None:
    made = installed(tmp_path)
    with still(made, "roscosmos") as centre:
        ask = Asking(centre)
        status, detail = ask.problem("packets")
        assert (status, detail) == (503, "nothing is archived yet")
        assert ask.json("parameters", search="attitude_0")["items"][0]["archived"] is False
        assert ask.json("parameters/attitude_0")["database"] == 0
