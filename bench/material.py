"""What the measurements work on: the peer harness beside the project, its packets, its frames and its mission database."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("AELITA_SHARED", ROOT.parent / "shared"))
PEERS = SHARED / "peers" / "yamcs"
CHANNEL = """\
# The packets of the benchmark: PUS-C headers with a CUC 4+2 time since the TAI epoch of 1958, CRC at the end.
name = "bench"
spacecraft = "bench"
protocol = "packets"

[packets]
checksum = "crc16"
pus = "C"
counter_octets = 2
destination_octets = 2
secondary_header_octets = 13

[packets.time]
code = "CUC"
coarse = 4
fine = 2
epoch = "TAI"
offset = 13
"""
FRAMES_CHANNEL = (
    CHANNEL.replace('protocol = "packets"\n', 'protocol = "TM"\nspacecraft_id = 0xAB\nframe_octets = 1115\nocf = "absent"\n')
    .replace("[packets]\n", "[[virtual_channels]]\nid = 0\ncarries = \"packets\"\n\n[packets]\n", 1)
)  # fmt: skip


class AbsentError(Exception):
    """Something that a measurement needs is not on this machine."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How to run: the scratch folder, the number of packets (a multiple of 1,000) and how often to repeat."""

    work: Path
    count: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Material:
    """Files of one count of packets, made in the scratch folder, and the instants (UTC) of the first and the last packet."""

    packets: Path
    frames: Path
    channel: Path
    frames_channel: Path
    database: Path
    first_unix_ms: int
    step_ms: int


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment for running the peer's scripts: our interpreter first, nothing written beside the scripts."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"} | more


def prepare(setting: Setting) -> Material:
    """Make the packets, frames, database and channels of this count, or use those made before. Raises AbsentError."""
    if not (PEERS / "gen_packets.py").is_file():
        raise AbsentError("the peer harness is not beside the project (../shared/peers/yamcs, or AELITA_SHARED)")
    folder = setting.work / f"material-{setting.count}"
    folder.mkdir(parents=True, exist_ok=True)
    packets, frames, database = folder / "packets.bin", folder / "frames.bin", folder / "bench.xml"
    channel, frames_channel = folder / "bench.toml", folder / "bench-frames.toml"
    for path, options in ((packets, []), (frames, ["--frames"])):
        if not path.with_name(path.name + ".json").is_file():  # the manifest is written last
            _peer("gen_packets.py", str(path), "--count", str(setting.count), *options)
    if not database.is_file():
        _peer("make_mdb.py", str(database))
    channel.write_text(CHANNEL)
    frames_channel.write_text(FRAMES_CHANNEL)
    manifest = json.loads(packets.with_name("packets.bin.json").read_text())
    return Material(packets, frames, channel, frames_channel, database, manifest["first_unix_ms"], manifest["step_ms"])


def _peer(script: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, str(PEERS / script), *arguments], env=clean_environment(), stdout=subprocess.DEVNULL, check=True
    )
