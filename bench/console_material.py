"""An archive of any number of samples of one parameter, made by ingesting packets of it, in the place of an agency's archive."""

from pathlib import Path

import numpy as np

from .processes import aelita

PARAMETER, STEP_S, BEGIN_UTC = "/BENCH/value", 1 / 64, "2023-05-24T00:00:00Z"
PIECE = 10_000_000
CHANNEL = """\
name = "zoom"
spacecraft = "tgo"
protocol = "packets"

[packets]
checksum = "none"
pus = "none"
secondary_header_octets = 6

[packets.time]
code = "CUC"
coarse = 4
fine = 2
epoch = "TAI"
offset = 6
"""
DATABASE = """\
<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="BENCH"><TelemetryMetaData>
<ParameterTypeSet>
  <FloatParameterType name="volts"><UnitSet><Unit>V</Unit></UnitSet><FloatDataEncoding sizeInBits="32"/></FloatParameterType>
  <IntegerParameterType name="u5" signed="false"><IntegerDataEncoding sizeInBits="5"/></IntegerParameterType>
  <IntegerParameterType name="u11" signed="false"><IntegerDataEncoding sizeInBits="11"/></IntegerParameterType>
  <IntegerParameterType name="u32" signed="false"><IntegerDataEncoding sizeInBits="32"/></IntegerParameterType>
  <IntegerParameterType name="u48" signed="false"><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>
</ParameterTypeSet>
<ParameterSet>
  <Parameter name="version" parameterTypeRef="u5"/><Parameter name="apid" parameterTypeRef="u11"/>
  <Parameter name="rest" parameterTypeRef="u32"/><Parameter name="time" parameterTypeRef="u48"/>
  <Parameter name="value" parameterTypeRef="volts"/>
</ParameterSet>
<ContainerSet>
  <SequenceContainer name="header"><EntryList>
    <ParameterRefEntry parameterRef="version"/><ParameterRefEntry parameterRef="apid"/>
    <ParameterRefEntry parameterRef="rest"/><ParameterRefEntry parameterRef="time"/>
  </EntryList></SequenceContainer>
  <SequenceContainer name="voltage"><EntryList><ParameterRefEntry parameterRef="value"/></EntryList>
    <BaseContainer containerRef="header">
      <RestrictionCriteria><Comparison parameterRef="apid" value="7"/></RestrictionCriteria>
    </BaseContainer>
  </SequenceContainer>
</ContainerSet>
</TelemetryMetaData></SpaceSystem>
"""
PACKET = np.dtype([("id", ">u2"), ("sequence", ">u2"), ("length", ">u2"), ("coarse", ">u4"), ("fine", ">u2"), ("value", ">f4")])


def packets(first: int, count: int) -> bytes:
    """Return packets of a slow wave with a fast one and noise on it, 64 a second."""
    from aelita.time import tai_ns_from_utc

    numbers = np.arange(first, first + count)
    made = np.zeros(count, PACKET)
    made["id"], made["sequence"], made["length"] = 0x0800 | 7, 0xC000 | (numbers & 0x3FFF), PACKET.itemsize - 7
    since_1958 = tai_ns_from_utc(BEGIN_UTC.removesuffix("Z")) // 10**9 + 4383 * 86_400  # TAI counts here from 1970
    made["coarse"], made["fine"] = since_1958 + numbers // 64, (numbers % 64) << 10
    noise = np.random.default_rng(first).normal(0, 0.05, count)
    made["value"] = np.sin(numbers / 50_000) + 0.1 * np.sin(numbers / 37) + noise
    return made.tobytes()


def filled(folder: Path, count: int) -> Path:
    """Make an installation with so many samples in the archive of ESA; return its folder."""
    from aelita.services.live.agency_streams import server_of
    from aelita.services.live.clock import MissionClock
    from aelita.services.live.installation import AgencyHere, Installation, keep_ports
    from aelita.services.missions import find_mission

    made = Installation(folder / "complex", find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),))
    made.write()
    keep_ports(made)
    server_of(made, "esa", MissionClock().now()).prepare()
    channel, database = folder / "zoom.toml", folder / "zoom.xml"
    channel.write_text(CHANNEL)
    database.write_text(DATABASE)
    for first in range(0, count, PIECE):
        file = folder / f"packets-{first}.bin"
        file.write_bytes(packets(first, min(PIECE, count - first)))
        names = ["--channel", str(channel), "--mdb", str(database), "--archive", str(made.archive("esa"))]
        aelita(["ingest", *names, str(file), "--json"])
        file.unlink()
    return made.folder
