"""Three real recordings of three spacecraft through two stations to two agencies at once: each archive is as an ingest of them."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from aelita.archive import Archive, check, open_archive
from aelita.errors import TimeError, UsageError
from aelita.link import INCOMPLETE
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live import Installation, asked, begin, metrics_of
from aelita.services.live.agency_streams import address_of
from aelita.services.live.clock import starting_at
from aelita.services.live.geometry import Geometry, elevation_deg
from aelita.services.live.installation import FILE, read_installation
from aelita.services.live.running import programs_of
from aelita.services.live.serving import running
from aelita.services.live.setting_up import Wishes, new_installation
from aelita.services.live.space import arrival
from aelita.services.live.streams import Streams
from aelita.services.missions import package_missions
from aelita.time import DAY, SECOND, tai_ns_from_utc
from fleet_material import RECORDINGS
from live_complex import PATIENCE_S, rows, until
from shared import shared

SPEED = 50.0
EPOCH = tai_ns_from_utc("2023-05-24T18:54:50")
TGO_FRAMES, FRAME_OCTETS = 1000, 1115
COUNTS = {"tgo": (TGO_FRAMES, 0), "hera": (56, 0), "mars2020": (946, 4)}  # good and bad frames of the recordings
WHOLE = pl.col("quality") & INCOMPLETE == 0  # a recording ends in the middle of a packet; a stream has no end
STATIONS = ("malargue", "kalyazin")


def recordings(folder: Path) -> tuple[tuple[str, Path], ...]:
    """Return the recordings, of TGO the first frames: it sends the longest."""
    part = folder / "tgo.tm"
    part.write_bytes(shared(RECORDINGS["tgo"][1]).read_bytes()[: TGO_FRAMES * FRAME_OCTETS])
    return tuple((craft, part if craft == "tgo" else shared(path)) for craft, (_, path) in RECORDINGS.items())


@contextlib.contextmanager
def running_fleet(folder: Path) -> Iterator[Installation]:
    """Run `aelita run`; when all services are at work the three recordings begin. It is ended as Ctrl-C does."""
    wishes = Wishes("fleet", recordings=recordings(folder), stations=STATIONS, speed=SPEED)
    made = put_off(new_installation(folder / "complex", wishes), 365 * DAY)
    made.write()
    began = time.monotonic()
    clock = starting_at(EPOCH, SPEED)
    clock.write(made.folder)
    with (folder / "run.log").open("ab") as said:
        program = (sys.executable, "-c", "from aelita.cli import main; main()", "--data", str(folder), "run", "--no-watch")
        process = subprocess.Popen(program, stdout=said, stderr=said, start_new_session=True)
    try:
        until("all services are at work", lambda: at_work(made))
        lead_s = 3.0 + (time.monotonic() - began) / 2  # a busy machine takes longer to start one service, too
        shift = clock.now() + round(lead_s * SPEED * SECOND) - max(play.emitted for play in made.plays)
        (made.folder / FILE).write_text(put_off(made, shift).as_toml())
        [space] = [one for one in running(made.folder) if one["service"] == "space"]
        os.kill(int(space["pid"]), signal.SIGTERM)  # it comes back, and reads that the recordings begin now
        yield made
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    except BaseException:
        print((folder / "run.log").read_text()[-3000:])
        print(*(path.read_text()[-800:] for path in sorted((folder / "complex" / "logs").glob("*.log"))), sep="\n")
        raise
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)


def put_off(made: Installation, later: int) -> Installation:
    """Return an installation whose recordings begin so many nanoseconds later, and a while after."""
    return replace(
        made, plays=tuple(replace(play, emitted=play.emitted + later + 5 * round(SPEED) * SECOND) for play in made.plays)
    )


def at_work(made: Installation) -> bool:
    """Say whether all services are at work."""
    found = [one for one in asked(made.folder) if one["service"] != "supervisor"]
    return len(found) == len(programs_of(made)) and all(one["status"] in ("well", "faulty") for one in found)


def total(made: Installation, agency: str, service: str, name: str, craft: str) -> int:
    """Return a number that a service counts for a spacecraft."""
    found = metrics_of(made.folder).get((agency, service), {})
    return sum(round(value) for key, value in found.items() if key.startswith(f"{name}{{") and f'spacecraft="{craft}"' in key)


def merged(made: Installation) -> bool:
    """Say whether both agencies have merged all frames, good and bad."""
    for agency in made.agencies:
        for craft, (good, bad) in COUNTS.items():
            frames = total(made, agency.key, "processor", "aelita_frames_merged_total", craft)
            unusable = total(made, agency.key, "processor", "aelita_frames_unusable_total", craft)
            assert frames <= good and unusable <= bad, (agency.key, craft, frames, unusable)
            if (frames, unusable) != (good, bad):
                return False
    return True


async def taken(made: Installation) -> bool:
    """Say whether the archivers have taken all that is on the merged streams."""
    for agency in made.agencies:
        async with await Streams.connect(address_of(made, agency.key, "reader"), name="looking") as streams:
            for craft in COUNTS:
                last = await streams.last(f"{agency.key}.merged.{craft}", "MERGED")
                if last is None or total(made, agency.key, "archiver", "aelita_archive_taken", craft) != last.sequence:
                    return False
    return True


def source_of(archive: Archive, name: str) -> int:
    """Return the number of the source of a name."""
    return int(archive.sources().filter(pl.col("name").str.contains(name, literal=True))["source"].item())


def assert_as_ingested(archive: Archive, agency: str, whole: Archive) -> None:
    """Assert that frames, packets, values and quarantine of each spacecraft are those of an ingest of its recording."""
    keys = ["virtual_channel", "apid", "sequence_count", "generated", "ticks", "octets"]
    for craft, (good, bad) in COUNTS.items():
        ours, theirs = source_of(archive, f"{agency}.merged.{craft}"), source_of(whole, Path(RECORDINGS[craft][1]).name)
        pairs = [(archive, ours), (whole, theirs)]
        frames = [a.frames(source=n, octets=True).filter(pl.col("reason") == 0).sort("number")["octets"] for a, n in pairs]
        assert frames[0].equals(frames[1]), (agency, craft, frames[0].len(), frames[1].len())
        assert frames[0].len() == good
        packets = [a.packets(source=n).filter(WHOLE).select(keys).sort(keys) for a, n in pairs]
        assert packets[0].equals(packets[1]), (agency, craft, packets[0].height, packets[1].height)
        refused = [
            a.quarantine(n).filter(pl.col("reason").str.starts_with("frame")).select("reason", "octets").sort("octets")
            for a, n in pairs
        ]
        assert refused[0].equals(refused[1]) and refused[0].height == bad, (agency, craft, refused)
    assert rows(archive) == rows(whole)
    assert check(archive).findings == ()


def test_three_spacecraft_to_two_agencies(tmp_path: Path) -> None:
    with running_fleet(tmp_path) as made:
        until("all frames are merged", lambda: merged(made))
        until("all frames are archived", lambda: asyncio.run(taken(made)))
    whole = open_archive(tmp_path / "whole", create=True)
    for craft, path in recordings(tmp_path):
        named = path if craft != "tgo" else path.rename(tmp_path / Path(RECORDINGS[craft][1]).name)
        ingest_file(whole, define(Library(), mission="fleet", channel=RECORDINGS[craft][0]), named, Summary())
    for agency in made.agencies:
        assert_as_ingested(open_archive(made.archive(agency.key)), agency.key, whole)


def test_recordings_begin_to_arrive_together(tmp_path: Path) -> None:
    wishes = Wishes("fleet", recordings=recordings(tmp_path), stations=STATIONS)
    made = new_installation(tmp_path / "complex", wishes)
    assert made.spacecraft == ("tgo", "hera", "mars2020")
    light = Geometry(made.mission).light_time
    heard = [arrival(light, "malargue", play.spacecraft, play.emitted) for play in made.plays]
    assert max(heard) - min(heard) < 1000  # nanoseconds; light takes 969 s from TGO, and 21 ms from what is near the Earth
    made.write()
    assert read_installation(made.folder) == replace(made, plays=read_installation(made.folder).plays)
    craft = made.mission.craft("hera")
    assert elevation_deg(made.mission.organisation.stations["malargue"], craft, heard[0]) is None


def test_spacecraft_that_are_not_followed_or_known(tmp_path: Path) -> None:
    mission, ((_, path), *_) = "fleet", recordings(tmp_path)
    with pytest.raises(UsageError, match="'hera' is not followed"):
        new_installation(tmp_path, Wishes(mission, spacecraft=("tgo",), recordings=(("hera", path),)))
    with pytest.raises(UsageError, match="no spacecraft 'luna'"):
        new_installation(tmp_path, Wishes(mission, recordings=(("luna", path),)))


def test_no_light_time_is_invented(tmp_path: Path) -> None:
    """Without an orbit, and without a body that stands in, nothing is begun, with recordings or without."""
    folder, text = tmp_path / "mission", (package_missions() / "fleet" / "mission.toml").read_text()
    folder.mkdir()
    text = text.replace('near = "EARTH"\nnear_km = 75000\n', "").replace('"../', f'"{package_missions()}/')
    (folder / "mission.toml").write_text(text)
    hera = (("hera", shared(RECORDINGS["hera"][1])),)
    for played in (hera, ()):
        with pytest.raises(TimeError, match="no kernel holds the position of -91"):
            begin(tmp_path / "complex", mission=str(folder), spacecraft=("hera",), recordings=played, stations=STATIONS)
