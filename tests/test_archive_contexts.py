"""Calibrations that depend on parameters of other packets mean the same in histories as at ingest."""

import polars as pl
import pytest

from aelita.archive import Archive, check
from aelita.services import Summary, define, ingest_file, open_with_library
from packet_material import space_packet

SECOND = 1_000_000_000
CHANNEL = """name = "c"
spacecraft = "S"
protocol = "packets"
[packets]
secondary_header_octets = 6
[packets.time]
offset = 6
code = "CUC"
epoch = "TAI"
"""
HEADER = {"version": 3, "kind": 1, "secondary": 1, "apid": 11, "flags": 2, "count": 14, "length": 16, "coarse": 32, "fine": 16}


def mdb() -> str:
    """Return a database of two packets: APID 1 holds `mode`, APID 2 holds `value`, whose calibration depends on the mode."""
    sizes = {3, 1, 11, 2, 14, 16, 32}
    types = "".join(
        f'<IntegerParameterType name="u{n}" signed="false"><IntegerDataEncoding sizeInBits="{n}"/></IntegerParameterType>'
        for n in sorted(sizes)
    )
    contexts = "".join(
        f'<ContextCalibrator><ContextMatch><Comparison parameterRef="mode" value="{label}"/></ContextMatch><Calibrator>'
        f'<PolynomialCalibrator><Term coefficient="{factor}" exponent="1"/></PolynomialCalibrator></Calibrator></ContextCalibrator>'
        for label, factor in (("LOW", 10), ("HIGH", 100))
    )
    types += f"""<EnumeratedParameterType name="Mode"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
      <Enumeration value="1" label="LOW"/><Enumeration value="2" label="HIGH"/></EnumerationList></EnumeratedParameterType>
      <FloatParameterType name="Value"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><PolynomialCalibrator>
      <Term coefficient="-1" exponent="1"/></PolynomialCalibrator></DefaultCalibrator><ContextCalibratorList>{contexts}
      </ContextCalibratorList></IntegerDataEncoding></FloatParameterType>"""
    held = {**{name: f"u{n}" for name, n in HEADER.items()}, "mode": "Mode", "value": "Value"}
    parameters = "".join(f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name, kind in held.items())
    entries = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in HEADER)
    containers = f'<SequenceContainer name="Packet" abstract="true"><EntryList>{entries}</EntryList></SequenceContainer>'
    for apid, name in ((1, "mode"), (2, "value")):
        containers += f"""<SequenceContainer name="{name.title()}s"><EntryList><ParameterRefEntry parameterRef="{name}"/></EntryList>
          <BaseContainer containerRef="Packet"><RestrictionCriteria><Comparison parameterRef="apid" value="{apid}"/>
          </RestrictionCriteria></BaseContainer></SequenceContainer>"""
    return f"""<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="S"><TelemetryMetaData>
      <ParameterTypeSet>{types}</ParameterTypeSet><ParameterSet>{parameters}</ParameterSet>
      <ContainerSet>{containers}</ContainerSet></TelemetryMetaData></SpaceSystem>"""


def packet(second: int, apid: int, octet: int, count: int) -> bytes:
    return space_packet(apid, (2_000_000_000 + second).to_bytes(4) + b"\0\0" + bytes([octet]), count)


# second, APID, octet: values before any mode, in LOW, in an unknown mode, in HIGH
PACKETS = [(0, 2, 5), (1, 1, 1), (2, 2, 6), (3, 2, 7), (4, 1, 9), (5, 2, 8), (6, 1, 2), (7, 2, 9), (8, 2, 10)]
VALUES = [-5.0, 60.0, 70.0, -8.0, 900.0, 1000.0]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("contexts")
    (folder / "c.toml").write_text(CHANNEL)
    (folder / "mdb.xml").write_text(mdb())
    (folder / "packets.bin").write_bytes(b"".join(packet(*each, count) for count, each in enumerate(PACKETS)))
    store, library = open_with_library(folder / "archive", create=True)
    ingest_file(
        store, define(library, channel=str(folder / "c.toml"), mdb=[folder / "mdb.xml"]), folder / "packets.bin", Summary()
    )
    return store


def test_values_take_the_calibration_of_the_mode_at_their_time(archive: Archive) -> None:
    assert archive.values("value")["value"].to_list() == VALUES
    start = archive.values("value")["generated"].to_list()[4]
    assert archive.values("value", start)["value"].to_list() == VALUES[4:]
    assert archive.values("value", None, start)["value"].to_list() == VALUES[:4]
    assert archive.values("value", raw=True)["value"].to_list() == [5, 6, 7, 8, 9, 10]


def test_folded_samples_and_latest_values_agree(archive: Archive) -> None:
    folded = archive.samples("value", 1000).filter(pl.col("count") > 0)
    assert folded["mean"].to_list() == VALUES
    latest = archive.latest().filter(pl.col("parameter") == "/S/value")
    assert latest["number"].to_list() == [1000.0]


def test_latest_values_found_again_are_the_same(archive: Archive) -> None:
    known = archive.latest().sort("parameter")
    found = archive._find_latest().sort("parameter")
    assert found.select("parameter", "number", "text").equals(known.select("parameter", "number", "text"))
    assert not check(archive).findings
