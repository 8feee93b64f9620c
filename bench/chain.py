"""The whole chain: `aelita ingest` of the packets, then questions to the archive, beside one session of a real Yamcs."""

import json
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from . import yamcs
from .material import AbsentError, Material, Setting, prepare
from .processes import FailedError, Used, aelita, octets_below
from .table import Row, absent, cost, rate

PARAMETER = "/bench/EPS/u16_00"
APIDS = 10


def ingest(material: Material, packets: Path, archive: Path, cache: Path | None = None) -> tuple[Used, dict[str, Any]]:
    """Ingest one file of packets as a user would, and return what it used and its summary."""
    names = ["--channel", str(material.channel), "--mdb", str(material.database), "--archive", str(archive)]
    used, said = aelita(["ingest", *names, str(packets), "--json"], cache)
    return used, json.loads(said)


def beginning(material: Material, count: int, folder: Path) -> Path:
    """Return a file with the first `count` packets, a multiple of 10; ten packets in a row have always the same length."""
    with material.packets.open("rb") as file:
        cycle = file.seek(0, 2) * APIDS // json.loads(material.packets.with_name("packets.bin.json").read_text())["packets"]
        file.seek(0)
        made = folder / f"first-{count}.bin"
        made.write_bytes(file.read(cycle * count // APIDS))
    return made


def measure_start(material: Material, folder: Path, repeat: int) -> dict[str, Any]:
    """Time the first ingest of 10,000 packets with nothing compiled yet, then later starts."""
    cache, few = folder / "cache", beginning(material, 10_000, folder)
    first, _ = ingest(material, few, folder / "first", cache)
    ten = beginning(material, 10, folder)
    tiny = [ingest(material, ten, folder / f"tiny-{i}", cache)[0].wall_s for i in range(repeat)]
    version = [aelita(["--version"], cache)[0].wall_s for _ in range(repeat)]
    return {"first": asdict(first), "tiny_wall_s": tiny, "version_wall_s": version}


def measure_ingest(material: Material, folder: Path, count: int, repeat: int) -> dict[str, Any]:
    """Ingest all packets `repeat` times into new archives; the last one stays for the queries. Check that nothing is lost."""
    runs = []
    for _ in range(repeat):
        shutil.rmtree(folder / "archive", ignore_errors=True)
        used, summary = ingest(material, material.packets, folder / "archive")
        packets = summary["packets"]
        if (packets["total"], packets["checksum_good"], packets["checksum_bad"]) != (count, count, 0):
            raise FailedError(f"aelita counts {packets} of {count} packets")
        runs.append(asdict(used))
    return {"runs": runs, "summary": summary, "octets": octets_below(folder / "archive")}


def instant(material: Material, packet: int) -> str:
    """Return the UTC of a packet's generation as ISO text."""
    instant = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=material.first_unix_ms + packet * material.step_ms)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def measure_queries(material: Material, archive_folder: Path, count: int, repeat: int) -> dict[str, Any]:
    """Ask the archive through Python, in this process, what Yamcs is asked through its client."""
    import aelita

    if not hasattr(aelita, "open_archive"):
        raise AbsentError("aelita.open_archive is not there yet")
    archive = aelita.open_archive(archive_folder)
    tenth = {"start": instant(material, int(count * 0.45)), "stop": instant(material, int(count * 0.55))}
    questions: dict[str, Callable[[], int]] = {
        "range_10pct": lambda: len(archive.values(PARAMETER, **tenth)),
        "sample_500_10pct": lambda: len(archive.samples(PARAMETER, 500, **tenth)),
        "sample_500_whole_range": lambda: len(archive.samples(PARAMETER, 500)),
        "latest": lambda: len(archive.latest()),
    }
    return {name: timed(question, 3 * repeat) for name, question in questions.items()}


def timed(question: Callable[[], int], repeat: int) -> dict[str, Any]:
    """Return milliseconds of wall of each repetition, and how many values came."""
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        answer = question()
        spent.append(1000 * (time.perf_counter() - start))
    return {"ms": spent, "median_ms": statistics.median(spent), "result": answer}


def rows(setting: Setting) -> list[Row]:
    """Run Yamcs and Aelita one after another on the same packets and return all their rows."""
    peer: dict[str, Any] | None = None
    made: list[Row] = []
    try:
        peer = yamcs.measure(setting)
    except AbsentError as reason:
        made.append(absent("Yamcs", str(reason)))
    try:
        material = prepare(setting)
    except AbsentError as reason:
        return [*made, absent("the chain", str(reason))]
    folder = setting.work / f"chain-{setting.count}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    count, repeat = setting.count, setting.repeat
    parts: list[tuple[str, Callable[[], dict[str, Any]], Callable[[dict[str, Any] | None], list[Row]]]] = [
        ("start", lambda: measure_start(material, folder, repeat), start_rows),
        ("ingest", lambda: measure_ingest(material, folder, count, repeat), lambda ours: ingest_rows(ours, peer, count)),
        ("queries", lambda: measure_queries(material, folder / "archive", count, repeat), lambda ours: query_rows(ours, peer)),
    ]
    for name, measure, tell in parts:
        ours = None
        try:
            ours = measure()
        except (AbsentError, FailedError) as reason:
            made.append(absent(name, str(reason)))
        made += tell(ours)  # the peer's figures stand even when ours are absent
    shutil.rmtree(folder)
    return made


def start_rows(ours: dict[str, Any] | None) -> list[Row]:
    """Rows of the first start and of later ones."""
    tiny = statistics.median(ours["tiny_wall_s"]) if ours else None
    version = statistics.median(ours["version_wall_s"]) if ours else None
    return [
        cost("first ingest, nothing compiled", ours["first"]["wall_s"] if ours else None, None, "s", "<= 20", raw=ours),
        cost("ingest of 10 packets later", tiny, None, "s", "<= 1.5"),
        cost("aelita --version", version, None, "s", "<= 1.5"),
    ]


def ingest_rows(ours: dict[str, Any] | None, peer: dict[str, Any] | None, count: int) -> list[Row]:
    """Rows of the ingest. The peer's warm rate is the median of its blocks after the first; its start is never counted."""
    theirs, cpu, wall, peak, octets = peer or {}, None, None, None, None
    if ours:
        cpu = count / statistics.median(run["cpu_s"] for run in ours["runs"])
        wall = count / statistics.median(run["wall_s"] for run in ours["runs"])
        peak, octets = max(run["peak_mib"] for run in ours["runs"]), ours["octets"] / count
    return [
        rate("whole chain, peer warm", cpu, theirs.get("packets_per_cpu_s_median"), "packets per CPU s", 20.0, raw=[ours, peer]),
        rate("whole chain, peer's whole run", cpu, theirs.get("packets_per_cpu_s_whole"), "packets per CPU s"),
        rate("whole chain, wall", wall, theirs.get("packets_per_s_median"), "packets per s"),
        cost("disk after ingest", octets, theirs.get("octets_per_packet_running"), "octets per packet", "<= 75"),
        cost("disk, peer compacted", octets, theirs.get("octets_per_packet_compacted"), "octets per packet"),
        cost("peak memory of ingest", peak, theirs.get("peak_rss_mib"), "MiB", "<= 700"),
    ]


def query_rows(ours: dict[str, Any] | None, peer: dict[str, Any] | None) -> list[Row]:
    """Rows of the questions: medians of wall time. The peer pages by 1,000 values, the most it allows."""
    theirs = (peer or {}).get("queries_ms", {})
    pairs: list[tuple[str, str, str, float | str | None]] = [
        ("10 % range of one parameter", "range_10pct", "range_10pct_paged_1000", 20.0),
        ("500 samples of 10 %", "sample_500_10pct", "sample_500_10pct", 10.0),
        ("500 samples of the whole range", "sample_500_whole_range", "sample_500_whole_range", 10.0),
        ("latest values of all parameters", "latest", "latest_200", "<= 5"),
    ]
    return [
        cost(name, ours[mine]["median_ms"] if ours else None, theirs.get(yours), "ms", target, raw=ours and ours[mine])
        for name, mine, yours, target in pairs
    ]
