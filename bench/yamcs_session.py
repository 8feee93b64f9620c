"""One session of a real Yamcs, run by `yamcs.measure` in a network of its own: ingest, disk, queries, with the peer's harness.

python -m bench.yamcs_session FOLDER COUNT RESULT.json     (PYTHONPATH: the project, the jars' package, the harness)
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ingest  # type: ignore[import-not-found]  # the harness's modules, from ../shared/peers/yamcs
import model  # type: ignore[import-not-found]
import queries  # type: ignore[import-not-found]
import run_bench  # type: ignore[import-not-found]
from server import Server  # type: ignore[import-not-found]
from times import at  # type: ignore[import-not-found]

PARAMETER = "/bench/EPS/u16_00"


def main() -> None:
    folder, count, result = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    bench = run_bench.Bench(argparse.Namespace(work=folder, count=count, results=folder / "stages.json"))
    run_bench.g.write(str(bench.packets), count, False)
    machine, ingested, disk = bench.machine(), bench.ingest(), bench.disk()
    bench.packets.unlink()
    check(ingested, count)
    with Server(folder / "main", fresh=False) as server:
        asked = ask(server, count)
    result.write_text(json.dumps(figures(machine, ingested, disk, asked, count)))


def check(ingested: dict[str, Any], count: int) -> None:
    """A figure counts only when nothing was lost."""
    held, samples = ingested["verify"]["packets_in_histogram"], ingested["verify"]["u32_00_samples_in_parameter_archive"]
    if held != count or set(samples.values()) != {count // len(model.APIDS)}:
        raise SystemExit(f"Yamcs holds {held} of {count} packets, samples {samples}")


def ask(server: Server, count: int) -> dict[str, Any]:
    """Time the queries that the table compares. The whole archive is held; the processor got one packet of each APID again."""
    client = ingest.client()
    queries.prime(count)
    traffic = queries.Bytes(client)
    processor, archive = client.get_processor("bench", "realtime"), client.get_archive("bench")
    names = [parameter.qualified for parameter in model.ALL]
    whole = {"start": at(-10), "stop": at(count + 10)}
    tenth = {"start": at(int(count * 0.45)), "stop": at(int(count * 0.55))}

    def paged(size: int) -> int:
        return sum(1 for _ in archive.list_parameter_values(PARAMETER, page_size=size, **tenth))

    def sampled(span: dict[str, Any]) -> int:
        return sum(x.parameter_count or 0 for x in archive.downsample_mean(PARAMETER, sample_count=500, **span))

    def latest() -> int:
        return sum(value is not None for value in processor.get_parameter_values(names))

    asked: dict[str, tuple[Callable[[], int], int]] = {
        "range_10pct_paged_500": (lambda: paged(500), 5),
        "range_10pct_paged_1000": (lambda: paged(1000), 5),
        "sample_500_10pct": (lambda: sampled(tenth), 9),
        "sample_500_whole_range": (lambda: sampled(whole), 9),
        "latest_200": (latest, 20),
    }
    return {name: timed(server, traffic, name, call, repeat) for name, (call, repeat) in asked.items()}


def timed(server: Server, traffic: Any, name: str, call: Callable[[], int], repeat: int) -> dict[str, Any]:
    for _ in range(3):  # under load a decimated query may answer 500; asking again works
        try:
            return queries.timed(server, traffic, name, call, repeat)
        except Exception as error:
            print(f"{name}: {error}; once more", flush=True)
    raise SystemExit(f"{name} failed three times")


def figures(machine: Any, ingested: Any, disk: Any, asked: Any, count: int) -> dict[str, Any]:
    file = ingested["file"]
    return {
        "count": count,
        "machine": machine,
        "packets_per_cpu_s_median": file["summary"]["packets_per_cpu_s"],
        "packets_per_s_median": file["summary"]["packets_per_s"],
        "packets_per_cpu_s_whole": count / file["use"]["yamcs_cpu_s"],
        "blocks_packets_per_cpu_s": [block["packets_per_cpu_s"] for block in file["blocks"]],
        "peak_rss_mib": file["rss_mib_peak"],
        "others_cpu_s": file["use"]["others_cpu_s"],
        "octets_per_packet_running": ingested["disk_running"]["total"] / count,
        "octets_per_packet_stopped": ingested["bytes_per_packet"],
        "octets_per_packet_compacted": disk["all_bytes_per_packet"],
        "queries_ms": {name: answer["ms_median"] for name, answer in asked.items()},
        "queries": asked,
    }


if __name__ == "__main__":
    main()
