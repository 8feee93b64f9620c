"""Recordings through the whole chain into an archive and out of it again."""

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import aelita
from aelita.archive import Archive, check
from aelita.archive.tables import Table
from aelita.errors import AelitaError, ArchiveError, UsageError
from aelita.services import Library, Summary, define, ingest_file, open_with_library
from aelita.services.ingestion import digest_of, pieces_of
from archive_material import contents
from shared import shared
from test_tgo_attitude import worst_deg

TGO = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
SMALL = 1 << 20
JSON_KEYS = {
    "frames": {"read", "good", "bad", "bad_reasons", "gaps", "lost", "by_virtual_channel"},
    "packets": {"total", "idle", "by_apid", "checksum_good", "checksum_bad", "incomplete"},
    "parameters": {"samples", "by_container"},
    "quarantined": {"octets", "reasons"},
}


def taken(folder: Path, recording: Path, piece_octets: int = SMALL, **names: str) -> tuple[Archive, Summary]:
    """Ingest one recording and return the archive and what was counted."""
    store, library = open_with_library(folder, create=True)
    summary = Summary()
    ingest_file(store, define(library, **names), recording, summary, piece_octets=piece_octets)  # type: ignore[arg-type]
    return store, summary


@pytest.fixture(scope="module")
def tgo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Summary]:
    return taken(tmp_path_factory.mktemp("tgo") / "archive", shared(TGO), mission="exomars")


def test_the_counts_are_those_of_the_recording(tgo: tuple[Archive, Summary]) -> None:
    counts = tgo[1].as_json()
    assert {part: set(keys) for part, keys in counts.items()} == JSON_KEYS
    assert counts["frames"] == {
        "read": 3295, "good": 3295, "bad": 0, "bad_reasons": {}, "gaps": 0, "lost": 0, "by_virtual_channel": {"0": 1796, "7": 1499},
    }  # fmt: skip
    packets = counts["packets"]
    assert (packets["total"], packets["idle"], packets["by_apid"]["2047"]) == (114_298, 108_083, 108_083)
    assert (packets["checksum_good"], packets["checksum_bad"], packets["incomplete"]) == (6_159, 0, 0)
    assert len(packets["by_apid"]) == 24
    assert counts["quarantined"] == {"octets": 0, "reasons": {}}
    assert tgo[1].events == 1626
    assert (tgo[1].unidentified, dict(tgo[1].faults)) == (0, {})
    json.dumps(counts)


def test_the_attitude_in_the_archive_agrees_with_the_ephemeris(tgo: tuple[Archive, Summary]) -> None:
    """Generation times come through the clock kernel, values through the database, both out of the archive."""
    store = tgo[0]
    container = "/TGO/AOCS/hk_0b3_ab"
    named = [name for name in store.parameters() if name.endswith("earth_body_x")]
    assert len(named) == 1
    prefix = named[0].removesuffix("earth_body_x")
    columns = {
        name: store.values(prefix + name)
        for name in [*(f"attitude_{i}" for i in range(4)), *(f"{b}_body_{a}" for b in ("earth", "sun") for a in "xyz")]
    }
    times = columns["earth_body_x"]["generated"]
    assert len(times) == 94, container
    quaternion = np.array(
        [columns[f"attitude_{i}"].filter(pl.col("generated").is_in(times.implode()))["value"].to_numpy() for i in range(4)],
        np.float64,
    ).T
    for body in ("earth", "sun"):
        seen = np.array([columns[f"{body}_body_{axis}"]["value"].to_numpy() for axis in "xyz"], np.float64).T
        assert worst_deg(body.upper(), seen, quaternion, times.to_numpy()) < 0.0005


def test_the_first_sample_has_the_time_of_the_spacecraft(tgo: tuple[Archive, Summary]) -> None:
    first = tgo[0].values("attitude_0").row(0, named=True)
    assert first["utc"].isoformat(timespec="milliseconds")[:-2] == "2023-05-24T18:54:49.8"
    assert first["value"] == pytest.approx(0.1174881, abs=5e-8)


def test_memory_dumps_and_events_are_in_the_archive(tgo: tuple[Archive, Summary]) -> None:
    store = tgo[0]
    dumps = store.values("dump_checksum", raw=True)
    assert len(dumps) == 813
    events = store.events()
    assert len(events) == 1626
    assert events["severity"].unique().to_list() == [1]


def test_the_same_file_again_adds_nothing_and_counts_the_same(tgo: tuple[Archive, Summary]) -> None:
    store, first = tgo
    before = contents(store.path)
    store, again = taken(store.path, shared(TGO), mission="exomars")
    assert again.as_json() == first.as_json()
    after = contents(store.path)
    assert before.keys() == after.keys()
    assert all(before[name].equals(after[name]) for name in before)


@pytest.mark.parametrize("failing", [1, 3, 20, 40])
def test_an_ingest_that_broke_off_is_completed_by_the_same_call(
    tmp_path: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = tmp_path / "part.tm"
    recording.write_bytes(shared(TGO).read_bytes()[: 400 * 1115])
    whole, expected = taken(tmp_path / "whole", recording, 256 << 10, mission="exomars")
    write: Callable[..., bool] = Table.append
    calls = 0

    def break_off(table: Table, rows: pl.DataFrame, writer: str, batch: int) -> bool:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise ArchiveError("no space left on the device", where=table.name)
        return write(table, rows, writer, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Table, "append", break_off)
        with pytest.raises(ArchiveError, match="no space left"):
            taken(tmp_path / "broken", recording, 256 << 10, mission="exomars")
    store, summary = taken(tmp_path / "broken", recording, 256 << 10, mission="exomars")
    assert summary.as_json() == expected.as_json()
    left, right = contents(whole.path), contents(store.path)
    assert left.keys() == right.keys()
    assert all(left[name].equals(right[name]) for name in left)


def test_pieces_of_any_size_give_the_same(tmp_path: Path) -> None:
    recording = tmp_path / "part.tm"
    recording.write_bytes(shared(TGO).read_bytes()[: 300 * 1115])
    made = [taken(tmp_path / str(size), recording, size, mission="exomars") for size in (1 << 20, 170_001, 50_000)]
    ignored = {"batches", "sources", "pyramids"}
    first = contents(made[0][0].path)
    for store, summary in made[1:]:
        assert summary.as_json() == made[0][1].as_json()
        other = contents(store.path)
        for name, table in first.items():
            if Path(name).name not in ignored:
                skip = [c for c in ("octets", "frames_on") if Path(name).name == "packets" and c in table.columns]
                assert table.drop(skip).sort(pl.all()).equals(other[name].drop(skip).sort(pl.all())), name
        assert store.packets()["octets"].equals(made[0][0].packets()["octets"])


@pytest.mark.parametrize("seed", range(4))
def test_damaged_recordings_lose_only_what_is_damaged(tmp_path: Path, seed: int) -> None:
    octets = bytearray(shared(TGO).read_bytes()[: 400 * 1115])
    rng = random.Random(seed)
    hit = sorted(rng.sample(range(400), 12))
    for frame in hit:
        octets[frame * 1115 + rng.randrange(1115)] ^= 1 << rng.randrange(8)
    del octets[-rng.randrange(1, 1115) :]
    (tmp_path / "damaged.tm").write_bytes(octets)
    store, summary = taken(tmp_path / "archive", tmp_path / "damaged.tm", mission="exomars")
    counts = summary.as_json()
    bad = len(set(hit) - {399})
    assert (counts["frames"]["good"], counts["frames"]["bad"]) == (399 - bad, bad)
    assert counts["packets"]["checksum_bad"] == 0
    kept = store.quarantine()
    assert set(kept.filter(pl.col("reason") == "frame error control field")["position"]) == {f * 1115 for f in hit if f != 399}
    assert counts["quarantined"]["octets"] >= bad * 1115


def test_noise_is_quarantined_and_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(random.Random(7).randbytes(40_000))
    store, summary = taken(tmp_path / "archive", tmp_path / "noise.bin", mission="exomars")
    assert summary.as_json()["frames"]["good"] == 0
    assert summary.as_json()["packets"]["total"] == 0
    assert int(store.quarantine()["octets"].bin.size().sum()) == 40_000


def test_an_empty_file_is_an_empty_source(tmp_path: Path) -> None:
    (tmp_path / "empty.bin").write_bytes(b"")
    store, summary = taken(tmp_path / "archive", tmp_path / "empty.bin", mission="exomars")
    assert summary.as_json()["frames"]["read"] == 0
    assert store.sources()["complete"].to_list() == [True]


def test_what_a_growing_file_gets_later_is_another_recording(tmp_path: Path) -> None:
    whole = shared(TGO).read_bytes()
    path = tmp_path / "growing.tm"
    path.write_bytes(whole[: 40 * 1115])
    digest, size = digest_of(path)
    with path.open("ab") as file:
        file.write(whole[40 * 1115 : 60 * 1115])
    assert b"".join(pieces_of(path, 1000, size)) == whole[: 40 * 1115]
    assert digest == hashlib.sha256(whole[: 40 * 1115]).hexdigest()


def test_a_file_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.tm: cannot be read"):
        taken(tmp_path / "archive", tmp_path / "absent.tm", mission="exomars")


def test_two_receptions_of_the_same_signal_give_every_packet_once(tmp_path: Path) -> None:
    octets = shared(TGO).read_bytes()
    (tmp_path / "one.tm").write_bytes(octets[: 250 * 1115])
    (tmp_path / "two.tm").write_bytes(octets[150 * 1115 : 400 * 1115])
    (tmp_path / "all.tm").write_bytes(octets[: 400 * 1115])
    whole, _ = taken(tmp_path / "whole", tmp_path / "all.tm", mission="exomars")
    taken(tmp_path / "merged", tmp_path / "one.tm", mission="exomars")
    merged, _ = taken(tmp_path / "merged", tmp_path / "two.tm", mission="exomars")

    def timed(store: Archive) -> list[bytes]:
        return sorted(store.packets().filter(pl.col("generated").is_not_null())["octets"].to_list())

    held = timed(merged)
    assert len(held) == len(set(held))
    missing = set(timed(whole)) - set(held)
    assert len(missing) <= 1  # the packet that runs over the end of the first and the start of the second


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8", {"mission": "hera"}),
        ("data/telemetry/mars2020/mars2020_frames.u8", {"channel": "cruise", "mission": "mars2020"}),
        ("data/telemetry/emm/emm_frames.u8", {"mission": "emm"}),
        ("data/telemetry/stereo-a/stereo-a_bg2bhc_frames_20220924_1035.raw", {"mission": "stereo-a"}),
        ("data/telemetry/snpp/snpp_synchronized_cadus.dat", {"mission": "snpp"}),
        ("data/telemetry/jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1", {"mission": "jpss"}),
        ("data/telemetry/integral/integral_frames.u8", {"mission": "integral"}),
    ],
)
def test_every_mission_fills_an_archive(tmp_path: Path, path: str, names: dict[str, str]) -> None:
    store, summary = taken(tmp_path / "archive", shared(path), **names)
    counts = summary.as_json()
    held = store.packets()
    assert len(held) == counts["packets"]["total"] - counts["packets"]["idle"] + counts["packets"]["incomplete"]
    for container in store.containers():
        assert container in counts["parameters"]["by_container"]
    assert check(store).whole


def test_the_library_reads_versions_back(tmp_path: Path) -> None:
    taken(tmp_path / "archive", shared("data/telemetry/jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"), mission="jpss")
    archive = aelita.open_archive(tmp_path / "archive")
    (version,) = archive.catalogue.databases()
    assert Library().database(version).containers


def test_open_archive_refuses_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(AelitaError, match="there is no archive here"):
        aelita.open_archive(tmp_path)
