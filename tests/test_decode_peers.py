"""Real packets and documents that others made, decoded to what space-packet-parser and ccsdspy read."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest

from aelita.mdb import compile_database
from aelita.mdb.load import load_database
from aelita.services.missions import find_mission
from aelita.telemetry import Decoder
from bench_database import Batch, batch_of
from plain_frames import EUCLID, HERA, TGO, Layout, apid, packets
from shared import shared
from xtce_peer import compare

JPSS = "data/telemetry/jpss"
IDLE = 0x7FF


def jpss_packets() -> list[bytes]:
    octets = shared(f"{JPSS}/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1").read_bytes()
    found = []
    while octets:
        size = 7 + int.from_bytes(octets[4:6])
        found.append(octets[:size])
        octets = octets[size:]
    assert len(found) == 7200
    return found


def database_file(mission: str) -> Path:
    return find_mission(mission).spacecraft_of().databases[0]


@pytest.mark.parametrize("path", ["jpss1_geolocation_xtce_v1.xml", "jpss"])
def test_all_jpss_packets_against_space_packet_parser(path: str) -> None:
    file = shared(f"{JPSS}/{path}") if path.endswith(".xml") else database_file(path)
    assert compare(file, jpss_packets(), "CCSDSPacket")[1] == 7200 * 27


@pytest.mark.parametrize("ours", [False, True])
def test_all_jpss_packets_against_ccsdspy(ours: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ccsdspy

        layout = ccsdspy.FixedLength.from_file(str(shared(f"{JPSS}/ccsdspy_jpss1_geolocation.csv")))
        theirs = layout.load(str(shared(f"{JPSS}/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1")))
    file = database_file("jpss") if ours else shared(f"{JPSS}/jpss1_geolocation_xtce_v1.xml")
    (rows,) = Decoder(load_database(file)).decode(batch_of(jpss_packets()))
    columns = list(rows.raw.items())[7:]  # after the primary header
    headers = compile_database(load_database(file)).layout(rows.container).headers(8)  # day, ms, us
    assert list(rows.raw)[:10] == sorted(headers, key=list(rows.raw).index)
    assert rows.samples(headers) == 7200 * 17
    assert len(columns) == len(theirs) == 20
    for (name, column), (their_name, values) in zip(columns, theirs.items(), strict=True):
        assert ours or name.endswith(f"/{their_name}")
        assert column.valid is None
        np.testing.assert_array_equal(column.values, values)


@pytest.mark.parametrize(
    "name", ["test_xtce", "test_xtce_default_namespace", "test_xtce_no_namespace", "contrived_inheritance_structure"]
)
@pytest.mark.filterwarnings("ignore:No XTCE namespace")
def test_documents_of_space_packet_parser(name: str) -> None:
    known = jpss_packets()[:200]
    rng = np.random.default_rng(7)
    noise = [p[:6] + rng.bytes(len(p) - 6) for p in known]
    unknown = [b"\x08\x0c" + p[2:] for p in known[:3]] + [b"\x18\x0b" + p[2:] for p in known[:3]]  # another APID, a telecommand
    assert compare(shared(f"{JPSS}/{name}.xml"), [*known, *unknown, *noise], "CCSDSPacket")[1] == 400 * 27


def test_udp_packets() -> None:
    sent = [struct.pack(">HHHH", i, 3 * i, 8 + i % 50, 7) + bytes(range(i % 50)) for i in range(300)]
    assert compare(shared(f"{JPSS}/udp_packet.xml"), sent, "UDPPacket")[1] == 300 * 5


@pytest.mark.parametrize(
    ("mission", "path", "layout", "count", "values"),
    [
        ("exomars", "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", TGO, 6215, 100_000),
        ("hera", "data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8", HERA, 256, 4_000),
        ("euclid", "data/telemetry/euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8", EUCLID, 2041, 30_000),
    ],
)
def test_recordings(mission: str, path: str, layout: Layout, count: int, values: int) -> None:
    found = [p for p in packets(shared(path), layout) if apid(p) != IDLE]
    assert len(found) == count
    assert compare(database_file(mission), found, "CCSDSPacket")[1] > values


def test_four_octet_headers_are_read_where_packets_begin_anywhere() -> None:
    """The same values from packets that lie at odd bits of the buffer are the task of test_interpret; here: at odd octets."""
    known = jpss_packets()[:50]
    buffer = b"\xaa\xbb\xcc".join(known)
    lengths = np.array([len(p) for p in known], np.int64)
    offsets = np.arange(50) * (lengths[0] + 3)
    database = load_database(database_file("jpss"))
    (odd,) = Decoder(database).decode(Batch(np.frombuffer(buffer, np.uint8), offsets, lengths))
    (even,) = Decoder(database).decode(batch_of(known))
    for name, column in even.raw.items():
        np.testing.assert_array_equal(column.values, odd.raw[name].values)
